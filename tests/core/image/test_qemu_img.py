import errno
import os
import struct
import subprocess
from pathlib import Path

import pytest

from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cancelled, Cause, Job, OperationError, Progress

MIB = 1024**2


def test_a_new_image_has_the_size_that_was_asked_for_and_takes_little_room(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"

    qemu_img.create(path, 30 * 1024**3 + 1, Job())

    found = qemu_img.info(path, "qcow2", Job())
    assert found.format == "qcow2"
    assert found.virtual_size == 30 * 1024**3 + 512
    assert found.actual_size < MIB
    assert found.backing_file is None
    assert path.stat().st_mode & 0o077 == 0


def test_creating_over_an_existing_file_is_refused_and_leaves_it_alone(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    path.write_text("precious")

    with pytest.raises(OperationError, match="exists already"):
        qemu_img.create(path, MIB, Job())

    assert path.read_text() == "precious"


def test_creating_through_a_link_is_refused(tmp_path: Path) -> None:
    link = tmp_path / "disk.qcow2"
    link.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(OperationError):
        qemu_img.create(link, MIB, Job())

    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize("size", [0, -1])
def test_a_disk_without_a_size_is_refused(tmp_path: Path, size: int) -> None:
    with pytest.raises(OperationError) as caught:
        qemu_img.create(tmp_path / "disk.qcow2", size, Job())
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_failed_or_cancelled_creation_leaves_nothing(tmp_path: Path) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        qemu_img.create(tmp_path / "cancelled.qcow2", MIB, job)
    with pytest.raises(OperationError):
        qemu_img.create(tmp_path / "too-large.qcow2", 2**63 - 512, Job())
    with pytest.raises(OperationError, match="can’t be made"):
        qemu_img.create(tmp_path / "no-folder" / "disk.qcow2", MIB, Job())
    assert list(tmp_path.iterdir()) == []


def test_a_disk_grows_but_never_shrinks(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    qemu_img.create(path, 2 * MIB, Job())

    qemu_img.resize(path, "qcow2", 3 * MIB, Job())
    qemu_img.resize(path, "qcow2", 3 * MIB, Job())
    with pytest.raises(OperationError, match="can’t be made smaller") as caught:
        qemu_img.resize(path, "qcow2", 3 * MIB - 512, Job())

    assert caught.value.cause is Cause.INVALID_VALUE
    assert qemu_img.info(path, "qcow2", Job()).virtual_size == 3 * MIB


def test_a_chain_is_flattened_by_a_conversion(tmp_path: Path) -> None:
    base, top, flat = (tmp_path / name for name in ("base.raw", "top.qcow2", "flat.qcow2"))
    base.write_bytes(b"token".ljust(MIB, b"\0"))
    _qemu_img("create", "-q", "-f", "qcow2", "-b", str(base), "-F", "raw", str(top))

    layers = qemu_img.chain(top, "qcow2", Job())
    qemu_img.convert(top, "qcow2", flat, Job())

    assert [layer.path for layer in layers] == [top, base]
    assert layers[0].backing_path == base
    assert layers[0].backing_format == "raw"
    assert qemu_img.info(flat, "qcow2", Job()).backing_file is None
    qemu_img.convert(flat, "qcow2", tmp_path / "flat.raw", Job(), target_format="raw")
    assert (tmp_path / "flat.raw").read_bytes() == base.read_bytes()


def test_a_conversion_tells_how_far_it_is(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(256 * MIB))
    told: list[Progress] = []

    qemu_img.convert(source, "raw", tmp_path / "copy", Job(told.append), expected=256 * MIB)

    assert told
    assert [progress.done for progress in told] == sorted(progress.done for progress in told)
    assert {progress.total for progress in told} == {256 * MIB}


def test_a_cancelled_conversion_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(256 * MIB))
    job = Job(lambda _progress: job.cancel())

    with pytest.raises(Cancelled):
        qemu_img.convert(source, "raw", tmp_path / "copy", job, expected=256 * MIB)

    assert list(tmp_path.iterdir()) == [source]


def test_a_raw_image_that_looks_like_qcow2_is_read_as_raw(tmp_path: Path) -> None:
    canary, disguised, copy = (tmp_path / name for name in ("canary", "disk.raw", "copy.qcow2"))
    canary.write_bytes(b"secret".ljust(MIB, b"\0"))
    _qemu_img("create", "-q", "-f", "qcow2", "-b", str(canary), "-F", "raw", str(disguised))

    qemu_img.convert(disguised, "raw", copy, Job(), most=MIB)

    qemu_img.convert(copy, "qcow2", tmp_path / "copy.raw", Job(), target_format="raw")
    assert (tmp_path / "copy.raw").read_bytes()[:4] == b"QFI\xfb"
    assert b"secret" not in (tmp_path / "copy.raw").read_bytes()


def test_internal_snapshots_are_listed(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    qemu_img.create(path, MIB, Job())
    _qemu_img("snapshot", "-c", "before", str(path))

    assert qemu_img.info(path, "qcow2", Job()).snapshots == ("before",)


def test_a_failed_conversion_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(b"no image")

    with pytest.raises(OperationError, match="can’t be read"):
        qemu_img.convert(source, "qcow2", tmp_path / "copy", Job(), most=MIB)

    assert list(tmp_path.iterdir()) == [source]


def test_a_conversion_stops_where_it_was_told_to_and_leaves_nothing(tmp_path: Path) -> None:
    source = tmp_path / "source"
    source.write_bytes(os.urandom(4 * MIB))

    with pytest.raises(OSError, match=os.strerror(errno.ENOSPC)):
        qemu_img.convert(source, "raw", tmp_path / "copy", Job(), most=2 * MIB)

    assert list(tmp_path.iterdir()) == [source]
    qemu_img.convert(source, "raw", tmp_path / "copy", Job(), most=5 * MIB)
    assert qemu_img.measure(source, "raw", Job()) == (tmp_path / "copy").stat().st_size


def test_a_damaged_image_is_told_from_a_sound_one(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    path_of_raw = tmp_path / "disk.raw"
    path_of_raw.write_bytes(bytes(MIB))
    qemu_img.create(path, MIB, Job())
    qemu_img.check(path, "qcow2", Job())
    qemu_img.check(path_of_raw, "raw", Job())

    with path.open("r+b") as file:
        file.seek(48)
        file.write((0x7000).to_bytes(8, "big"))  # a refcount table where none is
    with pytest.raises(OperationError, match=r"disk\.qcow2 is damaged") as caught:
        qemu_img.check(path, "qcow2", Job())
    assert caught.value.cause is Cause.BAD_INPUT
    with pytest.raises(OperationError, match=r"web\.img is damaged"):
        qemu_img.check(path, "qcow2", Job(), "web.img")


def test_an_image_that_leaks_a_cluster_is_no_damaged_one(tmp_path: Path) -> None:
    path = tmp_path / "disk.qcow2"
    qemu_img.create(path, MIB, Job())
    _leak_a_cluster(path)
    status = subprocess.run(["qemu-img", "check", "-f", "qcow2", path], capture_output=True)
    assert status.returncode == 3

    qemu_img.check(path, "qcow2", Job())


def _leak_a_cluster(path: Path) -> None:
    """Add a cluster that is counted but belongs to nothing, as a killed QEMU leaves one."""
    content = bytearray(path.read_bytes())
    (table,) = struct.unpack_from(">Q", content, 48)
    (block,) = struct.unpack_from(">Q", content, table)
    cluster = -(-len(content) // 65536)
    struct.pack_into(">H", content, block + 2 * cluster, 1)
    path.write_bytes(content.ljust((cluster + 1) * 65536, b"\0"))


def _qemu_img(*arguments: str) -> str:
    return subprocess.run(["qemu-img", *arguments], check=True, capture_output=True).stdout.decode()
