"""Bundles on file systems of their own: one that fills up, and two that share blocks."""

import os
import subprocess
import time
from pathlib import Path

import pytest

from vmdesk.core.bundle import unpack
from vmdesk.core.bundle import writer as bundle_writer
from vmdesk.core.bundle.layout import ArchiveForm, Role
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Job, OperationError

pytestmark = pytest.mark.mounts

MIB = 1024**2
SIZE = 200 * MIB
XML = b"<domain><name>web</name></domain>"


def _mount(mounts: Path, name: str) -> Path:
    path = mounts / name
    for left in path.glob("*.tar*"):
        left.unlink()
    return path


def _image(path: Path, size: int) -> Path:
    """Make a qcow2 image whose data fills ``size`` bytes and can't be compressed."""
    path.unlink(missing_ok=True)
    raw = path.with_suffix(".raw")
    raw.write_bytes(os.urandom(size))
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()
    return path


def _write(target: Path, form: ArchiveForm, disk: Path) -> None:
    with (
        target.open("wb") as file,
        bundle_writer.writing(file.fileno(), form, "web", lambda _count: None) as writer,
    ):
        writer.add_bytes("web.xml", Role.DOMAIN, XML)
        writer.add_disk("web.qcow2", bundle_writer.look_at(disk), "vda", SIZE)


def _used(path: Path) -> int:
    os.sync()
    status = os.statvfs(path)
    return (status.f_blocks - status.f_bfree) * status.f_frsize


@pytest.mark.parametrize("name", ["xfs", "btrfs"])
def test_a_plain_bundle_shares_its_blocks_both_ways(mounts: Path, name: str) -> None:
    mount = _mount(mounts, name)
    disk = _image(mount / "web.qcow2", SIZE)
    out = mount / "out"
    out.mkdir(exist_ok=True)
    before = _used(mount)

    started = time.monotonic()
    _write(mount / "web.tar", ArchiveForm.TAR, disk)
    written = time.monotonic()
    unpacked = unpack.unpack(mount / "web.tar", out, Job())
    done = time.monotonic()

    try:
        assert _used(mount) - before < 4 * MIB
        assert (mount / "web.tar").stat().st_size > SIZE
        copy = unpacked.files["web.qcow2"]
        subprocess.run(["cmp", disk, copy], check=True)
        # 200 MiB in no time: nothing was copied (QEMU's check is part of the second figure).
        assert written - started < 1
        assert done - written < 2
    finally:
        for path in (mount / "web.tar", disk, *out.iterdir()):
            path.unlink()


@pytest.mark.parametrize("form", list(ArchiveForm))
def test_a_disk_that_fills_up_ends_an_export_in_an_error(
    tmp_path: Path, mounts: Path, form: ArchiveForm
) -> None:
    full = _mount(mounts, "full")
    disk = _image(tmp_path / "web.qcow2", SIZE)
    with pytest.raises(OSError, match="No space left"):
        _write(full / "web.tar", form, disk)
    (full / "web.tar").unlink()


def test_an_import_looks_for_room_first(tmp_path: Path, mounts: Path) -> None:
    full = _mount(mounts, "full")
    disk = _image(tmp_path / "web.qcow2", SIZE)
    _write(tmp_path / "web.tar", ArchiveForm.TAR, disk)
    with pytest.raises(OperationError, match="not enough room") as caught:
        unpack.unpack(tmp_path / "web.tar", full, Job())
    assert str(full) in caught.value.hint
    _empty(full)


class FillingUp(Job):
    """A job during which another program takes the room, once unpacking has begun."""

    def __init__(self, full: Path) -> None:
        super().__init__()
        self._full = full
        self._checks = 0

    def check(self) -> None:
        self._checks += 1
        if self._checks == 6:
            status = os.statvfs(self._full)
            room = status.f_bavail * status.f_frsize - MIB
            (self._full / "filler").write_bytes(bytes(room))
        super().check()


def test_an_import_fails_when_the_room_goes_in_the_middle(tmp_path: Path, mounts: Path) -> None:
    full = _mount(mounts, "full")
    disk = _image(tmp_path / "web.qcow2", 24 * MIB)
    _write(tmp_path / "web.tar.gz", ArchiveForm.TAR_GZ, disk)

    try:
        with pytest.raises(OSError, match="No space left"):
            unpack.unpack(tmp_path / "web.tar.gz", full, FillingUp(full))
    finally:
        _empty(full)


def test_a_conversion_fails_when_there_is_no_room(tmp_path: Path, mounts: Path) -> None:
    full = _mount(mounts, "full")
    disk = _image(tmp_path / "web.qcow2", SIZE)
    with pytest.raises(OSError, match="No space left"):
        qemu_img.convert(disk, "qcow2", full / "copy", Job())
    assert not (full / "copy").exists()


def _empty(full: Path) -> None:
    for path in full.iterdir():
        if path.is_file():
            path.unlink()
