"""A disk grows, off and running, and never shrinks."""

import json
import os
import subprocess
from pathlib import Path

import libvirt
import pytest

from tests.core.operations import small_machine
from tests.core.operations.small_machine import DISK_SIZE
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import disk_size
from vmdesk.core.operations.disk_size import Grown


def virtual_size(path: Path) -> int:
    """Return what qemu-img reads in the image's header, even while QEMU has it open."""
    command = ["qemu-img", "info", "-U", "--output=json", "-f", "qcow2", str(path)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return int(found["virtual-size"])


@pytest.mark.hypervisor
def test_a_disk_of_a_machine_that_is_off_grows_but_never_shrinks(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    uuid = domain.UUIDString()
    # A size that is no multiple of a sector is rounded up.
    grown = disk_size.grow(private_host, uuid, "vda", 12 * MIB - 1, Job())
    assert grown == Grown("vda", DISK_SIZE, 12 * MIB)
    assert virtual_size(tmp_path / "small.qcow2") == 12 * MIB
    with pytest.raises(OperationError, match="12 MiB; it can’t be made smaller") as caught:
        disk_size.grow(private_host, uuid, "vda", DISK_SIZE, Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    assert virtual_size(tmp_path / "small.qcow2") == 12 * MIB
    assert domain.blockInfo("vda")[0] == 12 * MIB


@pytest.mark.hypervisor
def test_a_disk_of_a_running_machine_grows_but_never_shrinks(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    uuid = domain.UUIDString()
    grown = disk_size.grow(private_host, uuid, "vda", 12 * MIB, Job())
    assert grown == Grown("vda", DISK_SIZE, 12 * MIB)
    assert domain.blockInfo("vda")[0] == 12 * MIB == virtual_size(tmp_path / "small.qcow2")
    with pytest.raises(OperationError, match="12 MiB; it can’t be made smaller") as caught:
        disk_size.grow(private_host, uuid, "vda", DISK_SIZE, Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    domain.destroy()
    assert virtual_size(tmp_path / "small.qcow2") == 12 * MIB


@pytest.mark.hypervisor
def test_a_saved_machine_is_not_touched(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    domain.managedSave()
    with pytest.raises(OperationError, match="is saved") as caught:
        disk_size.grow(private_host, domain.UUIDString(), "vda", 12 * MIB, Job())
    assert caught.value.cause is Cause.WRONG_STATE
    assert virtual_size(tmp_path / "small.qcow2") == DISK_SIZE


@pytest.mark.hypervisor
def test_qemu_img_stays_away_from_a_disk_that_another_machine_has(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    other = small_machine.define(private_host, tmp_path, name="other")
    other.attachDeviceFlags(
        f"<disk type='file'><driver name='qemu' type='qcow2'/>"
        f"<source file='{tmp_path}/small.qcow2'/><target dev='vdb' bus='virtio'/></disk>",
        libvirt.VIR_DOMAIN_AFFECT_CONFIG,
    )
    other.create()
    with pytest.raises(OperationError, match="“other” uses this disk too") as caught:
        disk_size.grow(private_host, domain.UUIDString(), "vda", 12 * MIB, Job())
    assert caught.value.cause is Cause.WRONG_STATE
    assert virtual_size(tmp_path / "small.qcow2") == DISK_SIZE


@pytest.mark.hypervisor
def test_a_volume_of_a_pool_grows_through_libvirt(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    folder = tmp_path / "pool"
    folder.mkdir()
    pool = private_host.connection.storagePoolCreateXML(
        f"<pool type='dir'><name>pool</name><target><path>{folder}</path></target></pool>"
    )
    small_machine.make_disk(folder / "data.qcow2")
    pool.refresh()
    domain.attachDeviceFlags(
        "<disk type='volume'><driver name='qemu' type='qcow2'/>"
        "<source pool='pool' volume='data.qcow2'/><target dev='vdb' bus='virtio'/></disk>",
        libvirt.VIR_DOMAIN_AFFECT_CONFIG,
    )
    grown = disk_size.grow(private_host, domain.UUIDString(), "vdb", 12 * MIB, Job())
    assert grown == Grown("vdb", DISK_SIZE, 12 * MIB)
    assert virtual_size(folder / "data.qcow2") == 12 * MIB
    with pytest.raises(OperationError, match="can’t be made smaller"):
        disk_size.grow(private_host, domain.UUIDString(), "vdb", DISK_SIZE, Job())


@pytest.mark.parametrize(
    ("target", "cause"), [("sda", Cause.INVALID_VALUE), ("vdz", Cause.INVALID_VALUE)]
)
def test_what_is_no_disk_is_refused(test_host: Host, target: str, cause: Cause) -> None:
    uuid = test_host.lookup("test").uuid
    xml = small_machine.stored(test_host.domain(uuid)).text
    drive = "<disk type='file' device='cdrom'><target dev='sda' bus='sata'/></disk>"
    test_host.connection.defineXML(xml.replace("<devices>", f"<devices>{drive}"))
    with pytest.raises(OperationError) as caught:
        disk_size.grow(test_host, uuid, target, 12 * MIB, Job())
    assert caught.value.cause is cause


def test_a_disk_that_is_no_file_of_the_user_is_refused(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    with pytest.raises(OperationError, match="can’t be reached"):
        disk_size.grow(test_host, uuid, "vda", 12 * MIB, Job())


def test_missing_room_is_told_and_what_a_disk_has_counts(tmp_path: Path) -> None:
    path = tmp_path / "disk"
    path.write_bytes(b"x" * MIB)
    free = os.statvfs(tmp_path).f_bavail * os.statvfs(tmp_path).f_frsize
    assert disk_size.room_missing(path, MIB) == 0
    missing = disk_size.room_missing(path, free + 3 * GIB)
    assert abs(missing - 3 * GIB) < GIB
    assert disk_size.room_missing(tmp_path / "none", free * 2) == 0


def test_a_disk_that_is_no_image_is_refused(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    xml = small_machine.stored(test_host.domain(uuid)).text
    disk = "<disk type='network'><source protocol='nbd' name='x'/><target dev='vdb'/></disk>"
    test_host.connection.defineXML(xml.replace("<devices>", f"<devices>{disk}"))
    with pytest.raises(OperationError, match="can’t be grown from here") as caught:
        disk_size.grow(test_host, uuid, "vdb", 12 * MIB, Job())
    assert "where it is kept" in caught.value.hint
