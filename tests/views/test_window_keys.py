"""Keys that no part of the window takes: Escape, Return on a button, and reasons for the rest."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import label
from vmdesk.views.main_window import MainWindow
from vmdesk.views.message_dialog import Choice, MessageDialog
from vmdesk.views.new_domain.dialog import NewDomainDialog

CONTROL = Qt.KeyboardModifier.ControlModifier
SAFE = Choice("no", "Not now")


def test_escape_drops_the_filter(qtbot: QtBot, window: MainWindow) -> None:
    window.toolbar.filter.setFocus()
    qtbot.keyClicks(window.toolbar.filter, "nothing like it")
    qtbot.keyClick(window.toolbar.filter, Qt.Key.Key_Escape)
    assert window.toolbar.filter.text() == ""
    assert window.machines.view.hasFocus()
    assert window.machines.view.selected_keys()


def test_the_activity_takes_the_keys_and_gives_them_back(qtbot: QtBot, window: MainWindow) -> None:
    window.machines.view.setFocus()
    qtbot.keyClick(window.machines.view, Qt.Key.Key_J, CONTROL)
    focus = window.focusWidget()
    assert window.tasks.isAncestorOf(focus)
    qtbot.keyClick(focus, Qt.Key.Key_Escape)
    assert not window.tasks.is_unfolded
    assert window.machines.view.hasFocus()


def test_return_presses_the_button_that_has_the_focus(qtbot: QtBot, window: MainWindow) -> None:
    window.toolbar.new_button.setFocus()
    qtbot.keyClick(window.toolbar.new_button, Qt.Key.Key_Return)
    (dialog,) = window.findChildren(NewDomainDialog)
    dialog.reject()


@pytest.mark.parametrize(
    ("key", "modifier", "words"),
    [
        (Qt.Key.Key_E, CONTROL, "Export: Shut down first."),
        (Qt.Key.Key_F2, Qt.KeyboardModifier.NoModifier, "Rename: Shut it down to rename it."),
    ],
)
def test_a_key_that_can_do_nothing_now_says_why(
    qtbot: QtBot, window: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier, words: str
) -> None:
    qtbot.keyClick(window.machines.view, key, modifier)
    assert window.notices.key.isVisible()
    assert window.notices.key.text.text() == words


def test_return_in_a_dialog_presses_what_has_the_focus(qtbot: QtBot, parent: QWidget) -> None:
    dialog = Dialog(parent, "Change it")
    _agree, cancel = dialog.lay_out(label("Something"), "Change")
    dialog.open()
    cancel.setFocus()
    with qtbot.waitSignal(dialog.rejected):
        qtbot.keyClick(cancel, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("choice", "answer"),
    [(Choice("yes", "Start", "primary"), "yes"), (Choice("yes", "Force off", "danger"), "no")],
)
def test_return_is_the_natural_answer_and_never_a_danger(
    qtbot: QtBot, parent: QWidget, choice: Choice, answer: str
) -> None:
    dialog = MessageDialog(parent, "machine", "“one” is off", "", (SAFE, choice))
    dialog.open()
    with qtbot.waitSignal(dialog.chosen) as chosen:
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Return)
    assert chosen.args == [answer]


def test_escape_is_the_safe_answer(qtbot: QtBot, parent: QWidget) -> None:
    choices = SAFE, Choice("yes", "Start", "primary")
    dialog = MessageDialog(parent, "machine", "“one” is off", "", choices)
    dialog.open()
    with qtbot.waitSignal(dialog.chosen) as chosen:
        qtbot.keyClick(dialog.focusWidget(), Qt.Key.Key_Escape)
    assert chosen.args == ["no"]
