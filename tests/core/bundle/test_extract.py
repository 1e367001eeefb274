"""Members that nobody has to hash: copied by the kernel, or looked through for zeros."""

import os
import subprocess
from pathlib import Path

import pytest

from vmdesk.core import sparse
from vmdesk.core.bundle import extract, reader
from vmdesk.core.formatting import MIB
from vmdesk.core.job import Cause, Job, OperationError

ZEROS = 8 * MIB
CONTENT = b"a" * MIB + bytes(ZEROS) + b"b" * (MIB + 17)


@pytest.fixture(autouse=True)
def no_blocks_are_shared(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on ext4, wherever the tests are."""
    monkeypatch.setattr(sparse, "can_share", lambda _source, _target: False)


def packed(folder: Path, *options: str) -> Path:
    """Have a plain archive of a disk with a hole."""
    with (folder / "web.qcow2").open("wb") as disk:
        disk.write(CONTENT[:MIB])
        disk.seek(ZEROS, 1)
        disk.write(CONTENT[MIB + ZEROS :])
    archive = folder / "web.tar"
    subprocess.run(["tar", *options, "-cf", archive, "-C", folder, "web.qcow2"], check=True)
    return archive


def unpacked(archive_path: Path, target: Path, *, is_dense: bool) -> list[int]:
    """Unpack the disk; return how far the archive was read each time that this was told."""
    told: list[int] = []
    read: list[int] = []
    with reader.opening(archive_path, Job()) as archive:

        def tell(count: int) -> None:
            told.append(count)
            read.append(archive.consumed)

        member = next(iter(reader.members(archive)))
        with target.open("x+b") as file:
            digest = extract.unpack(archive, member, file.fileno(), False, is_dense, tell)
        assert digest is None
        assert sum(told) == sum(extent.length for extent in member.layout)
    return read


@pytest.mark.parametrize("is_dense", [True, False])
@pytest.mark.parametrize("options", [(), ("--format=posix", "-S")], ids=["whole", "sparse"])
def test_a_disk_comes_out_as_it_went_in(
    tmp_path: Path, options: tuple[str, ...], is_dense: bool
) -> None:
    archive = packed(tmp_path, *options)
    assert (archive.stat().st_size < ZEROS) == bool(options)
    unpacked(archive, tmp_path / "out", is_dense=is_dense)
    assert (tmp_path / "out").read_bytes() == CONTENT


def test_zeros_take_no_room_unless_there_are_said_to_be_none(tmp_path: Path) -> None:
    archive = packed(tmp_path)
    for is_dense in (True, False):
        target = tmp_path / str(is_dense)
        unpacked(archive, target, is_dense=is_dense)
        assert (target.stat().st_blocks * 512 < ZEROS) == (not is_dense)


@pytest.mark.parametrize("is_dense", [True, False])
def test_it_tells_how_far_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_dense: bool
) -> None:
    monkeypatch.setattr(sparse, "KERNEL_CHUNK", MIB)
    read = unpacked(packed(tmp_path), tmp_path / "out", is_dense=is_dense)
    assert len(set(read)) >= len(CONTENT) // MIB
    assert read == sorted(read)


@pytest.mark.parametrize("options", [(), ("--format=posix", "-S")], ids=["whole", "sparse"])
def test_an_archive_that_shrinks_while_it_is_copied_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    monkeypatch.setattr(sparse, "KERNEL_CHUNK", MIB // 2)
    path = packed(tmp_path, *options)

    def cut(_count: int) -> None:
        os.truncate(path, 4096)

    with (tmp_path / "out").open("x+b") as target, reader.opening(path, Job()) as archive:
        member = next(iter(reader.members(archive)))
        with pytest.raises(OperationError, match="is damaged") as caught:
            extract.unpack(archive, member, target.fileno(), False, True, cut)
    assert caught.value.details == "its file became shorter"
    assert caught.value.cause is Cause.BAD_INPUT
