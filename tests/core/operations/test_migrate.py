"""Running machines that go on at another host: two libvirts with names of their own."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import libvirt
import libvirt_qemu
import pytest

from tests.conftest import two_libvirts
from tests.core.operations import token_machine
from tests.core.refusals import refusing
from tests.other_libvirt import Cable, OtherLibvirt, open_remotely
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.host import DomainState, Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError, Progress
from vmdesk.core.operations import migrate
from vmdesk.core.operations.migrate import MigrationOptions
from vmdesk.core.operations.migration_storage import Storage

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def here(other_libvirts: tuple[OtherLibvirt, OtherLibvirt]) -> Iterator[Host]:
    with closing(other_libvirts[0].open()) as host:
        yield host


@pytest.fixture
def there(other_libvirts: tuple[OtherLibvirt, OtherLibvirt]) -> Iterator[Host]:
    with closing(other_libvirts[1].open()) as host:
        yield host


@pytest.fixture
def options(other_libvirts: tuple[OtherLibvirt, OtherLibvirt]) -> MigrationOptions:
    """Both computers are this one: a socket of the file system joins them."""
    return MigrationOptions(via=f"unix://{other_libvirts[1].root}/data.sock")


def _states(*hosts: Host) -> list[list[DomainState]]:
    return [[info.state for info in host.domains()] for host in hosts]


RUNS_THERE: list[list[DomainState]] = [[], [DomainState.RUNNING]]
RUNS_HERE: list[list[DomainState]] = [[DomainState.RUNNING], []]


def test_shared_disks_are_not_copied(
    here: Host, there: Host, options: MigrationOptions, tmp_path: Path
) -> None:
    uuid = token_machine.running(here, "web", tmp_path)
    shared = MigrationOptions(Storage.SHARED, max_downtime_ms=500, via=options.via)
    assert migrate.run(here, there, uuid, shared, Job()).downtime_ms <= 500
    assert _states(here, there) == RUNS_THERE
    assert f"'{tmp_path}/web.qcow2'" in there.domain(uuid).XMLDesc()


def test_a_paused_machine_stays_paused(
    here: Host, there: Host, options: MigrationOptions, tmp_path: Path
) -> None:
    uuid = token_machine.running(here, "web", tmp_path)
    here.domain(uuid).suspend()
    migrate.run(here, there, uuid, MigrationOptions(Storage.SHARED, via=options.via), Job())
    assert _states(here, there) == [[], [DomainState.PAUSED]]


def test_without_a_way_for_the_data_libvirts_own_tunnel_is_taken(
    here: Host, there: Host, tmp_path: Path
) -> None:
    """Nobody knows the names of these computers, so that QEMU finds no QEMU."""
    uuid = token_machine.running(here, "web", tmp_path)
    migrate.run(here, there, uuid, MigrationOptions(Storage.SHARED), Job())
    assert _states(here, there) == RUNS_THERE


def test_disks_that_no_tunnel_carries_stay_where_they_are(
    here: Host, there: Host, other_libvirts: tuple[OtherLibvirt, OtherLibvirt], tmp_path: Path
) -> None:
    folder = other_libvirts[1].make_pool()
    uuid = token_machine.running(here, "web", tmp_path)
    with pytest.raises(OperationError, match="don’t reach each other") as caught:
        migrate.run(here, there, uuid, MigrationOptions(), Job())
    assert "there" in caught.value.details
    assert _states(here, there) == RUNS_HERE
    assert list(folder.iterdir()) == []


@pytest.fixture
def on_the_cable(cable: Cable, libvirt_events: None) -> Iterator[tuple[Host, Host, Path]]:
    """Two hosts that only the cable joins, and where the one there has its disks."""
    with (
        two_libvirts(cable) as (one, other),
        closing(one.open()) as here,
        closing(other.open()) as there,
    ):
        yield here, there, other.make_pool()


def test_a_machine_goes_on_there_with_a_copy_of_its_disk(
    cable: Cable, on_the_cable: tuple[Host, Host, Path], tmp_path: Path
) -> None:
    here, there, folder = on_the_cable
    uuid = token_machine.running(here, "web", tmp_path)
    before = cable.received(1)
    told: list[Progress] = []
    result = migrate.run(here, there, uuid, MigrationOptions(), Job(told.append))
    assert _states(here, there) == RUNS_THERE
    assert cable.received(1) > before + 100 * KIB
    assert result.downtime_ms > 0
    assert any("stays" in note for note in result.notes)
    assert "Migrating" in {progress.text for progress in told}
    there.domain(uuid).destroy()
    assert f"'{folder}/web.qcow2'" in there.domain(uuid).XMLDesc()
    assert token_machine.boot(there, uuid, tmp_path / "log-there") == "token"
    assert (tmp_path / "web.qcow2").exists()


class CancelledOnceTheCableIsPulled(Job):
    """Pulls it while a disk is copied, and cancels when data waits for an answer."""

    def __init__(self, cable: Cable) -> None:
        super().__init__()
        self._cable = cable
        self._is_pulled = False

    def report(self, done: int, total: int, text: str) -> None:
        if done and text == "Migrating":
            if self._is_pulled:
                self.cancel()
            else:
                self._cable.pull()
                self._is_pulled = True
        super().report(done, total, text)


def test_a_network_that_is_gone_holds_up_no_cancel(
    cable: Cable, on_the_cable: tuple[Host, Host, Path], tmp_path: Path
) -> None:
    here, there, folder = on_the_cable
    large = tmp_path / "large.img"
    large.write_bytes(os.urandom(20 * MIB))
    uuid: str = token_machine.define(here, "web", [(large, "raw")]).UUIDString()
    here.domain(uuid).create()
    here.domain(uuid).migrateSetMaxSpeed(1)  # in MiB each second
    job = CancelledOnceTheCableIsPulled(cable)
    with pytest.raises(Cancelled):
        migrate.run(here, there, uuid, MigrationOptions(), job)
    assert _states(here, there) == RUNS_HERE
    assert list(folder.iterdir()) == []


def test_a_temporary_machine_stays_one(
    here: Host, there: Host, options: MigrationOptions, tmp_path: Path
) -> None:
    domain = here.domain(token_machine.running(here, "web", tmp_path))
    domain.undefine()
    uuid = domain.UUIDString()
    migrate.run(here, there, uuid, MigrationOptions(Storage.SHARED, via=options.via), Job())
    assert _states(here, there) == RUNS_THERE
    assert not there.domain(uuid).isPersistent()


@pytest.mark.parametrize("is_named", [False, True], ids=["lost", "named"])
def test_where_one_daemon_cannot_call_the_other_this_program_calls_both(
    here: Host,
    other_libvirts: tuple[OtherLibvirt, OtherLibvirt],
    options: MigrationOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_named: bool,
) -> None:
    def fail(_domain: libvirt.virDomain, uri: str, *_arguments: object) -> None:
        """Say it as libvirt once did."""
        error = libvirt.libvirtError("")
        message = f"Failed to connect to remote libvirt URI {uri}"
        error.err = (libvirt.VIR_ERR_OPERATION_FAILED, libvirt.VIR_FROM_QEMU, message, 2)
        raise error

    uuid = token_machine.running(here, "web", tmp_path)
    helper = tmp_path / "connect"
    with closing(open_remotely(other_libvirts[1].folders, helper)) as there:
        if is_named:
            monkeypatch.setattr(libvirt.virDomain, "migrateToURI3", fail)
        else:
            helper.unlink()
        migrate.run(here, there, uuid, MigrationOptions(Storage.SHARED, via=options.via), Job())
        assert _states(here, there) == RUNS_THERE


def test_a_disk_that_is_not_there_after_all_leaves_it_running_here(
    here: Host, there: Host, options: MigrationOptions, tmp_path: Path
) -> None:
    uuid = token_machine.running(here, "web", tmp_path)
    (tmp_path / "web.qcow2").rename(tmp_path / "elsewhere.qcow2")
    with pytest.raises(OperationError) as caught:
        migrate.run(here, there, uuid, MigrationOptions(Storage.SHARED, via=options.via), Job())
    assert f"{tmp_path}/web.qcow2" in caught.value.summary + caught.value.details
    assert _states(here, there) == RUNS_HERE


class CancelledOnceItMoves(Job):
    """A job that the user cancels when the first data has gone over."""

    def report(self, done: int, total: int, text: str) -> None:
        if text == "Migrating":
            self.cancel()
        super().report(done, total, text)


@pytest.mark.parametrize("is_qemu_told", [True, False])
def test_a_cancel_leaves_it_running_here_and_nothing_there(
    here: Host,
    there: Host,
    other_libvirts: tuple[OtherLibvirt, OtherLibvirt],
    options: MigrationOptions,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    is_qemu_told: bool,
) -> None:
    """Also where libvirt lets this user give QEMU no commands."""
    if not is_qemu_told:
        refuse = refusing(libvirt.VIR_ERR_ACCESS_DENIED)
        monkeypatch.setattr(libvirt_qemu, "qemuMonitorCommand", refuse)
    folder = other_libvirts[1].make_pool()
    uuid = token_machine.running(here, "web", tmp_path)
    here.domain(uuid).migrateSetMaxSpeed(1)  # in MiB each second
    with pytest.raises(Cancelled):
        migrate.run(here, there, uuid, options, CancelledOnceItMoves())
    assert _states(here, there) == RUNS_HERE
    assert list(folder.iterdir()) == []
    here.domain(uuid).destroy()
    assert token_machine.boot(here, uuid, tmp_path / "log-again") == "token"


class KillsTheOther(Job):
    """A job in which the other daemon dies when the first data has gone over."""

    def __init__(self, other: OtherLibvirt) -> None:
        super().__init__()
        self._other = other

    def report(self, done: int, total: int, text: str) -> None:
        if text == "Migrating":
            self._other.kill()
        super().report(done, total, text)


def test_a_daemon_that_dies_there_leaves_it_running_here(
    here: Host,
    there: Host,
    other_libvirts: tuple[OtherLibvirt, OtherLibvirt],
    options: MigrationOptions,
    tmp_path: Path,
) -> None:
    uuid = token_machine.running(here, "web", tmp_path)
    here.domain(uuid).migrateSetMaxSpeed(1)  # in MiB each second
    shared = MigrationOptions(Storage.SHARED, via=options.via)
    with pytest.raises(OperationError):
        migrate.run(here, there, uuid, shared, KillsTheOther(other_libvirts[1]))
    assert _states(here) == RUNS_HERE[:1]


def _obstacles(source: Host, target: Host, uuid: str) -> list[str]:
    found = migrate.survey(source, target, uuid, MigrationOptions(Storage.SHARED), Job())
    return [obstacle.what for obstacle in found.obstacles]


def test_what_prevents_it_is_said_before(here: Host, there: Host, tmp_path: Path) -> None:
    uuid = token_machine.running(here, "web", tmp_path)
    assert _obstacles(here, there, uuid) == []
    assert "Both connections lead to the same computer." in _obstacles(here, here, uuid)
    (without_pool,) = migrate.survey(here, there, uuid, MigrationOptions(), Job()).obstacles
    assert "storage pool" in without_pool.what
    token_machine.define(there, "web", [])
    assert _obstacles(here, there, uuid) == ["The other computer has a machine named “web”."]
    with pytest.raises(OperationError, match="named “web”") as caught:
        migrate.run(here, there, uuid, MigrationOptions(Storage.SHARED), Job())
    assert caught.value.cause is Cause.WRONG_STATE
    here.domain(uuid).destroy()
    assert "The machine is not running." in _obstacles(here, there, uuid)


DEVICES = {
    "<interface type='network'><source network='lab'/></interface>": "has no network “lab”",
    "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/><product id='0xbeef'/>"
    "</source></hostdev>": "uses a device of this computer",
    "<filesystem type='mount'><source dir='/srv'/><target dir='srv'/></filesystem>": "a folder",
}


@pytest.mark.parametrize(("device", "what"), DEVICES.items(), ids=["network", "usb", "folder"])
def test_a_device_that_is_not_there_prevents_it(
    here: Host, there: Host, device: str, what: str
) -> None:
    uuid = token_machine.define(here, "web", [], devices=device).UUIDString()
    assert what in " ".join(_obstacles(here, there, uuid))


def test_a_network_that_is_not_active_there_prevents_it(here: Host, there: Host) -> None:
    card = "<interface type='network'><source network='lab'/></interface>"
    uuid = token_machine.define(here, "web", [], devices=card).UUIDString()
    there.connection.networkDefineXML("<network><name>lab</name><bridge name='vmdq8'/></network>")
    assert "“lab” of the other computer is not active" in " ".join(_obstacles(here, there, uuid))


@pytest.mark.parametrize("downtime", [-1, 0, migrate.MAX_DOWNTIME_MS + 1])
def test_a_downtime_that_can_not_be_is_refused(here: Host, there: Host, downtime: int) -> None:
    uuid = token_machine.define(here, "web", []).UUIDString()
    options = MigrationOptions(max_downtime_ms=downtime)
    with pytest.raises(OperationError, match=str(downtime)) as caught:
        migrate.run(here, there, uuid, options, Job())
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_machine_that_is_there_already_does_not_go(
    here: Host, there: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    domain = token_machine.define(here, "web", [(disk, "qcow2")])
    there.connection.defineXML(domain.XMLDesc())
    domain.snapshotCreateXML("<domainsnapshot><name>before</name></domainsnapshot>")
    found = _obstacles(here, there, domain.UUIDString())
    assert "The other computer has this machine already." in found
    assert "The machine has 1 snapshot." in found


def test_another_kind_of_hypervisor_prevents_it(here: Host) -> None:
    uuid = token_machine.define(here, "web", []).UUIDString()
    with closing(Host("test:///default")) as other:
        other.open()
        assert "another kind of hypervisor" in " ".join(_obstacles(here, other, uuid))


def test_what_changes_for_the_guest_is_said_before(here: Host, there: Host, tmp_path: Path) -> None:
    devices = (
        "<interface type='user'/><disk type='file' device='cdrom'>"
        f"<source file='{tmp_path}/disc.iso'/><target dev='sdz' bus='sata'/></disk>"
    )
    uuid = token_machine.define(here, "web", [], devices=devices).UUIDString()
    notes = migrate.survey(here, there, uuid, MigrationOptions(Storage.SHARED), Job()).notes
    assert "open connections break" in " ".join(notes)
    assert "The disc in sdz stays in only if" in " ".join(notes)


LOCK = "<secret type='passphrase' uuid='11111111-2222-3333-4444-555555555555'/>"
ODD_DISKS = {
    "<driver name='qemu' type='vmdk'/><source file='/srv/x.vmdk'/>": "can’t be copied",
    "<driver name='qemu' type='qcow2'/><source file='/srv/x.qcow2'>"
    f"<encryption format='luks'>{LOCK}</encryption></source>": "is encrypted",
}


@pytest.mark.parametrize(("disk", "what"), ODD_DISKS.items(), ids=["vmdk", "encrypted"])
def test_a_disk_that_cannot_be_copied_prevents_it(
    here: Host, there: Host, disk: str, what: str
) -> None:
    device = f"<disk type='file' device='disk'>{disk}<target dev='vdz' bus='virtio'/></disk>"
    uuid = token_machine.define(here, "web", [], devices=device).UUIDString()
    found = migrate.survey(here, there, uuid, MigrationOptions(), Job())
    assert what in " ".join(obstacle.what for obstacle in found.obstacles)


def test_a_disk_in_the_network_is_seen_by_both(here: Host, there: Host) -> None:
    device = (
        "<disk type='network' device='disk'><driver name='qemu' type='raw'/>"
        "<source protocol='nbd' name='web'><host name='storage.invalid' port='10809'/></source>"
        "<target dev='vdz' bus='virtio'/></disk>"
    )
    uuid = token_machine.define(here, "web", [], devices=device).UUIDString()
    found = migrate.survey(here, there, uuid, MigrationOptions(), Job())
    assert [obstacle.what for obstacle in found.obstacles] == ["The machine is not running."]
    assert found.storage.copied == ()


def test_a_cpu_that_the_other_host_has_not_prevents_it(here: Host, there: Host) -> None:
    xml = token_machine.define(here, "web", []).XMLDesc()
    # No emulation has all that this one has.
    cpu = "<cpu mode='custom' match='exact'><model fallback='forbid'>Snowridge</model></cpu>"
    before, _old, after = xml.partition("<cpu mode='maximum' check='none'/>")
    uuid = here.connection.defineXML(before + cpu + after).UUIDString()
    assert "processor lacks" in " ".join(_obstacles(here, there, uuid))


def test_a_cpu_that_libvirt_does_not_know_is_an_error_in_its_words(here: Host, there: Host) -> None:
    xml = token_machine.define(here, "web", []).XMLDesc()
    before, _old, after = xml.partition("<cpu mode='maximum' check='none'/>")
    cpu = "<cpu mode='custom' match='exact'><model fallback='forbid'>Abacus</model></cpu>"
    uuid = here.connection.defineXML(before + cpu + after).UUIDString()
    with pytest.raises(OperationError) as caught:
        _obstacles(here, there, uuid)
    assert "Abacus" in caught.value.details
