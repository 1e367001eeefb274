"""From the wish to bring a machine elsewhere to the controller, on libvirt's test driver."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDragMoveEvent, QDropEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from tests.views.bundles.test_export_flow import opened
from tests.views.conftest import add_lab
from tests.views.test_main_window import dialogs
from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.site import Site
from vmdesk.views.action_rules import Act
from vmdesk.views.connections.add_dialog import AddDialog
from vmdesk.views.machines.dragging import machine_to_drag
from vmdesk.views.main_window import MainWindow
from vmdesk.views.message_dialog import MessageDialog
from vmdesk.views.transfers.dialog import TransferDialog
from vmdesk.views.transfers.flow import ADD
from vmdesk.views.transfers.form import Way

ACTIONS = Qt.DropAction.CopyAction | Qt.DropAction.MoveAction
LEFT = Qt.MouseButton.LeftButton
NO_KEY = Qt.KeyboardModifier.NoModifier


@pytest.fixture
def lab(qtbot: QtBot, window: MainWindow, controller: Controller, tmp_path: Path) -> Site:
    return add_lab(qtbot, controller, tmp_path, "elsewhere")


@pytest.fixture
def web(qtbot: QtBot, window: MainWindow, controller: Controller) -> DomainKey:
    """The one machine of the first connection: selected, and off."""
    home = controller.home
    uuid = home.domains.rows()[0].domain.uuid
    home.force_off(uuid)
    qtbot.waitUntil(lambda: home.domains.index(0).data(DomainRole.STATE_TEXT) == "Off")
    key = home.domains.key(uuid)
    window.machines.select(key)
    return key


@pytest.fixture
def ask(qtbot: QtBot, window: MainWindow) -> Callable[[], TransferDialog]:
    def ask_it() -> TransferDialog:
        qtbot.waitUntil(window.domain_actions[Act.TRANSFER].isEnabled)
        window.domain_actions[Act.TRANSFER].trigger()
        dialog = opened(qtbot, window, TransferDialog)
        qtbot.waitUntil(lambda: not dialog.form.is_looking)
        return dialog

    return ask_it


def test_without_another_connection_one_can_be_added(
    qtbot: QtBot, window: MainWindow, web: DomainKey
) -> None:
    qtbot.waitUntil(window.domain_actions[Act.TRANSFER].isEnabled)
    window.domain_actions[Act.TRANSFER].trigger()
    question = opened(qtbot, window, MessageDialog)
    question.buttons[ADD].click()
    assert opened(qtbot, window, AddDialog)


def test_a_name_that_is_taken_there_is_refused(
    lab: Site, web: DomainKey, ask: Callable[[], TransferDialog]
) -> None:
    form = ask().form
    assert form.place.value.site is lab
    form.show_plan([], [])
    checks: list[bool] = []
    form.checked.connect(checks.append)
    form.name_edit.setText("elsewhere")
    assert "this name" in form.name.note
    form.name_edit.setText("twin")
    assert checks == [False, True]


def test_what_cannot_be_there_is_said_before(
    lab: Site, web: DomainKey, ask: Callable[[], TransferDialog]
) -> None:
    dialog = ask()
    assert dialog.form.place.isVisible()
    assert "emulator" in dialog.form.place.note
    assert not dialog.agree_button.isEnabled()


def test_a_move_that_loses_something_needs_a_yes_of_its_own(
    lab: Site, web: DomainKey, ask: Callable[[], TransferDialog]
) -> None:
    dialog = ask()
    dialog.show()
    dialog.form.show_plan(["its 2 snapshots"], [])
    assert dialog.agree_button.isEnabled()
    assert "2 snapshots" in dialog.form.notes.text()
    dialog.form.ways.buttons[Way.MOVE].click()
    assert dialog.form.losses.isVisible()
    assert not dialog.agree_button.isEnabled()
    dialog.form.losses.box.click()
    assert dialog.agree_button.isEnabled()
    assert dialog.form.wish().accepts_losses


def test_what_keeps_a_running_machine_here_is_said_before(
    qtbot: QtBot,
    window: MainWindow,
    lab: Site,
    controller: Controller,
    ask: Callable[[], TransferDialog],
) -> None:
    window.machines.select(lab.domains.key(lab.domains.rows()[0].domain.uuid))
    dialog = ask()
    assert dialog.form.way is Way.LIVE
    assert not dialog.form.ways.isVisible()
    assert dialog.form.place.problem
    assert not dialog.agree_button.isEnabled()


class Drag:
    """A drag of a machine over the list, as Qt tells a view of it."""

    def __init__(self, window: MainWindow, key: DomainKey) -> None:
        self._window = window
        self._view = window.machines.view
        self._data = machine_to_drag(key)

    def over(self, key: DomainKey) -> bool:
        """Hold the machine over the row of another; return whether it could be dropped there."""
        place = self._place(key)
        enter = QDragEnterEvent(place, ACTIONS, self._data, LEFT, NO_KEY)
        move = QDragMoveEvent(place, ACTIONS, self._data, LEFT, NO_KEY)
        for event in (enter, move):
            QApplication.sendEvent(self._view.viewport(), event)
        return enter.isAccepted() and move.isAccepted()

    def drop(self, key: DomainKey) -> None:
        place = QPointF(self._place(key))
        event = QDropEvent(place, ACTIONS, self._data, LEFT, NO_KEY)
        QApplication.sendEvent(self._view.viewport(), event)

    def leave(self) -> None:
        QApplication.sendEvent(self._view.viewport(), QDragLeaveEvent())

    def _place(self, key: DomainKey) -> QPoint:
        return self._view.visualRect(self._window.machines.proxy.index_of(key)).center()


def test_a_machine_that_is_dropped_on_another_section_is_asked_about(
    qtbot: QtBot, window: MainWindow, lab: Site, web: DomainKey
) -> None:
    drag = Drag(window, web)
    header = lab.domains.key("")
    assert not drag.over(web)
    assert drag.over(header)
    before = window.machines.view.viewport().grab().toImage()
    drag.leave()
    assert window.machines.view.viewport().grab().toImage() != before
    assert drag.over(lab.domains.key(lab.domains.rows()[0].domain.uuid))
    drag.drop(header)
    dialog = opened(qtbot, window, TransferDialog)
    assert dialog.form.place.value.site is lab


def test_a_file_over_the_list_is_for_the_window(window: MainWindow, lab: Site) -> None:
    data = QMimeData()
    data.setText("/tmp/machine.tar")
    event = QDragEnterEvent(QPoint(20, 20), ACTIONS, data, LEFT, NO_KEY)
    QApplication.sendEvent(window.machines.view.viewport(), event)
    assert not dialogs(window, TransferDialog)
    assert window.overlay.isVisible()
