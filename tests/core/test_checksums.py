"""Checksums as users type them, as servers list them, and of files."""

import hashlib
from pathlib import Path

import pytest

from vmdesk.core import checksums
from vmdesk.core.job import Cancelled, Cause, Job, OperationError, Progress

ONE, TWO = "1a" * 32, "2b" * 32


@pytest.mark.parametrize("text", [ONE, f"  {ONE.upper()}\n", f"sha256:{ONE}", f"SHA256: {ONE}"])
def test_a_typed_checksum_is_brought_into_one_form(text: str) -> None:
    assert checksums.normalised(text) == ONE


@pytest.mark.parametrize("text", ["", "abc", ONE[:-1], ONE + "0", "x" * 64, "1a" * 64])
def test_what_is_no_sha256_is_refused(text: str) -> None:
    with pytest.raises(OperationError, match="not a SHA-256") as error:
        checksums.normalised(text)
    assert error.value.cause is Cause.INVALID_VALUE


@pytest.mark.parametrize(
    "text",
    [
        f"{TWO}  other.iso\n{ONE}  disc.iso\n",
        f"{ONE} *disc.iso\r\n{TWO} *other.iso\r\n",
        f"{ONE.upper()}  ./disc.iso",
        f"{ONE}  current/amd64/disc.iso",
        f"{TWO}  old/disc.iso\n{ONE}  disc.iso",
        f"{ONE}  a/disc.iso\n{ONE}  b/disc.iso",
        f"SHA256 (disc.iso) = {ONE}\nSHA512 (disc.iso) = {TWO * 2}",
        f"-----BEGIN PGP SIGNED MESSAGE-----\n# disc.iso: 5 bytes\nSHA256 (disc.iso) = {ONE}\n",
        f"{'3c' * 64}  disc.iso\n{ONE}  disc.iso",
    ],
)
def test_the_sum_of_a_file_is_found_in_a_list(text: str) -> None:
    assert checksums.in_list(text, "disc.iso") == ONE


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ONE}  another-disc.iso",
        f"{ONE}  disc.iso.torrent",
        f"{ONE}  a/disc.iso\n{TWO}  b/disc.iso",
        f"{ONE}  disc.iso\n{TWO}  disc.iso",
        f"MD5 (disc.iso) = {ONE}",
        f"<html><body>{ONE}  disc.iso</body></html>",
        ONE,
    ],
)
def test_a_list_without_a_clear_sum_for_the_file_gives_none(text: str) -> None:
    assert checksums.in_list(text, "disc.iso") is None


def test_a_file_that_is_nothing_but_a_sum_gives_it() -> None:
    assert checksums.alone(f"{ONE.upper()}\n") == ONE
    assert checksums.alone(f"{ONE} {TWO}") is None


def test_the_sum_of_a_file_is_worked_out_with_progress(tmp_path: Path) -> None:
    content = b"some bytes" * 300_000
    path = tmp_path / "disc.iso"
    path.write_bytes(content)
    seen: list[Progress] = []
    digest = checksums.of_file(path, Job(seen.append), "Checking")
    assert digest == hashlib.sha256(content).hexdigest()
    assert seen[-1] == Progress(len(content), len(content), "Checking")


def test_working_out_a_sum_can_be_cancelled(tmp_path: Path) -> None:
    path = tmp_path / "disc.iso"
    path.write_bytes(b"x")
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        checksums.of_file(path, job, "Checking")
