"""The connection keeps the list true: at first, by events, and after a loss."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.conftest import PrivateLibvirt
from vmdesk.connection import Connection, ConnectionState
from vmdesk.core.host import DomainState, Host
from vmdesk.models.domain_list_model import DomainListModel, DomainRole
from vmdesk.tasks import TaskRunner


class Window(QObject):
    """What a connection needs around it."""

    def __init__(self, uri: str) -> None:
        super().__init__()
        self.host = Host(uri)
        self.queries = TaskRunner(1, self)
        self.domains = DomainListModel(parent=self)
        self.connection = Connection(self.host, self.queries, self.domains, self)


@pytest.fixture
def window(qtbot: QtBot, libvirt_events: None) -> Iterator[Window]:
    window = Window("test:///default")
    with qtbot.waitSignals([window.connection.changed, window.connection.changed]):
        window.connection.connect_now()
    yield window
    window.connection.close()
    window.queries.shut_down()
    window.host.close()


def test_connecting_lists_every_domain(window: Window) -> None:
    assert window.connection.status.state is ConnectionState.CONNECTED
    assert [row.domain.name for row in window.domains.rows()] == ["test"]


def test_a_change_from_outside_changes_the_row(qtbot: QtBot, window: Window) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    with qtbot.waitSignal(window.domains.dataChanged):
        window.queries.start("Pause", lambda _job: window.host.domain(uuid).suspend())
    assert window.domains.index(0).data(DomainRole.STATE) is DomainState.PAUSED


def test_a_state_that_an_event_tells_is_shown_before_libvirt_is_asked(
    qtbot: QtBot, window: Window
) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    domain = window.host.domain(uuid)
    go = threading.Event()
    window.queries.start("Keep the thread busy", lambda _job: go.wait(5))
    try:
        for change, state in (
            (domain.suspend, DomainState.PAUSED),
            (domain.resume, DomainState.RUNNING),
        ):
            with qtbot.waitSignal(window.domains.dataChanged):
                change()
            assert window.domains.index(0).data(DomainRole.STATE) is state
        domain.destroy()
    finally:
        with qtbot.waitSignal(window.connection.domain_changed):
            go.set()
    assert window.domains.index(0).data(DomainRole.STATE) is DomainState.SHUTOFF


def test_a_look_that_is_older_than_an_event_does_not_take_back_what_that_told(
    qtbot: QtBot, window: Window
) -> None:
    (old,) = window.host.domains()
    index = window.domains.index(0)
    with qtbot.waitSignal(window.domains.dataChanged):
        window.host.domain(old.uuid).suspend()
    window.connection._update(old.uuid, old)
    assert index.data(DomainRole.STATE) is DomainState.PAUSED
    with qtbot.waitSignal(window.connection.domain_changed):
        pass
    assert index.data(DomainRole.STATE) is DomainState.PAUSED


def test_a_burst_of_states_is_one_look(qtbot: QtBot, window: Window) -> None:
    domain = window.host.domain(window.domains.rows()[0].domain.uuid)
    started: list[object] = []
    window.queries.started.connect(started.append)
    with qtbot.waitSignal(window.connection.domain_changed):
        for _ in range(5):
            domain.suspend()
            domain.resume()
    assert len(started) == 1


def test_a_machine_that_is_off_is_looked_at_as_soon_as_an_event_tells_more(
    window: Window,
) -> None:
    (info,) = window.host.domains()
    window.domains.update(info.uuid, replace(info, state=DomainState.SHUTOFF))
    started: list[object] = []
    window.queries.started.connect(started.append)
    window.connection._hear(info.uuid, DomainState.RUNNING)
    assert len(started) == 1


def test_a_burst_of_events_for_one_domain_is_one_look(qtbot: QtBot, window: Window) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    started: list[object] = []
    go = threading.Event()
    window.queries.start("Keep the thread busy", lambda _job: go.wait(5))
    window.queries.started.connect(started.append)
    for _ in range(100):
        window.connection.refresh(uuid)
    with qtbot.waitSignal(window.connection.domain_changed):
        go.set()
    assert len(started) == 1


def test_a_connection_that_can_not_be_made_is_tried_again_with_growing_pauses(
    qtbot: QtBot, libvirt_events: None
) -> None:
    window = Window("test:///no/such/file.xml")
    pauses: list[float | None] = []
    window.connection.changed.connect(lambda status: pauses.append(status.retry_in))
    window.connection.connect_now()
    qtbot.waitUntil(lambda: len(pauses) >= 3)
    assert window.connection.status.state is ConnectionState.LOST
    assert window.connection.status.error is not None
    assert pauses[:3] == [None, 0.5, 1.0]
    window.connection.close()
    window.queries.shut_down()


@pytest.mark.hypervisor
def test_a_killed_daemon_is_seen_and_come_back_to(
    qtbot: QtBot, private_libvirt: PrivateLibvirt, libvirt_events: None
) -> None:
    window = Window(private_libvirt.uri)
    with qtbot.waitSignals([window.connection.changed, window.connection.changed]):
        window.connection.connect_now()
    states: list[ConnectionState] = []
    window.connection.changed.connect(lambda status: states.append(status.state))
    private_libvirt.kill_daemon()
    qtbot.waitUntil(lambda: states[-1:] == [ConnectionState.CONNECTED], timeout=15000)
    assert states[0] is ConnectionState.LOST
    window.connection.close()
    window.queries.shut_down()
    window.host.close()


EVENTS_IN_QTS_LOOP = """
import threading

import libvirt
from PySide6.QtCore import QCoreApplication, QTimer

from vmdesk.connection import drive_events
from vmdesk.core import events

events.register()
app = QCoreApplication([])
drive_events(app)
connection = libvirt.open("test:///default")
seen = 0

def told(*_details):
    global seen
    seen += 1
    if seen == 20:
        app.quit()

connection.domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, told, None)
domain = connection.lookupByName("test")
actions = iter([domain.suspend, domain.resume] * 10)
timer = QTimer(app)
timer.timeout.connect(lambda: next(actions, timer.stop)())
timer.start(5)
QTimer.singleShot(20_000, app.quit)
app.exec()
print(seen, "libvirt events" in [thread.name for thread in threading.enumerate()])
"""


@pytest.mark.parametrize(
    ("without_glib", "printed"), [(False, "20 False"), (True, "20 True")], ids=["GLib", "no GLib"]
)
def test_no_event_is_lost_whoever_drives_the_loop(without_glib: bool, printed: str) -> None:
    environment = dict(os.environ)
    if not without_glib:
        del environment["QT_NO_GLIB"]
    done = subprocess.run(
        [sys.executable, "-c", EVENTS_IN_QTS_LOOP],
        check=True,
        capture_output=True,
        text=True,
        env=environment,
    )
    assert done.stdout.strip() == printed
