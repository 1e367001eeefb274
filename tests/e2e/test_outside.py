"""What others do shows at once, and a lost daemon shows and is come back to."""

import threading
import time
from collections.abc import Callable
from statistics import median

import pytest
from pytestqt.qtbot import QtBot

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.operations import small_machine
from tests.e2e.person import Person
from vmdesk.controller import Controller
from vmdesk.core.host import Host
from vmdesk.models.domain_list_model import DomainRole

pytestmark = pytest.mark.hypervisor

NAME = "small"
SOON = 0.4
"""Seconds: many times what it takes, and less than the median of asking each second."""


@pytest.fixture
def machine(private_host: Host, person: Person) -> str:
    """A machine that runs, made by somebody else."""
    domain = small_machine.define(private_host, FOLDERS["XDG_DATA_HOME"], name=NAME)
    domain.create()
    person.wait_for_state(NAME, "Running")
    return str(domain.UUIDString())


def delay_of(person: Person, private_libvirt: PrivateLibvirt, command: str, text: str) -> float:
    """Let virsh do something; return the seconds from its end until the row says ``text``.

    virsh ends a moment after the change itself, so that the figure can be negative.
    """
    shown_at: list[float] = []
    done_at: list[float] = []

    def act() -> None:
        private_libvirt.virsh(command, NAME)
        done_at.append(time.monotonic())

    def note(*_change: object) -> None:
        if not shown_at and person.row(NAME).data(DomainRole.STATE_TEXT) == text:
            shown_at.append(time.monotonic())

    model = person.window.machines.proxy
    model.dataChanged.connect(note)
    outsider = threading.Thread(target=act)
    outsider.start()
    person.wait(lambda: bool(shown_at and done_at), f"{command} to show")
    outsider.join()
    model.dataChanged.disconnect(note)
    return shown_at[0] - done_at[0]


def test_what_virsh_does_shows_at_once(
    person: Person,
    private_libvirt: PrivateLibvirt,
    machine: str,
    record_property: Callable[[str, object], None],
) -> None:
    delays = [
        delay_of(person, private_libvirt, command, text)
        for command, text in (("suspend", "Paused"), ("resume", "Running")) * 5
    ]
    print(f"from the end of virsh to the row: {max(delays) * 1000:.0f} ms at most")
    record_property("longest_delay_ms", round(max(delays) * 1000))
    assert median(delays) < SOON


def test_a_machine_made_and_deleted_outside_comes_and_goes(
    person: Person, private_host: Host
) -> None:
    domain = small_machine.define(private_host, FOLDERS["XDG_DATA_HOME"], name=NAME)
    person.wait_for_state(NAME, "Off")
    domain.undefine()
    person.wait(lambda: not person.row(NAME).isValid(), "the row to go")


def test_a_killed_daemon_shows_and_no_row_lies_until_it_is_back(
    person: Person, controller: Controller, private_libvirt: PrivateLibvirt, machine: str
) -> None:
    banner = person.window.notices.banner
    seen: list[tuple[bool, object]] = []

    def look() -> None:
        state = person.row(NAME).data(DomainRole.STATE_TEXT)
        seen.append((banner.isVisible(), state))

    controller.connection_changed.connect(look)
    private_libvirt.kill_daemon()
    person.wait(lambda: len(seen) > 1 and not banner.isVisible(), "the connection to come back")
    assert seen[0] == (True, "Unknown")
    assert controller.home.is_connected
    person.wait_for_state(NAME, "Running")
    private_libvirt.virsh("suspend", NAME)
    person.wait_for_state(NAME, "Paused")


def test_a_daemon_that_can_not_be_reached_is_a_page_of_its_own(
    qtbot: QtBot, person: Person, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    person.wait(
        lambda: person.window.pages.currentWidget() is person.window.empty, "the first list"
    )
    controller.home.host.uri = "qemu+unix:///session?socket=/nowhere/libvirt-sock"
    controller.reconnect()
    person.wait(
        lambda: person.window.pages.currentWidget() is person.window.broken, "the page to come"
    )
    controller.home.host.uri = "qemu:///session"
    person.wait(
        lambda: person.window.pages.currentWidget() is person.window.empty, "the list to be back"
    )
