"""Machines on another computer: files of the same names here are never touched or taken."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.operations import small_machine
from vmdesk.core import details
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import create, disk_size, disks, export, import_, rename
from vmdesk.core.operations.create import Folders, NewDomain
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.incoming import ImportOptions

pytestmark = pytest.mark.hypervisor

ATTEMPTS: dict[str, Callable[[Host, str, Path], object]] = {
    "create": lambda host, _uuid, here: create.run(
        host, NewDomain("/any.iso", "new"), Folders(here, here), Job()
    ),
    "export": lambda host, uuid, here: export.run(host, uuid, here, ExportOptions(), Job()),
    "import": lambda host, _uuid, here: import_.run(
        host, here / "small.qcow2", ImportOptions(here), Job()
    ),
    "add new": lambda host, uuid, here: disks.add_new(host, uuid, here, MIB, Job()),
    "add existing": lambda host, uuid, here: disks.add_existing(
        host, uuid, here / "small.qcow2", Job()
    ),
    "rename files": lambda host, uuid, _here: rename.run(
        host, uuid, "other", Job(), rename_files=True
    ),
}


@pytest.mark.parametrize("attempt", ATTEMPTS.values(), ids=ATTEMPTS)
def test_what_needs_the_files_is_refused_in_words(
    private_host: Host,
    remote_host: Host,
    tmp_path: Path,
    attempt: Callable[[Host, str, Path], object],
) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    disk = tmp_path / "small.qcow2"
    before = disk.read_bytes()
    with pytest.raises(OperationError, match=r"another computer|from here"):
        attempt(remote_host, uuid, tmp_path)
    assert disk.read_bytes() == before
    assert [info.name for info in private_host.domains()] == ["small"]


def test_a_removed_disk_keeps_its_file(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    removed = disks.remove(remote_host, uuid, "vda", Job(), delete_file=True)
    assert removed.kept_because == "it is on another computer"
    assert (tmp_path / "small.qcow2").exists()


def test_a_disk_grows_by_libvirt(private_host: Host, remote_host: Host, tmp_path: Path) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    grown = disk_size.grow(remote_host, uuid, "vda", GIB, Job())
    assert grown.after == qemu_img.info(tmp_path / "small.qcow2", "qcow2", Job()).virtual_size
    with pytest.raises(OperationError, match="smaller"):
        disk_size.grow(remote_host, uuid, "vda", MIB, Job())


def test_its_room_is_what_libvirt_says(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    uuid = small_machine.define(private_host, tmp_path).UUIDString()
    (disk,) = details.read(remote_host, uuid, tmp_path).disks
    assert disk.virtual_size == small_machine.DISK_SIZE
