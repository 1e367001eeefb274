"""One snapshot has all that a dialog of properties shows, stored and running."""

from pathlib import Path

import libvirt
import pytest

from tests.core.operations import small_machine
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import disks, modify, properties
from vmdesk.core.operations.changes import Bounds, Changes, Field, Network
from vmdesk.core.operations.properties import Sizes


def test_settings_are_read_and_what_waits_is_marked(test_host: Host, uuid: str) -> None:
    modify.run(test_host, uuid, Changes(title="t", autostart=True, vcpus=3), Job())
    found = properties.read(test_host, uuid)
    assert (found.name, found.title, found.description) == ("test", "t", "")
    assert (found.autostart, found.uses_kvm, found.is_active, found.is_saved) == (
        True,
        False,
        True,
        False,
    )
    assert found.stored == Sizes(2097152, 8388608, 3, 3)
    assert found.running == Sizes(2097152, 8388608, 2, 2)
    assert found.pending == {Field.VCPUS}
    assert found.bounds == Bounds(3 * 1024**2, 9 * 1024**2 // 4, 16)
    assert found.display == "spice"
    assert found.networks == (Network("52:54:00:00:00:01", "user"),)
    (disk,) = found.disks
    assert (disk.target, disk.path, disk.free) == ("vda", Path("/guest/disk.img"), None)


def test_its_base_notices_a_change_by_another_program(test_host: Host, uuid: str) -> None:
    base = properties.read(test_host, uuid).base
    modify.run(test_host, uuid, Changes(title="mine", base=base), Job())
    with pytest.raises(OperationError, match="another program"):
        modify.run(test_host, uuid, Changes(title="late", base=base), Job())


def test_a_machine_that_is_off_has_no_running_sizes(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    found = properties.read(test_host, uuid)
    assert (found.running, found.pending, found.is_active) == (None, frozenset(), False)
    assert found.host_networks == ("default",)


@pytest.mark.hypervisor
def test_sizes_of_disks_are_read_while_the_machine_runs(private_host: Host, tmp_path: Path) -> None:
    disc = small_machine.make_iso(tmp_path / "a.iso")
    domain = small_machine.define(private_host, tmp_path, disc=disc)
    domain.create()
    disks.add_new(private_host, domain.UUIDString(), tmp_path, MIB, Job())
    first, second, drive = sorted(
        properties.read(private_host, domain.UUIDString()).disks, key=lambda disk: disk.is_cdrom
    )
    assert (first.virtual_size, first.format, first.bus) == (8 * MIB, "qcow2", "virtio")
    assert first.used is not None
    assert 0 < first.used < 8 * MIB
    assert first.free is not None
    assert second.virtual_size == MIB
    assert (drive.target, drive.source, drive.is_cdrom) == ("sda", str(disc), True)


@pytest.mark.hypervisor
def test_a_missing_image_has_no_size(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    path = tmp_path / "small.qcow2"
    path.unlink()
    disk, _drive = properties.read(private_host, domain.UUIDString()).disks
    assert (disk.path, disk.virtual_size, disk.used, disk.free) == (path, None, None, None)


def test_a_host_without_a_driver_for_networks_has_none(
    test_host: Host, uuid: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise libvirt.libvirtError("this function is not supported by the connection driver")

    monkeypatch.setattr(test_host.connection, "listAllNetworks", refuse)
    found = properties.read(test_host, uuid)
    assert (found.name, found.host_networks) == ("test", ())
