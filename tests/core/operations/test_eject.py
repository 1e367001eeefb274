"""A disc that is taken out is out now and at the next start; another goes in the same way."""

from pathlib import Path

import pytest

from tests.core.operations import small_machine
from vmdesk.core import history
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import eject
from vmdesk.core.operations.eject import DriveChange


def test_a_machine_without_a_drive_says_so_and_gets_one(
    fresh_host: Host, uuid: str, tmp_path: Path
) -> None:
    disc = small_machine.make_iso(tmp_path / "a.iso")
    with pytest.raises(OperationError, match=r"^This machine has no CD-ROM drive\.$") as caught:
        eject.run(fresh_host, uuid, Job())
    assert caught.value.cause is Cause.WRONG_STATE
    with pytest.raises(OperationError, match=r"^This machine has no CD-ROM drive\.$") as caught:
        eject.insert(fresh_host, uuid, str(disc), tmp_path, Job())
    assert caught.value.cause is Cause.WRONG_STATE
    assert eject.add_drive(fresh_host, uuid, Job()) == DriveChange("sda", None, is_now=False)
    assert small_machine.stored(fresh_host.domain(uuid)).cdroms[0].is_empty
    with pytest.raises(OperationError, match="no CD-ROM drive “sdz”") as caught:
        eject.run(fresh_host, uuid, Job(), "sdz")
    assert caught.value.cause is Cause.INVALID_VALUE


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", "is empty"), (b"<html>", "a web page"), (b"\x1f\x8b", "compressed"), (b"x" * 99, "no")],
)
def test_a_file_that_is_no_disc_is_refused(
    fresh_host: Host, uuid: str, tmp_path: Path, content: bytes, words: str
) -> None:
    eject.add_drive(fresh_host, uuid, Job())
    path = tmp_path / "a.iso"
    path.write_bytes(content)
    with pytest.raises(OperationError, match=words) as caught:
        eject.insert(fresh_host, uuid, str(path), tmp_path, Job())
    assert caught.value.cause is Cause.BAD_INPUT


def test_a_missing_file_is_refused(fresh_host: Host, uuid: str, tmp_path: Path) -> None:
    eject.add_drive(fresh_host, uuid, Job())
    with pytest.raises(OperationError, match="There is no file") as caught:
        eject.insert(fresh_host, uuid, str(tmp_path / "none.iso"), tmp_path, Job())
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
