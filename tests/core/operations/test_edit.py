"""Everything of one dialog in one go: what can't be is refused before anything is written."""

import shutil
from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import definition, edit
from vmdesk.core.operations.changes import Changes
from vmdesk.core.operations.edit import Edit

DOMAIN = """
<domain type='qemu'>
  <name>one</name>
  <memory unit='KiB'>65536</memory>
  <vcpu>1</vcpu>
  <os><type arch='x86_64' machine='q35'>hvm</type></os>
  <devices>
    <emulator>{emulator}</emulator>
    <disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='{disk}'/>
      <target dev='vda' bus='virtio'/>
    </disk>
  </devices>
</domain>
"""
RUNNING = """
<domain type='test'><name>on</name><memory>65536</memory><os><type>hvm</type></os></domain>
"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    path = tmp_path / "one.qcow2"
    qemu_img.create(path, 1 * GIB, Job())
    return path


@pytest.fixture
def uuid(private_host: Host, disk: Path) -> str:
    """A machine that is off, on a private libvirt."""
    emulator = shutil.which("qemu-system-x86_64")
    text = DOMAIN.format(emulator=emulator, disk=disk)
    return str(private_host.connection.defineXML(text).UUIDString())


def virtual_size(disk: Path) -> int:
    return qemu_img.info(disk, "qcow2", Job()).virtual_size


def test_all_kinds_of_changes_are_made_in_one_go(
    private_libvirt: PrivateLibvirt, private_host: Host, uuid: str, disk: Path
) -> None:
    base = definition.read(private_host, uuid)
    changes = Changes(title="New", memory_kib=128 * 1024, vcpus=2, base=base)
    edit.run(private_host, uuid, Edit(changes, "two", True, (("vda", 2 * GIB),)), Job())
    text = private_libvirt.virsh("dumpxml", "two")
    assert "<title>New</title>" in text
    assert "<memory unit='KiB'>131072</memory>" in text
    assert ">2</vcpu>" in text
    assert not disk.exists()
    assert virtual_size(disk.with_name("two.qcow2")) == 2 * GIB


@pytest.mark.parametrize(
    ("wanted", "cause", "words"),
    [
        (Edit(Changes(title="New"), sizes=(("vda", 512 * MIB),)), Cause.INVALID_VALUE, "smaller"),
        (Edit(Changes(title="New"), "a/b"), Cause.INVALID_VALUE, "name"),
        (Edit(Changes(title="New"), "other"), Cause.INVALID_VALUE, "already"),
        (Edit(Changes(title="New", vcpus=9999)), Cause.INVALID_VALUE, "This computer has"),
        (Edit(Changes(title="New", base="<domain/>")), Cause.WRONG_STATE, "another program"),
    ],
)
def test_one_refusal_leaves_everything_as_it_was(
    private_host: Host, uuid: str, disk: Path, wanted: Edit, cause: Cause, words: str
) -> None:
    emulator = shutil.which("qemu-system-x86_64")
    other = DOMAIN.format(emulator=emulator, disk="/none").replace("one", "other")
    private_host.connection.defineXML(other)
    before = definition.read(private_host, uuid)
    with pytest.raises(OperationError, match=words) as caught:
        edit.run(private_host, uuid, wanted, Job())
    assert caught.value.cause is cause
    assert definition.read(private_host, uuid) == before
    assert virtual_size(disk) == 1 * GIB


def test_files_that_can_not_be_renamed_stop_the_rest_as_well(
    private_host: Host, uuid: str, disk: Path
) -> None:
    disk.with_name("two.qcow2").touch()
    before = definition.read(private_host, uuid)
    wanted = Edit(Changes(title="New"), "two", True, (("vda", 2 * GIB),))
    with pytest.raises(OperationError, match="exists already"):
        edit.run(private_host, uuid, wanted, Job())
    assert definition.read(private_host, uuid) == before
    assert virtual_size(disk) == 1 * GIB


def test_a_disk_that_another_machine_uses_stops_the_rest_as_well(
    private_host: Host, uuid: str, disk: Path
) -> None:
    emulator = shutil.which("qemu-system-x86_64")
    other = DOMAIN.format(emulator=emulator, disk=disk).replace(">one<", ">other<")
    private_host.connection.defineXML(other)
    before = definition.read(private_host, uuid)
    with pytest.raises(OperationError, match="uses this disk too"):
        edit.run(private_host, uuid, Edit(Changes(title="New"), sizes=(("vda", 2 * GIB),)), Job())
    assert definition.read(private_host, uuid) == before
    assert virtual_size(disk) == 1 * GIB


def test_a_running_machine_is_not_renamed_and_keeps_its_title(test_host: Host) -> None:
    domain = test_host.connection.defineXML(RUNNING)
    domain.create()
    uuid = domain.UUIDString()
    before = definition.read(test_host, uuid)
    with pytest.raises(OperationError) as caught:
        edit.run(test_host, uuid, Edit(Changes(title="New"), "two"), Job())
    assert caught.value.cause is Cause.WRONG_STATE
    assert caught.value.hint == "Shut it down to rename it."
    assert definition.read(test_host, uuid) == before
    domain.destroy()
    domain.undefine()


def test_an_edit_knows_whether_it_is_empty() -> None:
    assert Edit(Changes(base="<domain/>", live=True)).is_empty
    assert not Edit(Changes(title="")).is_empty
    assert not Edit(Changes(), name="x").is_empty
    assert not Edit(Changes(), sizes=(("vda", 1),)).is_empty
