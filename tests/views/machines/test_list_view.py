"""The list: keys, mouse, selection, and what its rows look like."""

from dataclasses import replace

import pytest
from PySide6.QtCore import QEvent, QObject, QPoint, QRect, Qt
from PySide6.QtGui import QColor, QContextMenuEvent, QImage, QPaintEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.views.conftest import SetPalette, info
from vmdesk.core.host import DomainState
from vmdesk.models.domain_list_model import Activity, DomainListModel, PendingDomain
from vmdesk.views import style
from vmdesk.views.machines.list_view import DomainListView
from vmdesk.views.machines.proxy import DomainProxy
from vmdesk.views.palette import roles


@pytest.fixture
def domains(qtbot: QtBot) -> DomainListModel:
    return DomainListModel()


@pytest.fixture
def view(qtbot: QtBot, domains: DomainListModel) -> DomainListView:
    proxy = DomainProxy()
    proxy.add(domains)
    view = DomainListView(proxy)
    qtbot.addWidget(view)
    view.resize(332, 400)
    with qtbot.waitExposed(view):
        view.show()
    return view


def row_rect(view: DomainListView, row: int) -> QRect:
    return view.visualRect(view.model().index(row, 0))


def colors_in(view: DomainListView, row: int) -> set[str]:
    image = view.viewport().grab(row_rect(view, row)).toImage()
    places = [(x, y) for x in range(image.width()) for y in range(image.height())]
    return {image.pixelColor(x, y).name() for x, y in places}


def test_return_and_a_double_click_open_the_machine(
    qtbot: QtBot, domains: DomainListModel, view: DomainListView
) -> None:
    one = info("one")
    domains.set_all([one])
    place = row_rect(view, 0).center()
    with qtbot.waitSignal(view.opened) as opened:
        # Qt knows a double-click by the click before it.
        qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
        qtbot.mouseDClick(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    # For Qt's tests the button is held down until then, also in other windows.
    qtbot.mouseRelease(view.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert opened.args == [domains.key(one.uuid)]
    with qtbot.waitSignal(view.opened):
        qtbot.keyClick(view, Qt.Key.Key_Return)


def test_several_machines_are_selected_with_shift(
    qtbot: QtBot, domains: DomainListModel, view: DomainListView
) -> None:
    infos = [info(name) for name in "abc"]
    domains.set_all(infos)
    view.select([domains.key(infos[0].uuid)])
    with qtbot.waitSignal(view.selected):
        qtbot.keyClick(view, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert view.selected_keys() == [domains.key(infos[at].uuid) for at in (0, 1)]


def test_what_is_not_shown_cannot_be_selected(
    domains: DomainListModel, view: DomainListView
) -> None:
    domains.set_all([info("a")])
    view.select([domains.key("nowhere")])
    assert view.selected_keys() == []


def test_only_rows_in_sight_are_told(
    qtbot: QtBot, domains: DomainListModel, view: DomainListView
) -> None:
    infos = [info(f"vm{number}") for number in range(50)]
    domains.set_all(infos)
    qtbot.waitUntil(lambda: view.verticalScrollBar().maximum() > 0)
    top = view.in_sight()
    assert top[0] == domains.key(infos[0].uuid)
    assert 4 <= len(top) <= 8
    with qtbot.waitSignal(view.moved):
        view.scrollToBottom()
    assert view.in_sight()[-1] == domains.key(infos[-1].uuid)


def test_an_empty_list_has_nothing_in_sight(view: DomainListView) -> None:
    assert view.in_sight() == []


class Painted(QObject):
    """Where a widget was painted."""

    def __init__(self, widget: QWidget) -> None:
        super().__init__(widget)
        self.rects: list[QRect] = []
        widget.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QPaintEvent):
            self.rects.append(event.rect())
        return False


def test_a_machine_that_changes_has_its_own_row_painted_anew_and_no_other(
    qtbot: QtBot, domains: DomainListModel, view: DomainListView
) -> None:
    infos = [info(name) for name in "abc"]
    domains.set_all(infos)
    qtbot.waitUntil(lambda: view.in_sight() != [])
    QApplication.sendPostedEvents()
    painted = Painted(view.viewport())
    domains.update(infos[1].uuid, replace(infos[1], state=DomainState.RUNNING))
    qtbot.waitUntil(lambda: painted.rects != [])
    assert painted.rects == [row_rect(view, 1)]


@pytest.mark.parametrize("is_dark", [False, True])
def test_a_row_shows_its_state_as_a_dot(
    qtbot: QtBot,
    domains: DomainListModel,
    view: DomainListView,
    set_palette: SetPalette,
    is_dark: bool,
) -> None:
    set_palette(style.own_palette(is_dark))
    domains.set_all([info("a", DomainState.RUNNING), info("b", DomainState.PAUSED), info("c")])
    assert roles().running.name() in colors_in(view, 0)
    assert roles().paused.name() in colors_in(view, 1)
    assert not {roles().running.name(), roles().paused.name()} & colors_in(view, 2)


def test_a_row_shows_progress_while_something_is_done(
    domains: DomainListModel, view: DomainListView
) -> None:
    one = info("one")
    domains.set_all([one])
    assert roles().accent.name() not in colors_in(view, 0)
    domains.set_activity(one.uuid, Activity("Exporting", 0.5, "11 MiB/s · 1 min left"))
    assert roles().accent.name() in colors_in(view, 0)


def test_the_picture_is_dimmed_when_the_machine_is_off(
    domains: DomainListModel, view: DomainListView
) -> None:
    red = QImage(86, 54, QImage.Format.Format_RGB32)
    red.fill(QColor("#ff0000"))
    on, off = info("a", DomainState.RUNNING), info("b")
    domains.set_all([on, off])
    for domain in (on, off):
        domains.set_picture(domain.uuid, red)
    assert "#ff0000" in colors_in(view, 0)
    assert "#ff0000" not in colors_in(view, 1)


def test_the_focus_is_seen_when_it_came_by_key(
    qtbot: QtBot, domains: DomainListModel, view: DomainListView
) -> None:
    domains.set_all([info("a"), info("b")])
    view.setFocus()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    qtbot.keyClick(view, Qt.Key.Key_Up)
    before = view.viewport().grab(row_rect(view, 0)).toImage()
    qtbot.keyClick(view, Qt.Key.Key_Down)
    after = view.viewport().grab(row_rect(view, 0)).toImage()
    assert before != after


def test_a_machine_being_made_has_a_row_that_can_be_painted(
    domains: DomainListModel, view: DomainListView
) -> None:
    domains.add_pending(PendingDomain("uuid", "x" * 200, 1024, 1))
    assert roles().accent.name() in colors_in(view, 0)


def test_the_menu_key_asks_for_the_menu_at_the_row(
    qtbot: QtBot, domains: DomainListModel, view: DomainListView
) -> None:
    domains.set_all([info("a")])
    view.select([domains.key(domains.rows()[0].domain.uuid)])
    event = QContextMenuEvent(QContextMenuEvent.Reason.Keyboard, QPoint(0, 0), QPoint(0, 0))
    with qtbot.waitSignal(view.menu_wanted) as wanted:
        QApplication.sendEvent(view.viewport(), event)
    assert row_rect(view, 0).contains(view.viewport().mapFromGlobal(wanted.args[0]))
