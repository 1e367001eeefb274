"""The connection to libvirt: listing, looking up, events and loss."""

import socket
import threading
from pathlib import Path

import libvirt
import pytest

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.refusals import refusing
from vmdesk.core.ask_tools import Asking
from vmdesk.core.host import DomainState, Host
from vmdesk.core.job import Cause, OperationError

DOMAIN = """
<domain type='test'>
  <name>{name}</name>
  <memory unit='MiB'>64</memory>
  <vcpu>2</vcpu>
  <os><type>hvm</type></os>
</domain>
"""


def test_it_lists_every_domain_running_or_not(test_host: Host) -> None:
    test_host.connection.defineXML(DOMAIN.format(name="idle"))
    infos = {info.name: info for info in test_host.domains()}
    assert infos["test"].state is DomainState.RUNNING
    assert infos["idle"].state is DomainState.SHUTOFF
    assert infos["idle"].id == -1
    assert infos["idle"].max_memory == 64 * 1024
    assert infos["idle"].vcpus == 2


def test_it_tells_of_each_domain_what_it_tells_of_one(test_host: Host) -> None:
    test_host.connection.defineXML(DOMAIN.format(name="saved")).create()
    test_host.connection.lookupByName("saved").managedSave()
    test_host.connection.createXML(DOMAIN.format(name="passing"))
    infos = {info.name: info for info in test_host.domains()}
    assert infos["saved"].has_managed_save
    assert not infos["passing"].is_persistent
    assert infos["test"].is_persistent
    assert not infos["test"].has_managed_save
    for info in infos.values():
        assert test_host.domain_info(info.uuid) == info


def test_a_domain_is_found_by_name_and_by_uuid(test_host: Host) -> None:
    by_name = test_host.lookup("test")
    assert test_host.lookup(by_name.uuid) == by_name


@pytest.mark.parametrize("name", ["nobody", "11111111-2222-3333-4444-555555555555"])
def test_looking_up_nobody_is_not_found(test_host: Host, name: str) -> None:
    with pytest.raises(OperationError, match=name) as caught:
        test_host.lookup(name)
    assert caught.value.cause is Cause.NOT_FOUND


def test_a_domain_that_is_gone_has_no_info(test_host: Host) -> None:
    domain = test_host.connection.defineXML(DOMAIN.format(name="brief"))
    uuid = domain.UUIDString()
    domain.undefine()
    assert test_host.domain_info(uuid) is None


def test_a_change_from_outside_is_told_by_its_uuid_and_with_what_is_certain(
    libvirt_events: None,
) -> None:
    told: list[tuple[str, DomainState | None]] = []
    arrived = threading.Event()

    def on_domain(uuid: str, state: DomainState | None) -> None:
        told.append((uuid, state))
        if len(told) == 3:
            arrived.set()

    host = Host("test:///default")
    host.open(on_domain)
    try:
        info = host.lookup("test")
        domain = host.domain(info.uuid)
        domain.suspend()
        domain.resume()
        domain.destroy()
        assert arrived.wait(5)
        states = (DomainState.PAUSED, DomainState.RUNNING, None)
        assert told == [(info.uuid, state) for state in states]
    finally:
        host.close()


def test_without_a_connection_every_question_is_an_error_in_words() -> None:
    with pytest.raises(OperationError, match="no connection"):
        Host("test:///default").domains()


def test_an_address_that_libvirt_refuses_is_an_error_in_words(libvirt_events: None) -> None:
    with pytest.raises(OperationError):
        Host("nonsense:///").open()


def test_a_host_is_open_until_it_is_closed(libvirt_events: None) -> None:
    host = Host("test:///default")
    seen = [host.is_open]
    host.open()
    seen.append(host.is_open)
    host.close()
    assert [*seen, host.is_open] == [False, True, False]


@pytest.mark.parametrize("name", ["setKeepAlive", "registerCloseCallback"])
def test_a_connection_whose_end_would_not_be_told_is_none(
    libvirt_events: None, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    still_used: list[int] = []
    close = libvirt.virConnect.close

    def closing(connection: libvirt.virConnect) -> None:
        still_used.append(close(connection))

    refuse = refusing(libvirt.VIR_ERR_OPERATION_FAILED, "no events")
    monkeypatch.setattr(libvirt.virConnect, name, refuse)
    monkeypatch.setattr(libvirt.virConnect, "close", closing)
    host = Host("test:///default")
    with pytest.raises(OperationError) as caught:
        host.open()
    assert caught.value.details == "no events"
    assert not host.is_open
    assert still_used == [0], "subscriptions would hold it for as long as vmdesk runs"


def test_another_computer_is_reached_by_the_program_that_is_given(
    tmp_path: Path, libvirt_events: None
) -> None:
    ssh = tmp_path / "our ssh"
    # Like ssh, it takes the first words of libvirt before it gives up.
    ssh.write_text('#!/bin/sh\nhead -c 4 >/dev/null\necho "$*" >"$0.log"\nexit 255\n')
    ssh.chmod(0o700)
    with pytest.raises(OperationError):
        Host("qemu+ssh://anna@lab/system", Asking(ssh)).open()
    assert "anna" in (tmp_path / "our ssh.log").read_text()


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (libvirt.virConnect, "lookupByName"),
        (libvirt.virDomain, "info"),
        (libvirt.virDomain, "metadata"),
    ],
)
def test_a_domain_that_libvirt_can_not_tell_of_is_not_taken_for_gone(
    test_host: Host, monkeypatch: pytest.MonkeyPatch, kind: type, name: str
) -> None:
    refuse = refusing(libvirt.VIR_ERR_OPERATION_TIMEOUT, "cannot acquire state change lock")
    monkeypatch.setattr(kind, name, refuse)
    with pytest.raises(OperationError) as caught:
        test_host.lookup("test")
    assert caught.value.cause is not Cause.NOT_FOUND
    assert caught.value.details == "cannot acquire state change lock"


@pytest.mark.parametrize("code", [libvirt.VIR_ERR_NO_DOMAIN_METADATA, libvirt.VIR_ERR_NO_SUPPORT])
def test_a_domain_without_notes_is_listed_without_one(
    test_host: Host, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    monkeypatch.setattr(libvirt.virDomain, "metadata", refusing(code))
    assert [(info.name, info.note) for info in test_host.domains()] == [("test", "")]


@pytest.mark.hypervisor
def test_a_killed_daemon_is_noticed_and_can_be_reached_again(
    private_libvirt: PrivateLibvirt, libvirt_events: None
) -> None:
    closed = threading.Event()
    host = Host(private_libvirt.uri)
    host.open(on_closed=closed.set)
    private_libvirt.kill_daemon()
    assert closed.wait(5)
    with pytest.raises(OperationError, match="lost"):
        host.domains()
    host.close()
    host.open()
    assert host.domains() == []
    host.close()


@pytest.mark.hypervisor
def test_a_daemon_that_ends_just_now_is_tried_once_more(
    private_host: Host, tmp_path: Path, libvirt_events: None
) -> None:
    daemon = FOLDERS["XDG_RUNTIME_DIR"] / "libvirt/libvirt-sock"
    front = tmp_path / "front"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(front))
        server.listen()

        def go_and_hang_up() -> None:
            # First the name: whoever comes back at once would wait where nobody accepts any more.
            with server.accept()[0]:
                front.unlink()
                front.symlink_to(daemon)

        thread = threading.Thread(target=go_and_hang_up)
        thread.start()
        host = Host(f"qemu+unix:///session?socket={front}")
        host.open()
        thread.join()
    assert host.domains() == []
    host.close()
