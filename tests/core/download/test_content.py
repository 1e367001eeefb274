"""What is a disc image, by its bytes alone."""

from pathlib import Path

import pytest

from tests.iso_server import SECTOR, make_iso
from vmdesk.core.download import content
from vmdesk.core.job import Cause, OperationError

ISO = make_iso(40 * SECTOR)


def test_every_kind_of_disc_image_is_known() -> None:
    udf = bytes(16 * SECTOR) + b"\0BEA01\1" + bytes(SECTOR) + b"\0NSR02\1"
    boot_sector = bytes(510) + b"\x55\xaa"
    assert all(content.is_disc(head) for head in (ISO, udf, boot_sector))


def test_the_head_of_a_file_is_enough_to_know_it(tmp_path: Path) -> None:
    path = tmp_path / "disc"
    path.write_bytes(ISO)
    head = content.head_of(path)
    assert len(head) == content.HEAD_SIZE < len(ISO)
    assert content.is_disc(head)


@pytest.mark.parametrize(
    ("head", "words"),
    [
        (b"", "empty"),
        (b"\n <!DOCTYPE html><title>Download</title>", "web page"),
        (b"\xef\xbb\xbf<html>", "web page"),
        (b"\x1f\x8b\x08", "compressed"),
        (b"\xfd7zXZ\0", "compressed"),
        (ISO[: 16 * SECTOR], "not a disc image"),
        (b"QFI\xfb" + bytes(70_000), "not a disc image"),
    ],
)
def test_anything_else_is_refused_for_what_it_is(head: bytes, words: str) -> None:
    with pytest.raises(OperationError, match=words) as error:
        content.require_disc(head, "disc.iso")
    assert error.value.hint
    assert error.value.cause is Cause.BAD_INPUT


def test_an_iso_that_misses_its_end_is_refused() -> None:
    whole = make_iso(1000 * SECTOR)
    content.require_whole(whole, len(whole), "disc.iso")
    content.require_whole(whole, len(whole) - 150 * SECTOR, "disc.iso")
    with pytest.raises(OperationError, match="incomplete"):
        content.require_whole(whole, len(whole) - 151 * SECTOR, "disc.iso")


def test_only_an_iso_9660_volume_says_how_long_it_is() -> None:
    udf = bytes(16 * SECTOR) + b"\0BEA01\1" + b"\xff" * SECTOR
    content.require_whole(udf, len(udf), "disc.iso")
