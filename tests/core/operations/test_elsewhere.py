"""Machines on another computer: libvirt reaches their disks, and files of this one are left alone.

The other computer is this one, seen through a connection that doesn't tell.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.operations import small_machine
from tests.guests import IPXE_ISO, Stage, snapshot
from vmdesk.core import details
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.operations import create, disk_size, disks, eject, rename
from vmdesk.core.operations.create import NewDomain

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def pool(private_host: Host, tmp_path: Path) -> Path:
    """Return the folder of a pool, ``there``, which has been told to exist and not started."""
    folder = tmp_path / "there"
    private_host.connection.storagePoolDefineXML(
        f"<pool type='dir'><name>there</name><target><path>{folder}</path></target></pool>"
    )
    return folder


@pytest.fixture
def here(tmp_path: Path) -> Path:
    """Return a folder of this computer."""
    folder = tmp_path / "here"
    folder.mkdir()
    return folder


def new_domain(pool: str = "") -> NewDomain:
    return NewDomain(str(IPXE_ISO), "new", GIB, 128 * 1024, 1, start=False, pool=pool)


def test_a_machine_is_created_in_a_pool_and_its_disc_is_taken_there(
    remote_host: Host, pool: Path, here: Path
) -> None:
    made = create.run(remote_host, new_domain(), Folders(here, here), Job())
    assert (made.disk, made.pool) == (pool / "new.qcow2", "there")
    assert made.iso.path == pool / "ipxe.iso"
    assert made.iso.path.read_bytes() == IPXE_ISO.read_bytes()
    assert qemu_img.info(made.disk, "qcow2", Job()).virtual_size == GIB
    assert snapshot(here) == set()


def test_a_disc_that_is_there_already_is_used_again(
    remote_host: Host, pool: Path, here: Path
) -> None:
    create.run(remote_host, new_domain(), Folders(here, here), Job())
    first = (pool / "ipxe.iso").stat()
    (pool / "other.iso").write_bytes(IPXE_ISO.read_bytes())
    uuid = remote_host.lookup("new").uuid
    (put,) = eject.insert(remote_host, uuid, str(IPXE_ISO), here, Job())
    assert put.disc == pool / "ipxe.iso"
    assert (pool / "ipxe.iso").stat().st_mtime_ns == first.st_mtime_ns


def test_a_disc_of_the_same_name_with_other_content_is_kept_beside(
    remote_host: Host, pool: Path, here: Path
) -> None:
    pool.mkdir()
    (pool / "ipxe.iso").write_bytes(b"half of it")
    made = create.run(remote_host, new_domain(), Folders(here, here), Job())
    assert made.iso.path == pool / "ipxe-2.iso"
    assert (pool / "ipxe.iso").read_bytes() == b"half of it"


def test_a_failed_creation_leaves_no_disk(remote_host: Host, pool: Path, here: Path) -> None:
    stage = Stage("Defining the machine")
    with pytest.raises(Cancelled):
        create.run(remote_host, new_domain(), Folders(here, here), stage)
    assert {path.name for path in pool.iterdir()} == {"ipxe.iso"}
    assert remote_host.domains() == []


def test_a_pool_that_is_not_there_is_refused_before_anything_is_made(
    remote_host: Host, pool: Path, here: Path
) -> None:
    with pytest.raises(OperationError, match="no storage pool “nowhere”") as caught:
        create.run(remote_host, new_domain("nowhere"), Folders(here, here), Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    assert not pool.exists()


def test_without_any_pool_it_is_said_what_to_do(remote_host: Host, here: Path) -> None:
    with pytest.raises(OperationError, match="no storage pool for images") as caught:
        create.run(remote_host, new_domain(), Folders(here, here), Job())
    assert "virsh" in caught.value.hint


def test_a_disk_grows_by_libvirt(private_host: Host, remote_host: Host, tmp_path: Path) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    grown = disk_size.grow(remote_host, uuid, "vda", GIB, Job())
    assert grown.after == qemu_img.info(tmp_path / "small.qcow2", "qcow2", Job()).virtual_size
    with pytest.raises(OperationError, match="smaller"):
        disk_size.grow(remote_host, uuid, "vda", MIB, Job())


def test_a_new_disk_is_made_in_the_pool_and_goes_with_it(
    private_host: Host, remote_host: Host, pool: Path, here: Path
) -> None:
    uuid = small_machine.define(private_host, here).UUIDString()
    added = disks.add_new(remote_host, uuid, here, 4 * MIB, Job())
    assert added.path == pool / "small-disk2.qcow2"
    assert added.path.exists()
    removed = disks.remove(remote_host, uuid, added.target, Job(), delete_file=True)
    assert removed.deleted == added.path
    assert not added.path.exists()


def test_a_disk_that_a_snapshot_needs_stays_there(
    private_host: Host, remote_host: Host, here: Path
) -> None:
    domain = small_machine.define(private_host, here)
    domain.snapshotCreateXML("<domainsnapshot><name>before</name></domainsnapshot>")
    removed = disks.remove(remote_host, domain.UUIDString(), "vda", Job(), delete_file=True)
    assert removed.kept_because == "the machine or one of its snapshots needs it"
    assert (here / "small.qcow2").exists()


def test_an_image_that_is_there_is_added_as_it_is(
    private_host: Host, remote_host: Host, here: Path, tmp_path: Path
) -> None:
    uuid = small_machine.define(private_host, here).UUIDString()
    image = small_machine.make_disk(tmp_path / "more.qcow2")
    added = disks.add_existing(remote_host, uuid, image, Job())
    assert added.path == image
    xml = DomainXml.parse(private_host.domain(uuid).XMLDesc())
    assert [disk.format for disk in xml.disks if disk.path == image] == ["qcow2"]
    with pytest.raises(OperationError, match="uses this disk already"):
        disks.add_existing(remote_host, uuid, image, Job())


def test_an_image_there_that_builds_on_another_is_refused(
    private_host: Host, remote_host: Host, here: Path
) -> None:
    uuid = small_machine.define(private_host, here).UUIDString()
    top = here / "top.qcow2"
    qemu_img.create(top, MIB, Job())
    with top.open("r+b") as file:
        file.seek(8)
        file.write((1024).to_bytes(8, "big") + (11).to_bytes(4, "big"))
        file.seek(1024)
        file.write(b"small.qcow2")
    with pytest.raises(OperationError, match="based on another file"):
        disks.add_existing(remote_host, uuid, top, Job())


ATTEMPTS: dict[str, Callable[[Host, str, Path], object]] = {
    "rename files": lambda host, uuid, _here: rename.run(
        host, uuid, "other", Job(), rename_files=True
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_needs_the_files_is_refused_in_words(
    private_host: Host,
    remote_host: Host,
    here: Path,
    attempt: Callable[[Host, str, Path], object],
) -> None:
    uuid = small_machine.define(private_host, here).UUIDString()
    disk = here / "small.qcow2"
    before = disk.read_bytes()
    with pytest.raises(OperationError, match="another computer"):
        attempt(remote_host, uuid, here)
    assert disk.read_bytes() == before
    assert [info.name for info in private_host.domains()] == ["small"]


def test_its_room_is_what_libvirt_says_and_its_pool_is_told(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    (disk,) = details.read(remote_host, uuid, tmp_path).disks
    assert (disk.virtual_size, disk.pool) == (small_machine.DISK_SIZE, "")
    disk_size.grow(remote_host, uuid, "vda", GIB, Job())
    (disk,) = details.read(remote_host, uuid, tmp_path).disks
    assert (disk.virtual_size, disk.pool) == (GIB, tmp_path.name)
