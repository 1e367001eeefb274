"""Machines that are copied or moved to another libvirt: whole there, or as if nothing had been."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.core.operations import token_machine
from tests.core.operations.cancelled_at import CancelledAt
from tests.other_libvirt import OtherLibvirt, open_remotely
from vmdesk.core import staging
from vmdesk.core.domain import guest_state
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import MIB
from vmdesk.core.host import DomainInfo, Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.operations import clear_up, incoming, placing, transfer
from vmdesk.core.operations.transfer import TransferOptions

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def here(private_host: Host) -> Host:
    return private_host


@pytest.fixture
def other(other_libvirts: tuple[OtherLibvirt, OtherLibvirt]) -> OtherLibvirt:
    return other_libvirts[1]


@pytest.fixture
def pool(other: OtherLibvirt) -> Path:
    return other.make_pool()


@pytest.fixture
def there(other: OtherLibvirt) -> Iterator[Host]:
    with closing(other.open()) as host:
        yield host


@pytest.fixture
def uuid(here: Host, tmp_path: Path) -> str:
    """A machine with a qcow2 and a raw disk."""
    first = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    second = token_machine.make_raw(tmp_path / "more.raw", "more", 64 * MIB)
    disks = [(first, "qcow2"), (second, "raw")]
    found: str = token_machine.define(here, "web", disks).UUIDString()
    return found


@pytest.fixture
def options(tmp_path: Path) -> TransferOptions:
    return TransferOptions(tmp_path / "disks", pool="default")


def _macs(host: Host, uuid: str) -> str:
    description: str = host.domain(uuid).XMLDesc()
    return description.partition("<mac address='")[2][:17]


@pytest.fixture
def is_untouched(here: Host, uuid: str, tmp_path: Path) -> Callable[[], bool]:
    """Tell whether everything here is as it was before."""

    def state() -> tuple[list[DomainInfo], str, dict[str, bytes]]:
        files = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.is_file()}
        return here.domains(), here.domain(uuid).XMLDesc(), files

    before = state()
    return lambda: state() == before


def test_a_copy_is_there_with_an_identity_of_its_own(
    here: Host,
    there: Host,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
    tmp_path: Path,
) -> None:
    done = transfer.copy(here, there, uuid, options, Job())
    assert is_untouched()
    assert [(info.name, info.uuid) for info in there.domains()] == [("web", done.uuid)]
    assert done.uuid != uuid
    assert _macs(there, done.uuid) != _macs(here, uuid)
    assert done.files == (pool / "web.qcow2", pool / "web-vdb.raw")
    assert all(path.stat().st_blocks * 512 < 4 * MIB for path in done.files)
    assert done.files[1].read_bytes() == (tmp_path / "more.raw").read_bytes()
    assert list(options.folder.iterdir()) == []
    assert token_machine.boot(there, done.uuid, tmp_path / "log") == "token"


def test_a_second_copy_gets_another_name(
    here: Host, there: Host, uuid: str, pool: Path, options: TransferOptions
) -> None:
    transfer.copy(here, there, uuid, options, Job())
    assert transfer.copy(here, there, uuid, options, Job()).name == "web-2"
    assert {path.name for path in pool.iterdir()} == {
        "web.qcow2", "web-vdb.raw", "web-2.qcow2", "web-2-vdb.raw",
    }  # fmt: skip


def test_a_move_keeps_the_identity_and_leaves_nothing_here(
    here: Host,
    there: Host,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    tmp_path: Path,
) -> None:
    mac = _macs(here, uuid)
    done = transfer.move(here, there, uuid, options, Job())
    assert here.domains() == []
    assert not (tmp_path / "web.qcow2").exists()
    assert not (tmp_path / "more.raw").exists()
    assert done.kept == ()
    assert (done.uuid, done.name, _macs(there, uuid)) == (uuid, "web", mac)
    assert token_machine.boot(there, uuid, tmp_path / "log") == "token"


def test_a_machine_comes_from_the_pool_of_one_computer_into_a_folder_of_this_one(
    here: Host,
    there: Host,
    other: OtherLibvirt,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    tmp_path: Path,
) -> None:
    """As from a system instance: what only that libvirt can read comes through its streams."""
    transfer.move(here, there, uuid, options, Job())
    back = TransferOptions(tmp_path / "back", name="again")
    with closing(open_remotely(other.folders, tmp_path / "connect")) as elsewhere:
        done = transfer.move(elsewhere, here, uuid, back, Job())
    assert (there.domains(), list(pool.iterdir())) == ([], [])
    assert done.files == (tmp_path / "back/again.qcow2", tmp_path / "back/again-vdb.raw")
    assert token_machine.boot(here, uuid, tmp_path / "log") == "token"


@pytest.mark.parametrize("work", [transfer.copy, transfer.move])
def test_a_cancel_at_any_moment_leaves_it_whole_here_and_nothing_there(
    here: Host,
    there: Host,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
    work: Callable[[Host, Host, str, TransferOptions, Job], object],
) -> None:
    counting = CancelledAt(0)
    transfer.copy(here, there, uuid, options, counting)
    (copied,) = there.domains()
    token_machine.delete(there, copied.uuid)
    for part in (0.1, 0.3, 0.5, 0.7, 0.9, 1):
        with pytest.raises(Cancelled):
            work(here, there, uuid, options, CancelledAt(round(part * counting.seen)))
        assert is_untouched()
        assert there.domains() == []
        assert list(pool.iterdir()) == []
    assert list(options.folder.iterdir()) == []


class KillsTheOther(Job):
    """A job in the middle of which the other daemon dies."""

    def __init__(self, other: OtherLibvirt) -> None:
        super().__init__()
        self._other = other

    def report(self, done: int, total: int, text: str) -> None:
        if text == "Copying the disks" and done > total // 2:
            self._other.kill(signal.SIGKILL)
        super().report(done, total, text)


@pytest.mark.parametrize("work", [transfer.copy, transfer.move])
def test_a_daemon_that_dies_in_the_middle_has_nothing_once_it_is_back(
    here: Host,
    there: Host,
    other: OtherLibvirt,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
    work: Callable[[Host, Host, str, TransferOptions, Job], object],
) -> None:
    with pytest.raises(OperationError):
        work(here, there, uuid, options, KillsTheOther(other))
    assert is_untouched()
    other.start()
    with closing(other.open()) as again:
        clear_up.run(again, Job())
        assert again.domains() == []
    assert list(pool.iterdir()) == []
    assert list(options.folder.iterdir()) == []


@pytest.fixture
def small(other: OtherLibvirt, mounts: Path) -> Path:
    """The folder of a pool, ``full``, on a small file system there."""
    return other.make_pool("full", mounts / "full")


def test_a_full_disk_there_is_said_and_nothing_is_left(
    here: Host,
    there: Host,
    small: Path,
    uuid: str,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
) -> None:
    before = set(small.iterdir())
    filler = small / "filler"
    room = os.statvfs(small)
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - MIB)
    full = TransferOptions(options.folder, pool="full")
    try:
        with pytest.raises(OperationError, match="not enough room"):
            transfer.move(here, there, uuid, full, Job())
        assert set(small.iterdir()) - before == {filler}
    finally:
        filler.unlink()
    assert is_untouched()
    assert there.domains() == []


def test_a_disk_that_fills_up_meanwhile_leaves_nothing_either(
    here: Host,
    there: Host,
    other: OtherLibvirt,
    small: Path,
    uuid: str,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
) -> None:
    filler = small / "filler"
    there.connection.setKeepAlive(1, 2)  # libvirt 9.0 may fall silent where the disk is full

    class Filling(Job):
        def report(self, done: int, total: int, text: str) -> None:
            if text == "Copying the disks" and not filler.exists():
                room = os.statvfs(small)
                with filler.open("wb") as file:
                    os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize - 64 * 1024)
            super().report(done, total, text)

    full = TransferOptions(options.folder, pool="full")
    before = set(small.iterdir())
    try:
        with pytest.raises(OperationError) as caught:
            transfer.move(here, there, uuid, full, Filling())
        assert "room" in caught.value.summary + caught.value.hint
        with closing(other.open()) as again:
            clear_up.run(again, Job())
            assert again.domains() == []
        assert set(small.iterdir()) - before == {filler}
    finally:
        filler.unlink(missing_ok=True)
    assert is_untouched()


def test_a_move_that_would_lose_something_asks_first(
    here: Host, there: Host, pool: Path, options: TransferOptions, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "usb.qcow2", "token")
    usb = (
        "<hostdev mode='subsystem' type='usb'><source><vendor id='0x1234'/>"
        "<product id='0xbeef'/></source></hostdev>"
    )
    uuid = token_machine.define(here, "usb", [(disk, "qcow2")], devices=usb).UUIDString()
    with pytest.raises(OperationError, match="not be whole") as caught:
        transfer.move(here, there, uuid, options, Job())
    assert "hostdev" in caught.value.details
    assert here.domain_info(uuid) is not None
    agreed = TransferOptions(options.folder, "default", accepts_losses=True)
    done = transfer.move(here, there, uuid, agreed, Job())
    assert any("hostdev" in loss for loss in done.losses)
    assert here.domains() == []


def test_a_machine_that_runs_is_refused(
    here: Host, there: Host, uuid: str, pool: Path, options: TransferOptions
) -> None:
    here.domain(uuid).create()
    for work in (transfer.copy, transfer.move):
        with pytest.raises(OperationError, match="running") as caught:
            work(here, there, uuid, options, Job())
        assert caught.value.cause is Cause.WRONG_STATE
    assert there.domains() == []


def test_a_disk_that_changes_meanwhile_is_not_taken(
    here: Host, there: Host, uuid: str, pool: Path, options: TransferOptions, tmp_path: Path
) -> None:
    class Writing(Job):
        def report(self, done: int, total: int, text: str) -> None:
            if text == "Copying the disks":
                with (tmp_path / "more.raw").open("r+b") as file:
                    file.write(b"other")
            super().report(done, total, text)

    with pytest.raises(OperationError, match="changed"):
        transfer.move(here, there, uuid, options, Writing())
    assert here.domain_info(uuid) is not None
    assert (there.domains(), list(pool.iterdir())) == ([], [])


def test_a_move_to_itself_is_refused(here: Host, uuid: str, options: TransferOptions) -> None:
    with pytest.raises(OperationError, match="there already"):
        transfer.move(here, here, uuid, options, Job())
    assert here.domain_info(uuid) is not None
    assert staging.sweep(here.uri, lambda _uuid: True) == ()


@pytest.mark.parametrize("is_gone", [True, False])
def test_a_disk_there_that_is_not_what_was_sent_ends_a_move(
    here: Host,
    there: Host,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
    monkeypatch: pytest.MonkeyPatch,
    is_gone: bool,
) -> None:
    put = placing.put_pieces

    def put_and_spoil(*arguments: Any) -> Path:
        path = put(*arguments)
        if is_gone:
            there.connection.storageVolLookupByPath(str(path)).delete()
        else:
            with path.open("r+b") as file:
                file.write(b"other")
        return path

    monkeypatch.setattr(placing, "put_pieces", put_and_spoil)
    with pytest.raises(OperationError, match="there is not what the one here is"):
        transfer.move(here, there, uuid, options, Job())
    assert is_untouched()
    assert (there.domains(), list(pool.iterdir())) == ([], [])


@pytest.fixture
def once_it_is_there(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Have something happen between the definition there and the look at it."""

    def arrange(deed: Callable[[], object]) -> None:
        define = incoming.define

        def define_and_do(*arguments: Any) -> None:
            define(*arguments)
            deed()

        monkeypatch.setattr(incoming, "define", define_and_do)

    return arrange


def test_a_machine_that_is_removed_there_at_once_stays_here(
    here: Host,
    there: Host,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    is_untouched: Callable[[], bool],
    once_it_is_there: Callable[[Callable[[], object]], None],
) -> None:
    once_it_is_there(lambda: there.domain(uuid).undefine())
    with pytest.raises(OperationError, match="“web” is not there") as caught:
        transfer.move(here, there, uuid, options, Job())
    assert "as it was" in caught.value.hint
    assert is_untouched()


def test_a_machine_that_is_started_here_at_the_end_is_there_twice_and_that_is_said(
    here: Host,
    there: Host,
    uuid: str,
    pool: Path,
    options: TransferOptions,
    once_it_is_there: Callable[[Callable[[], object]], None],
    tmp_path: Path,
) -> None:
    once_it_is_there(lambda: here.domain(uuid).create())
    with pytest.raises(OperationError, match="the one here could not be removed") as caught:
        transfer.move(here, there, uuid, options, Job())
    assert "Start only one" in caught.value.hint
    assert "running" in caught.value.details
    assert [info.uuid for host in (here, there) for info in host.domains()] == [uuid, uuid]
    assert (tmp_path / "web.qcow2").exists()


def test_uefi_variables_go_along(
    here: Host, there: Host, pool: Path, options: TransferOptions, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "uefi.qcow2", "token")
    domain = token_machine.define(here, "uefi", [(disk, "qcow2")], "efi")
    uuid = domain.UUIDString()
    domain.create()  # libvirt makes them at the first start
    domain.destroy()
    own = guest_state.nvram_path(here.uri, DomainXml.parse(domain.XMLDesc()))
    assert own is not None
    data = own.read_bytes()
    done = transfer.move(here, there, uuid, options, Job())
    path = pool / f"{uuid}_VARS.fd"
    assert path in done.files
    assert path.read_bytes() == data
    assert f"{path}</nvram>" in there.domain(uuid).XMLDesc()


def test_snapshots_and_what_a_tpm_keeps_are_told_as_losses(
    here: Host, there: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "kept.qcow2", "token")
    device = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    domain = token_machine.define(here, "kept", [(disk, "qcow2")], devices=device)
    domain.snapshotCreateXML("<domainsnapshot><name>before</name></domainsnapshot>")
    losses = transfer.survey(here, there, domain.UUIDString(), Job()).losses
    assert "its 1 snapshot" in losses
    assert any("TPM" in loss for loss in losses)


def test_a_machine_that_is_saved_is_refused(here: Host, there: Host, uuid: str) -> None:
    here.domain(uuid).create()
    here.domain(uuid).managedSave()
    with pytest.raises(OperationError, match="saved in the middle of its work") as caught:
        transfer.survey(here, there, uuid, Job())
    assert caught.value.cause is Cause.WRONG_STATE
