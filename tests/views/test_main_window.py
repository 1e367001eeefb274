"""The window on libvirt's test driver: from the first look to the last deletion."""

import re
import threading
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QColor, QCursor, QDragEnterEvent, QDropEvent, QPalette
from PySide6.QtWidgets import QApplication, QDialog, QLabel, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from tests.core.operations.small_machine import make_iso
from tests.views.conftest import SetPalette
from vmdesk.controller import Controller, Failure
from vmdesk.core.capabilities import Capabilities
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.host import DomainState
from vmdesk.core.job import Job, OperationError
from vmdesk.settings import Settings
from vmdesk.views import closing, conversations, delete_dialog, style
from vmdesk.views.about_dialog import AboutDialog
from vmdesk.views.action_rules import Act
from vmdesk.views.delete_dialog import DeleteDialog
from vmdesk.views.doctor.page import DoctorPage
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.machines.order import SortBy
from vmdesk.views.main_window import MainWindow
from vmdesk.views.message_dialog import MessageDialog
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.shortcuts_dialog import ShortcutsDialog

D = TypeVar("D", bound=QDialog)

WITHOUT_KVM = Capabilities("x86_64", "", "q35", 0, 1, 1, *[False] * 7)


def dialogs(window: MainWindow, kind: type[D]) -> list[D]:
    return [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]


def uuid_of(controller: Controller, name: str = "test") -> str:
    return next(r.domain.uuid for r in controller.home.domains.rows() if r.domain.name == name)


def key_of(controller: Controller, name: str = "test") -> DomainKey:
    return controller.home.domains.key(uuid_of(controller, name))


def state_of(controller: Controller) -> DomainState | None:
    row = controller.home.domains.row(uuid_of(controller))
    return row.info.state if row is not None and row.info is not None else None


def lose(controller: Controller, error: OperationError) -> None:
    """As when the daemon goes away."""
    controller.home._connection._retry(error)


def press(qtbot: QtBot, window: MainWindow, text: str) -> None:
    """Click the visible button of the details pane with this text."""
    found = [*window.findChildren(QPushButton), *window.findChildren(QToolButton)]
    named = [b for b in found if b.isVisible() and b.text().replace("&", "") == text]
    qtbot.mouseClick(named[0], Qt.MouseButton.LeftButton)


def test_the_first_machine_is_selected_and_shown(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    assert window.pages.currentWidget() is window.machines
    assert window.machines.view.selected_keys() == [key_of(controller)]
    assert window.machines.pane.state_words == "Running"


def test_what_the_first_picture_does_not_have_comes_after_it(
    qtbot: QtBot, controller: Controller, settings: Settings
) -> None:
    window = MainWindow(controller, settings)
    qtbot.addWidget(window)
    made: list[tuple[int, set[str]]] = []
    later = {"notices", "tasks", "flows", "empty", "broken", "overlay"}

    def look() -> None:
        there = (vars(window).keys() | vars(window.machines).keys()) & (later | {"pane"})
        made.append((window.machines.proxy.count, there))

    window.machines.view.painted.connect(look)
    controller.reconnect()
    qtbot.waitUntil(lambda: controller.home.is_connected)
    window.show()
    qtbot.waitUntil(lambda: {"notices", "tasks", "flows"} <= vars(window).keys())
    assert made == [(1, set())]
    assert later & vars(window).keys() == {"notices", "tasks", "flows"}
    qtbot.waitUntil(lambda: window.machines.pane.state_words == "Running")


def test_parts_that_hear_what_happens_are_there_soon_though_libvirt_does_not_answer(
    qtbot: QtBot, controller: Controller, settings: Settings
) -> None:
    window = MainWindow(controller, settings)
    qtbot.addWidget(window)
    window.show()
    qtbot.waitUntil(lambda: {"notices", "tasks", "flows"} <= vars(window).keys())
    assert "pane" in vars(window.machines)
    assert window.pages.currentWidget() is window.loading


def test_somebody_who_has_no_machine_yet_is_told_too_that_machines_will_be_slow(
    qtbot: QtBot, controller: Controller, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "node.xml").write_text("<node/>")
    window = MainWindow(controller, settings)
    qtbot.addWidget(window)
    window.show()
    controller.reconnect()
    qtbot.waitUntil(lambda: window.pages.currentWidget() is vars(window).get("empty"))
    assert "notices" not in vars(window)
    controller.host_known.emit(WITHOUT_KVM)
    assert "KVM" in window.notices.kvm.text.text()


def test_before_libvirt_has_answered_the_window_says_so(
    qtbot: QtBot, controller: Controller, settings: Settings
) -> None:
    window = MainWindow(controller, settings)
    qtbot.addWidget(window)
    assert window.pages.currentWidget() is window.loading
    assert not window.actions_of_window.new.isEnabled()


def test_without_machines_there_is_a_friendly_page(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    controller.home.domains.set_all([])
    assert window.pages.currentWidget() is window.empty
    new, _import = window.empty.findChildren(QPushButton)
    assert new.hasFocus()
    qtbot.mouseClick(new, Qt.MouseButton.LeftButton)
    assert len(dialogs(window, NewDomainDialog)) == 1


def test_a_libvirt_that_never_answered_has_a_page_of_its_own(
    qtbot: QtBot, controller: Controller, settings: Settings
) -> None:
    window = MainWindow(controller, settings)
    qtbot.addWidget(window)
    error = OperationError("vmdesk may not talk to libvirt.", "Join the group libvirt.")
    lose(controller, error)
    assert window.pages.currentWidget() is window.broken
    assert window.broken.heading.text() == error.summary
    assert window.broken.text.text() == error.hint
    window.show()
    (again,) = window.broken.findChildren(QPushButton)
    qtbot.mouseClick(again, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.pages.currentWidget() is window.machines)


def test_about_tells_the_versions_of_what_runs_the_machines(
    qtbot: QtBot, window: MainWindow
) -> None:
    window.actions_of_window.about.trigger()
    (about,) = dialogs(window, AboutDialog)
    qtbot.waitUntil(lambda: "libvirt" in about.text)
    assert re.search(r"libvirt \d+\.\d+\.\d+ · TEST \d+\.\d+\.\d+ · Qt 6\.", about.text)


def test_the_shortcuts_are_shown_with_their_keys(window: MainWindow) -> None:
    window.actions_of_window.shortcuts.trigger()
    (shown,) = dialogs(window, ShortcutsDialog)
    caps = {label.accessibleName() for label in shown.findChildren(QLabel)}
    assert {"New: Ctrl+N", "Settings: Ctrl+,", "Export: Ctrl+E", "Delete: Del"} <= caps


def test_a_machine_that_the_history_tells_of_is_started_if_it_can_be(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    uuid, key = uuid_of(controller), key_of(controller)
    window.tasks.start_wanted.emit(key)
    window.tasks.start_wanted.emit(DomainKey(key.connection, "deleted meanwhile"))
    window.tasks.start_wanted.emit(DomainKey("connection that was removed", uuid))
    assert controller.operations.tasks == []
    controller.home.force_off(uuid)
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.SHUTOFF)
    qtbot.waitUntil(lambda: not controller.operations.tasks)
    window.tasks.start_wanted.emit(key)
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.RUNNING)


def test_no_kvm_is_said_once_and_the_doctor_says_why(
    qtbot: QtBot, window: MainWindow, controller: Controller, settings: Settings
) -> None:
    controller.host_known.emit(WITHOUT_KVM)
    assert "KVM" in window.notices.kvm.text.text()
    qtbot.mouseClick(window.notices.kvm.close_button, Qt.MouseButton.LeftButton)
    controller.host_known.emit(WITHOUT_KVM)
    assert not window.notices.kvm.isVisible()
    settings.knows_no_kvm = False
    controller.host_known.emit(WITHOUT_KVM)
    assert window.notices.kvm.isVisible()
    controller.host_known.emit(replace(WITHOUT_KVM, has_kvm=True))
    assert not window.notices.kvm.isVisible()
    controller.host_known.emit(WITHOUT_KVM)
    qtbot.mouseClick(window.notices.kvm.deed_button, Qt.MouseButton.LeftButton)
    (page,) = window.findChildren(DoctorPage)
    assert page.isVisible()


def test_a_lost_connection_keeps_the_rows_under_a_banner(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    lose(controller, OperationError("Lost."))
    assert window.pages.currentWidget() is window.machines
    assert window.notices.banner.isVisible()
    qtbot.mouseClick(window.notices.banner.button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not window.notices.banner.isVisible())


def test_a_machine_is_paused_resumed_shut_down_and_started(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    window.domain_actions[Act.PAUSE].trigger()
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.PAUSED)
    qtbot.waitUntil(lambda: window.domain_actions[Act.RESUME].isEnabled())
    press(qtbot, window, "Resume")
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.RUNNING)
    qtbot.waitUntil(lambda: window.domain_actions[Act.SHUT_DOWN].isEnabled())
    press(qtbot, window, "Shut down")
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.SHUTOFF)
    qtbot.waitUntil(lambda: window.domain_actions[Act.START].isEnabled())
    press(qtbot, window, "Start")
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.RUNNING)


def test_force_off_asks_first(qtbot: QtBot, window: MainWindow, controller: Controller) -> None:
    window.domain_actions[Act.FORCE_OFF].trigger()
    (question,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(question.buttons[conversations.NO], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialogs(window, MessageDialog))
    assert not controller.operations.tasks
    window.domain_actions[Act.FORCE_OFF].trigger()
    (question,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(question.buttons[conversations.YES], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: state_of(controller) is DomainState.SHUTOFF)


def test_the_delete_key_asks_and_deletes(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    window.machines.view.setFocus()
    qtbot.keyClick(window.machines.view, Qt.Key.Key_Delete)
    qtbot.waitUntil(lambda: bool(dialogs(window, DeleteDialog)))
    (question,) = dialogs(window, DeleteDialog)
    qtbot.keyClick(question.force_off, Qt.Key.Key_Space)
    qtbot.mouseClick(question.buttons[delete_dialog.DELETE], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: controller.home.domains.rowCount() == 0)
    assert window.pages.currentWidget() is window.empty


def test_a_console_of_a_machine_that_is_off_offers_to_start_it(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    controller.home.force_off(uuid_of(controller))
    qtbot.waitUntil(lambda: window.domain_actions[Act.START].isEnabled())
    qtbot.keyClick(window.machines.view, Qt.Key.Key_Return)
    (offer,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(offer.buttons[conversations.NO], Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("signal", ["shutdown_ignored", "kvm_failed"])
def test_an_offer_is_made_and_can_be_declined(
    qtbot: QtBot, window: MainWindow, controller: Controller, signal: str
) -> None:
    key = key_of(controller)
    error = OperationError("KVM does not work here.")
    said = key if signal == "shutdown_ignored" else Failure("Start", error, key, lambda: None)
    getattr(controller, signal).emit(said)
    (offer,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(offer.buttons[conversations.NO], Qt.MouseButton.LeftButton)
    assert not controller.operations.tasks


def test_a_failure_is_shown_and_tried_again(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    tries: list[str] = []
    failure = Failure(
        "Start one", OperationError("No."), key_of(controller), lambda: tries.append("again")
    )
    controller.failed.emit(failure)
    controller.failed.emit(failure)
    (dialog,) = dialogs(window, ErrorDialog)
    assert window.tasks.is_unfolded
    qtbot.mouseClick(dialog.buttons["again"], Qt.MouseButton.LeftButton)
    assert tries == ["again"]


def test_the_filter_finds_and_lets_go(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(window.toolbar.filter.hasFocus)
    qtbot.keyClicks(window.toolbar.filter, "nothing like it")
    assert window.toolbar.filter.isClearButtonEnabled()
    (show_all,) = [b for b in window.findChildren(QPushButton) if b.text() == "Show &all"]
    assert show_all.isVisible()
    qtbot.mouseClick(show_all, Qt.MouseButton.LeftButton)
    assert window.toolbar.filter.text() == ""
    assert window.machines.view.selected_keys() == [key_of(controller)]
    qtbot.keyClick(window.toolbar.filter, Qt.Key.Key_Return)
    assert window.machines.view.hasFocus()


def test_the_page_for_a_new_machine_asks_what_the_address_holds(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    qtbot.keyClick(window, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    (dialog,) = dialogs(window, NewDomainDialog)
    qtbot.keyClicks(dialog.form.source.edit, "/nowhere.iso")
    qtbot.waitUntil(lambda: "/nowhere.iso" in dialog.form.source.problem)
    dialog.reject()


def test_an_answer_that_comes_after_the_page_is_closed_is_lost(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    window.ask_new("/nowhere.iso")
    (dialog,) = dialogs(window, NewDomainDialog)
    dialog.form.source.wanted.emit("/nowhere.iso")
    dialog.form.source.wanted.emit("/nowhere.iso")
    dialog.reject()
    with qtbot.waitSignal(controller.home.probe("/nowhere.iso").failed):
        pass


def test_a_dropped_disc_opens_the_page_for_a_new_machine(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    disc = make_iso(tmp_path / "debian.iso")
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(disc))])
    copy, left, none = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    QApplication.sendEvent(window, QDragEnterEvent(QPoint(9, 9), copy, data, left, none))
    assert window.overlay.isVisible()
    QApplication.sendEvent(window, QDropEvent(QPointF(9, 9), copy, data, left, none))
    assert not window.overlay.isVisible()
    qtbot.waitUntil(lambda: len(dialogs(window, NewDomainDialog)) == 1)
    (dialog,) = dialogs(window, NewDomainDialog)
    assert dialog.form.source.source == str(disc)
    dialog.reject()


def test_files_of_the_command_line_open_the_page_too(qtbot: QtBot, window: MainWindow) -> None:
    window.open_files(["https://example.invalid/a.iso"])
    (dialog,) = dialogs(window, NewDomainDialog)
    assert dialog.form.source.source == "https://example.invalid/a.iso"
    dialog.reject()


def begin(qtbot: QtBot, controller: Controller) -> threading.Event:
    """Start some work that goes on until the event is set or it is cancelled."""
    done = threading.Event()

    def work(job: Job) -> None:
        while not done.wait(0.01):
            job.check()

    controller.home.operations.start("Export one", work)
    return done


def test_closing_while_work_runs_asks(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    begin(qtbot, controller)
    window.close()
    assert window.isVisible()
    (question,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(question.buttons[closing.STAY], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not dialogs(window, MessageDialog))
    assert window.isVisible()
    window.close()
    (question,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(question.buttons[closing.CANCEL], Qt.MouseButton.LeftButton)
    assert not window.isVisible()


def test_the_question_goes_with_the_work_and_vmdesk_quits_as_was_wanted(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    done = begin(qtbot, controller)
    window.close()
    assert [one.accessibleName() for one in dialogs(window, MessageDialog)] == [
        "Quit while a task is under way?"
    ]
    done.set()
    qtbot.waitUntil(lambda: not window.isVisible())


def test_work_can_be_finished_without_the_window(
    qtbot: QtBot, window: MainWindow, controller: Controller, qapp: QApplication
) -> None:
    done = begin(qtbot, controller)
    window.close()
    (question,) = dialogs(window, MessageDialog)
    qtbot.mouseClick(question.buttons[closing.KEEP], Qt.MouseButton.LeftButton)
    assert not window.isVisible()
    assert controller.operations.tasks
    with qtbot.waitSignal(qapp.aboutToQuit, raising=False, timeout=1):
        done.set()
    qtbot.waitUntil(lambda: not controller.operations.tasks)


def test_the_window_is_as_it_was_left(
    qtbot: QtBot, window: MainWindow, controller: Controller, settings: Settings
) -> None:
    window.resize(760, 520)
    window.machines.setSizes([280, 480])
    window.actions_of_window.sort_by[SortBy.STATE].trigger()
    window.close()
    again = MainWindow(controller, settings)
    qtbot.addWidget(again)
    again.show()
    assert again.size() == window.size()
    assert again.machines.sizes() == window.machines.sizes()
    assert again.machines.proxy.sort_by is SortBy.STATE
    assert settings.selection == key_of(controller)


def is_followed(application: QApplication, surface: QColor) -> bool:
    return surface.name() in application.styleSheet()


def test_light_and_dark_are_followed_while_running(
    qtbot: QtBot, window: MainWindow, set_palette: SetPalette, qapp: QApplication
) -> None:
    for is_dark in (True, False):
        palette = style.own_palette(is_dark)
        surface = palette.color(QPalette.ColorRole.Base)
        set_palette(palette)
        qtbot.waitUntil(partial(is_followed, qapp, surface))
        corner = window.toolbar.grab().toImage().pixelColor(2, 2)
        assert corner == surface


def test_every_control_that_takes_the_focus_has_a_name(window: MainWindow) -> None:
    for button in [*window.findChildren(QPushButton), *window.findChildren(QToolButton)]:
        if button.isVisible() and button.focusPolicy() & Qt.FocusPolicy.TabFocus:
            assert button.text() or button.accessibleName(), button


def test_a_menu_that_a_key_opens_begins_at_its_first_entry(
    qtbot: QtBot, window: MainWindow
) -> None:
    menu = window.toolbar.menu_button.menu()
    menu.popup(window.mapToGlobal(window.rect().topLeft()))
    qtbot.waitUntil(lambda: menu.activeAction() == menu.actions()[0])
    menu.close()


def test_the_menu_button_does_not_look_as_if_the_pointer_had_stayed(window: MainWindow) -> None:
    QCursor.setPos(window.mapToGlobal(window.rect().bottomLeft()))
    button = window.toolbar.menu_button
    # As Qt leaves it when the pointer goes into the menu.
    button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse)
    menu = button.menu()
    menu.popup(button.mapToGlobal(button.rect().bottomLeft()))
    menu.close()
    assert not button.underMouse()


def test_no_two_things_have_the_same_key_where_there_is_no_machine(
    window: MainWindow, controller: Controller
) -> None:
    controller.home.domains.set_all([])
    texts = [b.text() for b in window.findChildren(QPushButton) if b.isVisible()]
    keys = [text[text.index("&") + 1].lower() for text in texts if "&" in text]
    assert len(keys) == len(set(keys)) == 4
