"""Volumes of a real libvirt: made, found, grown, wiped, deleted; told by content what they are."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.storage import pools, stream, volumes
from vmdesk.core.storage.stream import Hole, Piece

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def folder(private_host: Host, pool_folder: Path) -> Path:
    pools.choose(private_host, "own", Job())
    return pool_folder


def test_a_new_volume_is_an_empty_qcow2_image_that_takes_no_room(
    private_host: Host, folder: Path
) -> None:
    volume = volumes.create(private_host, "own", "disk.qcow2", 64 * MIB)
    found = volumes.info(volume)
    assert (found.path, found.format) == (folder / "disk.qcow2", "qcow2")
    assert found.capacity == 64 * MIB
    assert found.allocation < MIB
    assert found.physical == found.path.stat().st_size
    assert found.backing is None
    assert qemu_img.info(found.path, "qcow2", Job()).virtual_size == 64 * MIB


def test_a_volume_is_found_by_its_path_and_its_name(private_host: Host, folder: Path) -> None:
    volumes.create(private_host, "own", "disk.qcow2", MIB)
    by_path = volumes.at(private_host, folder / "disk.qcow2")
    by_name = volumes.named(private_host, "own", "disk.qcow2")
    assert by_path is not None
    assert by_name is not None
    assert by_path.key() == by_name.key()
    assert volumes.at(private_host, folder / "other.qcow2") is None
    assert volumes.named(private_host, "own", "other.qcow2") is None
    assert volumes.named(private_host, "other", "disk.qcow2") is None


def test_a_name_that_is_taken_is_refused_and_what_is_there_stays(
    private_host: Host, folder: Path
) -> None:
    volumes.create(private_host, "own", "disk.qcow2", 2 * MIB)
    with pytest.raises(OperationError, match="already") as caught:
        volumes.create(private_host, "own", "disk.qcow2", MIB)
    assert caught.value.cause is Cause.INVALID_VALUE
    assert qemu_img.info(folder / "disk.qcow2", "qcow2", Job()).virtual_size == 2 * MIB


def test_an_image_is_told_by_what_was_uploaded(
    private_host: Host, folder: Path, tmp_path: Path
) -> None:
    path = tmp_path / "source.qcow2"
    qemu_img.create(path, 128 * MIB, Job())
    volume = volumes.create_from(private_host, "own", "copy", stream.pieces_of(path))
    found = volumes.info(volume)
    assert (found.format, found.capacity) == ("qcow2", 128 * MIB)
    assert (folder / "copy").read_bytes() == path.read_bytes()


def test_an_upload_that_is_broken_off_leaves_no_volume(private_host: Host, folder: Path) -> None:
    def pieces() -> Iterator[Piece]:
        yield bytes(MIB)
        yield Hole(MIB)
        raise OSError("the source is gone")

    with pytest.raises(OSError, match="gone"):
        volumes.create_from(private_host, "own", "half", pieces())
    assert list(folder.iterdir()) == []
    assert volumes.named(private_host, "own", "half") is None


def test_a_volume_that_is_not_what_was_sent_is_not_kept(private_host: Host, folder: Path) -> None:
    def pieces() -> Iterator[Piece]:
        yield bytes(MIB)
        # What libvirt goes on writing to has no name any more.
        (folder / "disk").unlink()
        (folder / "disk").write_bytes(b"short")

    with pytest.raises(OperationError, match="disk did not arrive whole") as caught:
        volumes.create_from(private_host, "own", "disk", pieces())
    assert "room" in caught.value.hint
    assert list(folder.iterdir()) == []


def test_a_pool_that_is_not_there_gets_no_volume(private_host: Host) -> None:
    with pytest.raises(OperationError) as caught:
        volumes.create(private_host, "nowhere", "disk.qcow2", MIB)
    assert "nowhere" in caught.value.details
    assert caught.value.cause is not Cause.INVALID_VALUE


def test_a_volume_grows_and_never_shrinks(private_host: Host, folder: Path) -> None:
    volume = volumes.create(private_host, "own", "disk.qcow2", MIB)
    volumes.grow(volume, 3 * MIB)
    assert volumes.info(volume).capacity == 3 * MIB
    with pytest.raises(ValueError, match="never shrunk"):
        volumes.grow(volume, 2 * MIB)
    assert volumes.info(volume).capacity == 3 * MIB


def test_a_wiped_volume_holds_zeros(private_host: Host, folder: Path) -> None:
    volume = volumes.create_from(private_host, "own", "secret", iter([b"secret" * 1000]))
    blocks = (folder / "secret").stat().st_blocks
    volumes.wipe(volume)
    assert not any((folder / "secret").read_bytes())
    assert (folder / "secret").stat().st_blocks == blocks


def test_a_sparse_volume_that_is_wiped_only_lets_go_of_its_blocks(
    private_host: Host, folder: Path
) -> None:
    pieces: list[Piece] = [b"secret" * 1000, Hole(MIB)]
    volume = volumes.create_from(private_host, "own", "secret", pieces)
    assert (folder / "secret").stat().st_blocks > 0
    volumes.wipe(volume)
    assert not any((folder / "secret").read_bytes())
    assert (folder / "secret").stat().st_blocks == 0


def test_deleting_twice_is_no_error(private_host: Host, folder: Path) -> None:
    volume = volumes.create(private_host, "own", "disk.qcow2", MIB)
    volumes.delete(volume)
    volumes.delete(volume)
    assert list(folder.iterdir()) == []
