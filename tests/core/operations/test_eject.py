"""A disc that is taken out is out now and at the next start; another goes in the same way."""

from pathlib import Path

import libvirt
import pytest

from tests.core.operations import small_machine
from tests.guests import PoliteGuest
from vmdesk.core import history
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import eject
from vmdesk.core.operations.eject import DriveChange


class TrayLocker(PoliteGuest):
    """A guest of one sector that locks the CD-ROM drive, as an installer does, and stays so."""

    # Choose the master of the second IDE channel; send it the command PACKET; wait until it asks
    # for the data; send PREVENT ALLOW MEDIUM REMOVAL; wait until it is done; "!" to COM2; halt.
    _CODE = bytes.fromhex(
        "31c0 8ed8 ba7601 b0a0 ee ba7101 30c0 ee ba7401 ee 42 ee ba7701 b0a0 ee"
        "ec a880 75fb a808 74f7 ba7001 be417c b90600 f36f ba7701 ec a880 75fb"
        "baf802 b021 ee f4 ebfd 1e0000000100000000000000"
    )


def test_a_machine_without_a_drive_says_so_and_gets_one(
    test_host: Host, uuid: str, tmp_path: Path
) -> None:
    disc = small_machine.make_iso(tmp_path / "a.iso")
    with pytest.raises(OperationError, match=r"^This machine has no CD-ROM drive\.$") as caught:
        eject.run(test_host, uuid, Job())
    assert caught.value.cause is Cause.WRONG_STATE
    with pytest.raises(OperationError, match=r"^This machine has no CD-ROM drive\.$") as caught:
        eject.insert(test_host, uuid, str(disc), tmp_path, Job())
    assert caught.value.cause is Cause.WRONG_STATE
    assert eject.add_drive(test_host, uuid, Job()) == DriveChange("sda", None, is_now=False)
    assert small_machine.stored(test_host.domain(uuid)).cdroms[0].is_empty
    with pytest.raises(OperationError, match="no CD-ROM drive “sdz”") as caught:
        eject.run(test_host, uuid, Job(), "sdz")
    assert caught.value.cause is Cause.INVALID_VALUE


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"<html>", "a web page"), (b"\x1f\x8b", "compressed"), (b"x" * 99, "no")],
)
def test_a_file_that_is_no_disc_is_refused(
    test_host: Host, uuid: str, tmp_path: Path, content: bytes, words: str
) -> None:
    eject.add_drive(test_host, uuid, Job())
    path = tmp_path / "a.iso"
    path.write_bytes(content)
    with pytest.raises(OperationError, match=words) as caught:
        eject.insert(test_host, uuid, str(path), tmp_path, Job())
    assert caught.value.cause is Cause.BAD_INPUT


def test_a_missing_file_is_refused(test_host: Host, uuid: str, tmp_path: Path) -> None:
    eject.add_drive(test_host, uuid, Job())
    with pytest.raises(OperationError, match="There is no file") as caught:
        eject.insert(test_host, uuid, str(tmp_path / "none.iso"), tmp_path, Job())
    assert caught.value.cause is Cause.BAD_INPUT


@pytest.mark.hypervisor
def test_a_disc_ejected_while_running_is_still_out_at_the_next_start(
    private_host: Host, tmp_path: Path
) -> None:
    disc = small_machine.make_iso(tmp_path / "install & rescue.iso")
    domain = small_machine.define(private_host, tmp_path, disc=disc)
    domain.create()
    assert small_machine.running(domain).cdroms[0].path == disc

    changes = eject.run(private_host, domain.UUIDString(), Job())

    assert changes == (DriveChange("sda", None, is_now=True),)
    assert small_machine.running(domain).cdroms[0].is_empty
    domain.destroy()
    domain.create()
    assert small_machine.running(domain).cdroms[0].is_empty


@pytest.mark.hypervisor
def test_a_tray_that_the_guest_has_locked_is_opened_too(private_host: Host, tmp_path: Path) -> None:
    guest = TrayLocker(tmp_path)
    disc = small_machine.make_iso(tmp_path / "a.iso")
    domain = private_host.connection.defineXML(f"""
<domain type='qemu'>
  <name>locker</name><memory unit='MiB'>64</memory>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
  <devices>
    <disk type='file'><driver name='qemu' type='raw'/><source file='{guest.disk}'/>
      <target dev='hda' bus='ide'/></disk>
    <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><source file='{disc}'/>
      <target dev='hdc' bus='ide'/><readonly/></disk>
    {guest.devices}
  </devices>
</domain>""")
    domain.create()
    guest.wait_until_ready()
    drive = small_machine.running(domain).cdroms[0]
    drive.eject()
    with pytest.raises(libvirt.libvirtError, match=r"locked|tray"):
        domain.updateDeviceFlags(drive.xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)

    changes = eject.run(private_host, domain.UUIDString(), Job())

    assert changes == (DriveChange("hdc", None, is_now=True),)
    assert small_machine.running(domain).cdroms[0].is_empty
    guest.close()


@pytest.mark.hypervisor
def test_a_disc_is_inserted_while_running_and_stays(private_host: Host, tmp_path: Path) -> None:
    disc = small_machine.make_iso(tmp_path / "a.iso")
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    changes = eject.insert(private_host, domain.UUIDString(), str(disc), tmp_path, Job())
    assert changes == (DriveChange("sda", disc, is_now=True),)
    assert small_machine.running(domain).cdroms[0].path == disc
    other = small_machine.make_iso(tmp_path / "b.iso")
    eject.insert(private_host, domain.UUIDString(), other.as_uri(), tmp_path, Job())
    assert small_machine.running(domain).cdroms[0].path == other
    domain.destroy()
    domain.create()
    drive = small_machine.running(domain).cdroms[0]
    assert (drive.path, drive.startup_policy) == (other, "optional")


@pytest.mark.hypervisor
def test_drives_of_a_machine_that_is_off_are_changed_one_by_one(
    private_host: Host, tmp_path: Path
) -> None:
    first, second = (small_machine.make_iso(tmp_path / f"{name}.iso") for name in "ab")
    domain = small_machine.define(private_host, tmp_path, disc=first)
    uuid = domain.UUIDString()
    assert eject.add_drive(private_host, uuid, Job()) == DriveChange("sdb", None, is_now=True)
    # Without a target the empty drive is taken, so that no disc is lost.
    assert eject.insert(private_host, uuid, str(second), tmp_path, Job())[0].target == "sdb"
    assert eject.run(private_host, uuid, Job(), "sda")[0].target == "sda"
    assert [drive.path for drive in small_machine.stored(domain).cdroms] == [None, second]
    assert len(history.entries(uuid)) == 3
    assert [change.target for change in eject.run(private_host, uuid, Job())] == ["sdb"]
    assert eject.run(private_host, uuid, Job()) == ()
    assert len(history.entries(uuid)) == 4
    domain.create()


@pytest.mark.hypervisor
def test_a_drive_added_to_a_running_machine_can_be_filled_for_its_next_start(
    private_host: Host, tmp_path: Path
) -> None:
    disc = small_machine.make_iso(tmp_path / "a.iso")
    domain = small_machine.define(private_host, tmp_path)
    domain.create()
    uuid = domain.UUIDString()
    assert eject.add_drive(private_host, uuid, Job()) == DriveChange("sdb", None, is_now=False)
    changes = eject.insert(private_host, uuid, str(disc), tmp_path, Job(), "sdb")
    assert changes == (DriveChange("sdb", disc, is_now=False),)
    domain.destroy()
    domain.create()
    assert [drive.path for drive in small_machine.running(domain).cdroms] == [None, disc]


def test_a_driver_that_can_not_open_the_tray_says_so_and_the_next_start_is_without_the_disc(
    test_host: Host, uuid: str, tmp_path: Path
) -> None:
    disc = small_machine.make_iso(tmp_path / "a.iso")
    domain = test_host.domain(uuid)
    domain.destroy()
    xml = small_machine.stored(domain).text
    source = f"<source file='{disc}'/><target dev='sda' bus='sata'/>"
    drive = f"<disk type='file' device='cdrom'>{source}</disk>"
    test_host.connection.defineXML(xml.replace("<devices>", f"<devices>{drive}")).create()
    with pytest.raises(OperationError) as caught:
        eject.run(test_host, uuid, Job())
    assert "virDomainUpdateDeviceFlags" in caught.value.details
    assert small_machine.running(domain).cdroms[0].path == disc
    assert small_machine.stored(domain).cdroms[0].is_empty
