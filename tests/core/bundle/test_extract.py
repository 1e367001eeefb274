"""Members that nobody has to hash: copied by the kernel, or looked through for zeros."""

import subprocess
from pathlib import Path

import pytest

from vmdesk.core.bundle import extract, reader
from vmdesk.core.formatting import MIB
from vmdesk.core.image.header import QCOW2_MAGIC
from vmdesk.core.job import Job

ZEROS = bytes(8 * MIB)
CONTENT = {
    "raw": b"a" * MIB + ZEROS + b"b" * (MIB + 17),
    "qcow2": QCOW2_MAGIC + b"a" * (2 * MIB + 17),
}


def packed(folder: Path, kind: str, *options: str) -> Path:
    """Have a plain archive of a description and a disk."""
    (folder / "web.xml").write_text("<domain/>")
    with (folder / f"web.{kind}").open("wb") as disk:
        disk.write(CONTENT[kind])
    argv: list[str | Path] = [
        "tar",
        *options,
        "-cf",
        folder / "web.tar",
        "-C",
        folder,
        "web.xml",
        f"web.{kind}",
    ]
    subprocess.run(argv, check=True)
    return folder / "web.tar"


def unpacked(archive_path: Path, target: Path) -> tuple[bytes, list[int]]:
    """Return the disk that comes out, and the numbers of bytes that were told of."""
    told: list[int] = []
    with reader.opening(archive_path, Job()) as archive:
        for member in reader.members(archive):
            if member.name == "web.xml":
                extract.read_head(archive, member, member.size)
                continue
            with target.open("x+b") as file:
                digest = extract.unpack(archive, member, file.fileno(), False, told.append)
            assert digest is None
    return target.read_bytes(), told


@pytest.mark.parametrize("kind", CONTENT)
@pytest.mark.parametrize("options", [(), ("--format=posix", "-S")], ids=["whole", "sparse"])
def test_a_disk_comes_out_as_it_went_in(
    tmp_path: Path, kind: str, options: tuple[str, ...]
) -> None:
    data, told = unpacked(packed(tmp_path, kind, *options), tmp_path / "out")
    assert data == CONTENT[kind]
    assert sum(told) <= len(data)


def test_zeros_that_were_packed_take_no_room(tmp_path: Path) -> None:
    unpacked(packed(tmp_path, "raw"), tmp_path / "out")
    assert (tmp_path / "out").stat().st_blocks * 512 < 3 * MIB
