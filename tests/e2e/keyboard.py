"""A person who has no mouse: every key goes to what has the focus, as on a real desktop."""

from typing import TypeVar

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QWidget

from tests.e2e.person import Person
from vmdesk.views.main_window import MainWindow

_MOST_STOPS = 60
"""Stops of the Tab key on one page."""

AnyDialog = TypeVar("AnyDialog", bound=QDialog)


class Keyboard(Person):
    """Presses keys only."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._settle()

    def press(self, key: Qt.Key, *modifiers: Qt.KeyboardModifier) -> None:
        """Press a key, with Ctrl or Alt held."""
        self._settle()
        held = Qt.KeyboardModifier.NoModifier
        for modifier in modifiers:
            held |= modifier
        QTest.keyClick(self.focus, key, held)

    def control(self, key: Qt.Key) -> None:
        """Press a key with Ctrl."""
        self.press(key, Qt.KeyboardModifier.ControlModifier)

    def alt(self, key: Qt.Key) -> None:
        """Press a key with Alt: what is underlined."""
        self.press(key, Qt.KeyboardModifier.AltModifier)

    def write(self, text: str) -> None:
        """Type in place of all that the field holds."""
        self.control(Qt.Key.Key_A)
        QTest.keyClicks(self.focus, text)

    def go_to(self, name: str) -> None:
        """Press Tab until the control of this name has the focus."""
        stops = []
        for _stop in range(_MOST_STOPS):
            self.press(Qt.Key.Key_Tab)
            stops.append(_name(self.focus))
            if stops[-1] == name:
                return
        raise AssertionError(f"Tab never comes to {name}, but to {stops}")

    def page(self, kind: type[AnyDialog]) -> AnyDialog:
        """Wait for a dialog that has the keyboard."""
        dialog = self.dialog(kind)
        self._settle()
        return dialog

    @property
    def focus(self) -> QWidget:
        """What has the focus."""
        top = self._top
        return top.focusWidget() or top

    @property
    def _top(self) -> QWidget:
        return QApplication.activeModalWidget() or self.window

    def _settle(self) -> None:
        """Let the topmost window be the active one, which a window manager sees to."""
        if QApplication.activeWindow() is not self._top:
            self._top.activateWindow()
            self.wait(lambda: QApplication.activeWindow() is self._top, "the keyboard")


def _name(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return (text or widget.accessibleName()).replace("&", "")
