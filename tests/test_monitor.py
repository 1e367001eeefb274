"""Watching: what is shown and nothing else, from real QEMU."""

import itertools
from collections.abc import Iterator
from dataclasses import replace
from threading import Event

import pytest
from PySide6.QtCore import QObject, QSize, Qt, QTimer
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.conftest import FOLDERS
from tests.core.operations import small_machine
from vmdesk import monitor
from vmdesk.core import screenshot
from vmdesk.core.host import DomainState, Host
from vmdesk.core.statistics import Sample
from vmdesk.models.domain_list_model import DomainListModel, DomainRole
from vmdesk.monitor import Monitor
from vmdesk.pictures import LARGE, SMALL


class Window(QObject):
    """What a monitor needs around it."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.host = host
        self.domains = DomainListModel(parent=self)
        self.domains.set_all(host.domains())
        self.monitor = Monitor(host, self.domains, self)


@pytest.fixture
def window(qtbot: QtBot, test_host: Host) -> Iterator[Window]:
    window = Window(test_host)
    yield window
    window.monitor.shut_down()


def test_the_selected_domain_gets_a_picture(qtbot: QtBot, window: Window) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_watching(True)
    with qtbot.waitSignal(window.domains.dataChanged):
        window.monitor.set_in_sight([], uuid)
    picture = window.domains.index(0).data(DomainRole.PICTURE)
    assert isinstance(picture, QImage)
    assert not picture.isNull()


def test_no_picture_is_taken_of_a_domain_that_is_off(qtbot: QtBot, window: Window) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    window.host.domain(uuid).destroy()
    window.domains.set_all(window.host.domains())
    window.monitor.set_watching(True)
    started: list[object] = []
    window.monitor.runner.started.connect(started.append)
    window.monitor.set_in_sight([uuid], uuid)
    assert started == []


def screen_file(width: int, height: int) -> bytes:
    return f"P6 {width} {height} 255 ".encode() + bytes(width * height * 3)


def watch_screen(window: Window, width: int, height: int, monkeypatch: pytest.MonkeyPatch) -> str:
    """Watch a machine in sight whose screen has this size and stands still; return its UUID."""
    file = screen_file(width, height)
    monkeypatch.setattr(screenshot, "take", lambda _host, _uuid: file)
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_in_sight([uuid], "")
    window.monitor.set_watching(True)
    return uuid


def size_when(qtbot: QtBot, window: Window, in_sight: list[str], selected: str) -> QSize:
    window.monitor.set_in_sight(in_sight, selected)
    qtbot.waitUntil(lambda: not window.monitor.is_looking)
    picture = window.domains.index(0).data(DomainRole.PICTURE)
    assert isinstance(picture, QImage)
    return picture.size()


def test_only_the_selected_domain_has_a_large_picture(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    uuid = watch_screen(window, 1600, 1000, monkeypatch)
    assert size_when(qtbot, window, [uuid], "") == SMALL
    assert size_when(qtbot, window, [uuid], uuid) == LARGE
    assert size_when(qtbot, window, [], "") == SMALL, "also where nobody sees it any more"


def test_a_large_picture_that_comes_late_is_made_small(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_let = Event()

    def take(_host: Host, _uuid: str) -> bytes:
        assert is_let.wait(60)
        return screen_file(1600, 1000)

    monkeypatch.setattr(screenshot, "take", take)
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_watching(True)
    window.monitor.set_in_sight([uuid], uuid)
    window.monitor.set_in_sight([uuid], "")
    is_let.set()
    assert size_when(qtbot, window, [uuid], "") == SMALL


def test_a_console_of_text_is_shown_once_whether_it_is_selected_or_not(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown: list[object] = []
    window.domains.dataChanged.connect(lambda _first, _last, roles: shown.extend(roles))
    uuid = watch_screen(window, 720, 400, monkeypatch)
    for selected in ("", uuid, ""):
        assert size_when(qtbot, window, [uuid], selected) == QSize(720, 400)
    assert shown.count(DomainRole.PICTURE) == 1


def test_a_screen_that_stands_still_is_shown_once(qtbot: QtBot, window: Window) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    shown: list[object] = []
    window.domains.dataChanged.connect(lambda _first, _last, roles: shown.extend(roles))

    def look() -> int:
        window.monitor.set_watching(True)
        qtbot.waitUntil(lambda: not window.monitor.is_looking)
        window.monitor.set_watching(False)
        return shown.count(DomainRole.PICTURE)

    window.monitor.set_in_sight([uuid], "")
    assert (look(), look()) == (1, 1)
    window.domains.set_all([])
    window.domains.set_all(window.host.domains())
    assert look() == 2, "its row is a new one, without a picture"


class Looks:
    """The looks of a monitor, one after another and without the waits between them."""

    def __init__(self, qtbot: QtBot, window: Window) -> None:
        self._qtbot = qtbot
        self._monitor = window.monitor
        directly = Qt.FindChildOption.FindDirectChildrenOnly
        (self.timer,) = window.monitor.findChildren(QTimer, options=directly)
        self._asked: list[object] = []
        window.monitor.runner.started.connect(self._asked.append)

    def begin(self) -> int:
        """Have the window shown; return how many pictures were taken."""
        self._monitor.set_watching(False)
        self._asked.clear()
        self._monitor.set_watching(True)
        return self._end()

    def go_on(self) -> int:
        """Look once more, after the time that is waited; return how many pictures were taken."""
        self._asked.clear()
        self.timer.timeout.emit()
        return self._end()

    def waits(self, count: int) -> list[int]:
        """Begin and look so many times; return the looks from one picture to the next."""
        taken = [self.begin(), *(self.go_on() for _look in range(count))]
        moments = [number for number, pictures in enumerate(taken) if pictures]
        return [after - before for before, after in itertools.pairwise(moments)]

    def _end(self) -> int:
        self.timer.stop()
        self._qtbot.waitUntil(lambda: not self._monitor.is_looking)
        return len(self._asked) - 1


@pytest.fixture
def looks(qtbot: QtBot, window: Window) -> Looks:
    return Looks(qtbot, window)


@pytest.fixture
def busy(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a machine does, it is not taken for idle."""
    monkeypatch.setattr(monitor, "IDLE_CPU", -1.0)


@pytest.mark.usefixtures("busy")
@pytest.mark.parametrize(("seconds", "taken"), [(1, 6), (3, 2), (60, 1)])
def test_pictures_are_taken_as_often_as_is_set(
    window: Window, looks: Looks, seconds: int, taken: int
) -> None:
    window.monitor.set_picture_interval(seconds)
    window.monitor.set_in_sight([window.domains.rows()[0].domain.uuid], "")
    assert looks.begin() + sum(looks.go_on() for _look in range(5)) == taken


@pytest.mark.usefixtures("busy")
def test_the_selected_machine_is_looked_at_more_often(window: Window, looks: Looks) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_picture_interval(8)
    window.monitor.set_in_sight([uuid], uuid)
    assert [looks.begin(), *(looks.go_on() for _look in range(6))] == [1, 0, 1, 0, 1, 0, 1]


def test_idle_machines_are_looked_at_less_often_until_something_happens(
    window: Window, looks: Looks
) -> None:
    looks.begin()
    for _look in range(monitor.CALM_LOOKS):
        assert looks.timer.interval() == 1000
        looks.go_on()
    looks.go_on()
    assert looks.timer.interval() == 4000
    window.monitor.renew(window.domains.rows()[0].domain.uuid)
    assert looks.timer.interval() == 1000


def test_a_screen_that_stands_still_is_looked_at_ever_less_often(
    window: Window, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "CALM_LOOKS", 1000)
    window.monitor.set_picture_interval(1)
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_in_sight([uuid], "")
    assert looks.waits(60) == [1, 2, 4, 8, 16, 16]
    assert looks.begin() == 1, "whoever opens the window wants to see what there is"


def stand_still(window: Window, looks: Looks) -> str:
    """Look at one machine until nothing is expected of it; return its UUID."""
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_in_sight([uuid], "")
    looks.begin()
    for _look in range(20):
        looks.go_on()
    while looks.go_on():
        pass
    assert looks.go_on() == 0
    return uuid


def test_a_picture_is_taken_next_of_a_machine_with_which_something_has_happened(
    window: Window, looks: Looks
) -> None:
    uuid = stand_still(window, looks)
    window.monitor.renew(uuid)
    assert looks.go_on() == 1


def test_a_picture_is_taken_next_of_a_machine_that_comes_into_sight(
    window: Window, looks: Looks
) -> None:
    uuid = stand_still(window, looks)
    window.monitor.set_in_sight([], "")
    assert looks.go_on() == 0
    window.monitor.set_in_sight([uuid], "")
    assert looks.go_on() == 1


def test_how_often_pictures_are_taken_is_heeded_at_once(window: Window, looks: Looks) -> None:
    window.monitor.set_picture_interval(60)
    stand_still(window, looks)
    window.monitor.set_picture_interval(2)
    assert looks.go_on() == 1


def test_nobody_waits_longer_than_a_minute_for_a_picture(window: Window, looks: Looks) -> None:
    window.monitor.set_picture_interval(30)
    stand_still(window, looks)
    waits = [looks.go_on() for _look in range(30)]
    assert sum(waits) == 30 * monitor.CALM_INTERVAL // monitor.LONGEST_WAIT


@pytest.mark.parametrize(("shown", "last_wait"), [("ab", 16), ("abcdefghijklmnopqrstu", 1)])
def test_a_cursor_that_blinks_is_no_news(
    window: Window, looks: Looks, monkeypatch: pytest.MonkeyPatch, shown: str, last_wait: int
) -> None:
    colors = itertools.cycle(map(ord, shown))

    def take(_host: Host, _uuid: str) -> bytes:
        return b"P6 1 1 255 " + bytes([next(colors)] * 3)

    monkeypatch.setattr(screenshot, "take", take)
    monkeypatch.setattr(monitor, "CALM_LOOKS", 1000)
    window.monitor.set_picture_interval(1)
    window.monitor.set_in_sight([window.domains.rows()[0].domain.uuid], "")
    assert looks.waits(60)[-1] == last_wait


def test_a_screen_is_looked_at_again_when_its_machine_does_something(
    window: Window, looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.monitor.set_picture_interval(10)
    window.monitor.set_in_sight([window.domains.rows()[0].domain.uuid], "")
    looks.begin()
    assert sum(looks.go_on() for _look in range(30)) == 3, "after 10, 30 and 70 seconds"
    monkeypatch.setattr(monitor, "IDLE_CPU", -1.0)
    assert looks.go_on() == 0
    assert looks.timer.interval() == 1000
    assert looks.go_on() == 1


def test_looks_at_idle_machines_fill_as_much_of_the_history(window: Window, looks: Looks) -> None:
    (row, *_) = window.domains.rows()
    at = 0.0
    for at in (1.0, 2.0, 6.1):
        sample = Sample(at, int(at * 1e8), 1, 1024, 0, 0)
        window.monitor._take_in({row.domain.uuid: sample})
    assert len(window.monitor.usages(row.domain.uuid)) == 5


def test_a_hidden_window_looks_at_nothing(qtbot: QtBot, window: Window) -> None:
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_watching(True)
    window.monitor.set_watching(False)
    qtbot.waitUntil(lambda: not window.monitor.is_looking)
    window.monitor.set_in_sight([uuid], uuid)
    assert not window.monitor.is_looking


def test_a_domain_that_is_off_has_no_usage(qtbot: QtBot, window: Window) -> None:
    assert window.monitor.usages("nobody") == ()


@pytest.mark.hypervisor
def test_a_running_guest_is_watched(qtbot: QtBot, private_host: Host) -> None:
    domain = small_machine.define(private_host, FOLDERS["XDG_DATA_HOME"])
    domain.create()
    window = Window(private_host)
    try:
        window.monitor.set_watching(True)
        with qtbot.waitSignal(window.monitor.watched, timeout=20000) as blocker:
            pass
        uuid = domain.UUIDString()
        assert blocker.args == [uuid]
        # A guest can be idle for a whole second.
        qtbot.waitUntil(
            lambda: any(0 < usage.cpu <= 1 for usage in window.monitor.usages(uuid)), timeout=20000
        )
        usages = window.monitor.usages(uuid)
        assert all(0 < usage.memory <= 128 * 1024 for usage in usages)
        shown = window.domains.row(uuid).cpu_history  # type: ignore[union-attr]
        assert shown == tuple(usage.cpu for usage in usages)
    finally:
        window.monitor.shut_down()


def test_another_run_has_another_course(window: Window, looks: Looks) -> None:
    info = window.domains.rows()[0].info
    assert info is not None
    looks.begin()
    looks.go_on()
    assert window.monitor.usages(info.uuid)
    window.domains.update(info.uuid, replace(info, state=DomainState.SHUTOFF))
    looks.timer.timeout.emit()
    window.domains.update(info.uuid, info)
    assert window.monitor.usages(info.uuid) == ()
