"""Watching: what is shown and nothing else, from real QEMU."""

from collections.abc import Iterator
from dataclasses import replace

import pytest
from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QImage
from pytestqt.qtbot import QtBot

from tests.conftest import FOLDERS
from tests.core.operations import small_machine
from vmdesk import monitor
from vmdesk.core.host import DomainState, Host
from vmdesk.models.domain_list_model import DomainListModel, DomainRole
from vmdesk.monitor import Monitor


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


def test_pictures_are_taken_as_often_as_is_set(
    qtbot: QtBot, window: Window, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[str] = []
    monkeypatch.setattr(monitor.Monitor, "_take_picture", lambda _self, uuid: taken.append(uuid))
    uuid = window.domains.rows()[0].domain.uuid
    window.monitor.set_in_sight([uuid], "")
    directly = Qt.FindChildOption.FindDirectChildrenOnly
    (looks,) = window.monitor.findChildren(QTimer, options=directly)
    for seconds, wanted in ((1, 6), (3, 2), (60, 1)):
        taken.clear()
        window.monitor.set_picture_interval(seconds)
        window.monitor.set_watching(True)
        looks.stop()
        for _look in range(5):
            qtbot.waitUntil(lambda: not window.monitor.is_looking)
            looks.timeout.emit()
        qtbot.waitUntil(lambda: not window.monitor.is_looking)
        assert len(taken) == wanted


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


def test_another_run_has_another_course(qtbot: QtBot, window: Window) -> None:
    info = window.domains.rows()[0].info
    assert info is not None
    directly = Qt.FindChildOption.FindDirectChildrenOnly
    (looks,) = window.monitor.findChildren(QTimer, options=directly)
    window.monitor.set_watching(True)
    looks.stop()

    def look() -> bool:
        if not window.monitor.is_looking:
            looks.timeout.emit()
        return bool(window.monitor.usages(info.uuid))

    qtbot.waitUntil(look)
    qtbot.waitUntil(lambda: not window.monitor.is_looking)
    window.domains.update(info.uuid, replace(info, state=DomainState.SHUTOFF))
    looks.timeout.emit()
    window.domains.update(info.uuid, info)
    assert window.monitor.usages(info.uuid) == ()
