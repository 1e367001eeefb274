"""Disks come and go, running or off, and no file goes that something else needs."""

from pathlib import Path

import libvirt
import pytest

from tests.conftest import PrivateLibvirt
from tests.core.operations import small_machine
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.operations import disks
from vmdesk.core.operations.definition import Definition


def targets(domain: libvirt.virDomain) -> list[str]:
    return [disk.target for disk in small_machine.stored(domain).disks]


@pytest.mark.hypervisor
def test_a_new_disk_is_there_at_once_off_and_running(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    uuid, folder = domain.UUIDString(), tmp_path / "more" / "disks"
    off = disks.add_new(private_host, uuid, folder, 4 * MIB, Job())
    assert off == disks.AddedDisk("vdb", folder / "small-disk2.qcow2", is_now=True)
    domain.create()
    assert domain.blockInfo("vdb")[0] == 4 * MIB
    running = disks.add_new(private_host, uuid, folder, 5 * MIB, Job())
    assert running == disks.AddedDisk("vdc", folder / "small-disk3.qcow2", is_now=True)
    assert domain.blockInfo("vdc")[0] == 5 * MIB
    domain.destroy()
    domain.create()
    assert domain.blockInfo("vdc")[0] == 5 * MIB


@pytest.mark.hypervisor
def test_an_existing_image_is_added_with_the_format_that_it_has(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    raw = tmp_path / "data.img"
    raw.write_bytes(b"\0" * MIB)
    qcow2 = small_machine.make_disk(tmp_path / "data.qcow2")
    for path in (raw, qcow2):
        disks.add_existing(private_host, domain.UUIDString(), path, Job())
    found = small_machine.stored(domain).disks
    assert [(disk.path, disk.format) for disk in found if disk.target in ("vdb", "vdc")] == [
        (raw, "raw"),
        (qcow2, "qcow2"),
    ]
    with pytest.raises(OperationError, match="“small” uses this disk already") as caught:
        disks.add_existing(private_host, domain.UUIDString(), qcow2, Job())
    assert caught.value.cause is Cause.WRONG_STATE


@pytest.mark.hypervisor
def test_a_disk_of_a_machine_that_is_off_goes_with_or_without_its_file(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    uuid = domain.UUIDString()
    kept = disks.add_new(private_host, uuid, tmp_path, MIB, Job())
    doomed = disks.add_new(private_host, uuid, tmp_path, MIB, Job())
    assert disks.remove(private_host, uuid, "vdb", Job()).deleted is None
    removed = disks.remove(private_host, uuid, "vdc", Job(), delete_file=True)
    assert removed == disks.RemovedDisk("vdc", True, doomed.path, "")
    assert kept.path.exists()
    assert not doomed.path.exists()
    assert targets(domain) == ["vda", "sda"]


@pytest.mark.hypervisor
def test_a_running_guest_that_does_not_let_go_keeps_the_disk_until_it_stops(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    uuid = domain.UUIDString()
    added = disks.add_new(private_host, uuid, tmp_path, MIB, Job())
    # Nothing runs in the guest that could answer the request.
    removed = disks.remove(private_host, uuid, "vdb", Job(), delete_file=True)
    assert removed == disks.RemovedDisk("vdb", False, None, "the machine still uses it")
    assert added.path.exists()
    assert targets(domain) == ["vda", "sda"]
    # The name is free in the stored configuration alone: another disk must not get it now.
    assert disks.add_new(private_host, uuid, tmp_path, MIB, Job()).target == "vdc"
    domain.destroy()
    domain.create()
    assert "vdb" not in [disk.target for disk in small_machine.running(domain).disks]


@pytest.mark.hypervisor
def test_a_file_that_something_else_needs_stays(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    other = small_machine.define(private_host, tmp_path, name="other")
    uuid = domain.UUIDString()
    shared = disks.add_new(private_host, uuid, tmp_path, MIB, Job())
    twin = small_machine.stored(domain).disks[1].xml
    other.attachDeviceFlags(twin, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    removed = disks.remove(private_host, uuid, "vdb", Job(), delete_file=True)
    assert (removed.deleted, removed.kept_because) == (None, "“other” uses it too")
    snapped = disks.add_new(private_host, uuid, tmp_path, MIB, Job())
    domain.snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>")
    removed = disks.remove(private_host, uuid, "vdb", Job(), delete_file=True)
    assert removed.kept_because == "the machine or one of its snapshots needs it"
    assert shared.path.exists()
    assert snapped.path.exists()


def test_an_image_that_leads_elsewhere_is_refused(
    test_host: Host, uuid: str, tmp_path: Path
) -> None:
    path = small_machine.make_disk(tmp_path / "trap.qcow2")
    with path.open("r+b") as file:
        file.seek(8)
        file.write((1024).to_bytes(8, "big") + (11).to_bytes(4, "big"))
        file.seek(1024)
        file.write(b"/etc/passwd")
    for trap in (path, tmp_path / "none.qcow2"):
        with pytest.raises(OperationError) as caught:
            disks.add_existing(test_host, uuid, trap, Job())
        assert caught.value.cause is Cause.BAD_INPUT


def test_a_failure_leaves_no_file(test_host: Host, uuid: str, tmp_path: Path) -> None:
    folder = tmp_path / "disks"
    (tmp_path / "xdg-data").write_text("the history can't be written")
    with pytest.raises(OperationError, match="nothing was changed"):
        disks.add_new(test_host, uuid, folder, MIB, Job())
    assert list(folder.iterdir()) == []
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        disks.add_new(test_host, uuid, folder, MIB, job)
    assert list(folder.iterdir()) == []


def test_a_disk_that_is_not_there_can_not_be_removed(test_host: Host, uuid: str) -> None:
    with pytest.raises(OperationError, match="no disk “vdz”") as caught:
        disks.remove(test_host, uuid, "vdz", Job())
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_driver_that_can_not_unplug_keeps_the_disk_until_the_next_start(
    test_host: Host, uuid: str
) -> None:
    removed = disks.remove(test_host, uuid, "vda", Job(), delete_file=True)
    assert removed == disks.RemovedDisk("vda", False, None, "the machine still uses it")
    assert targets(test_host.domain(uuid)) == []
    assert [disk.target for disk in small_machine.running(test_host.domain(uuid)).disks] == ["vda"]


@pytest.mark.hypervisor
def test_a_daemon_that_dies_while_a_disk_is_taken_away_is_no_refusal(
    private_host: Host,
    private_libvirt: PrivateLibvirt,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    really = Definition.replace

    def replace_and_die(found: Definition, xml: DomainXml) -> None:
        really(found, xml)
        private_libvirt.kill_daemon()

    monkeypatch.setattr(Definition, "replace", replace_and_die)
    with pytest.raises(OperationError, match="lost"):
        disks.remove(private_host, domain.UUIDString(), "vda", Job(), delete_file=True)
    assert (tmp_path / "small.qcow2").exists()


@pytest.mark.hypervisor
def test_a_file_that_can_not_be_deleted_is_kept_and_the_disk_is_gone(
    private_host: Host, tmp_path: Path
) -> None:
    folder = tmp_path / "fixed"
    folder.mkdir()
    domain = small_machine.define(private_host, folder)
    folder.chmod(0o500)
    try:
        removed = disks.remove(private_host, domain.UUIDString(), "vda", Job(), delete_file=True)
    finally:
        folder.chmod(0o700)
    assert removed == disks.RemovedDisk("vda", True, None, "Permission denied")
    assert targets(domain) == ["sda"]
    assert (folder / "small.qcow2").exists()
