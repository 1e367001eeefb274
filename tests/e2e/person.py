"""A person at the window: clicks and keys on what can be seen, and patience."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import TypeVar

from PySide6.QtCore import QMimeData, QModelIndex, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog, QLineEdit, QSpinBox, QWidget

from vmdesk.models.domain_list_model import DomainRole
from vmdesk.views.main_window import MainWindow

PATIENCE = 60.0
"""Seconds after which a person gives up."""

AnyDialog = TypeVar("AnyDialog", bound=QDialog)
LEFT = Qt.MouseButton.LeftButton
_MIDDLE = QPoint(400, 300)
_COPY = Qt.DropAction.CopyAction
_NO_KEYS = Qt.KeyboardModifier.NoModifier


class Person:
    """Uses a window. Everything waits until what it needs is there, with the event loop running.

    ``aside`` is entered to look at things: what it costs is not the window's.
    """

    def __init__(
        self,
        window: MainWindow,
        aside: Callable[[], AbstractContextManager[None]] = nullcontext,
    ) -> None:
        self.window = window
        self.aside = aside

    def wait(self, condition: Callable[[], bool], what: str) -> None:
        """Let the window live until ``condition`` holds."""
        deadline = time.monotonic() + PATIENCE
        while not self._holds(condition):
            assert time.monotonic() < deadline, f"waited in vain: {what}"
            QTest.qWait(10)

    def _holds(self, condition: Callable[[], bool]) -> bool:
        with self.aside():
            return condition()

    def click(self, button: QAbstractButton) -> None:
        """Press a button once it can be seen and pressed."""
        name = button.text() or button.accessibleName()
        self.wait(lambda: button.isVisible() and button.isEnabled(), f"{name} can be pressed")
        QTest.mouseClick(button, LEFT)

    def fill_in(self, field: QLineEdit, text: str) -> None:
        """Put ``text`` into a field in place of what it holds."""
        QTest.mouseClick(field, LEFT)
        field.selectAll()
        QTest.keyClicks(field, text)

    def set_number(self, spin: QSpinBox, value: int) -> None:
        """Put a number into a spin box in place of what it holds."""
        spin.setFocus()
        spin.selectAll()
        QTest.keyClicks(spin, str(value))
        QTest.keyClick(spin, Qt.Key.Key_Tab)

    def dialog(self, kind: type[AnyDialog]) -> AnyDialog:
        """Return the dialog that has come up, once it has."""

        def found() -> AnyDialog | None:
            widgets = QApplication.topLevelWidgets()
            return next((w for w in widgets if isinstance(w, kind) and w.isVisible()), None)

        self.wait(lambda: found() is not None, f"a {kind.__name__}")
        dialog = found()
        assert dialog is not None
        return dialog

    def row(self, name: str) -> QModelIndex:
        """Return the row of a machine; invalid while there is none."""
        proxy = self.window.machines.proxy
        rows = (proxy.index(row, 0) for row in range(proxy.rowCount()))
        return next((index for index in rows if index.data() == name), QModelIndex())

    def wait_for_state(self, name: str, text: str) -> None:
        """Wait until the row of a machine says so."""
        self.wait(
            lambda: self.row(name).data(DomainRole.STATE_TEXT) == text, f"{name} to be {text}"
        )

    def double_click(self, name: str) -> None:
        """Double-click on the row of a machine."""
        view = self.window.machines.view
        at = view.visualRect(self.row(name)).center()
        QTest.mouseClick(view.viewport(), LEFT, pos=at)
        QTest.mouseDClick(view.viewport(), LEFT, pos=at)

    def drag_over(self, *files: Path) -> QMimeData:
        """Drag files from a file manager over the window, and hold them there."""
        data = QMimeData()
        data.setUrls([QUrl.fromLocalFile(str(file)) for file in files])
        enter = QDragEnterEvent(_MIDDLE, _COPY, data, LEFT, _NO_KEYS)
        QApplication.sendEvent(self.window, enter)
        assert enter.isAccepted()
        return data

    def drop(self, data: QMimeData) -> None:
        """Let go of what is dragged."""
        QApplication.sendEvent(
            self.window, QDropEvent(QPointF(_MIDDLE), _COPY, data, LEFT, _NO_KEYS)
        )

    def visible_button(self, text: str, inside: QWidget | None = None) -> QAbstractButton:
        """Return the button with this text (mnemonics aside) that can be seen, once it can."""
        place = inside or self.window

        def found() -> QAbstractButton | None:
            buttons = place.findChildren(QAbstractButton)
            visible = (button for button in buttons if button.isVisible())
            return next((b for b in visible if b.text().replace("&", "") == text), None)

        self.wait(lambda: found() is not None, f"a button “{text}”")
        button = found()
        assert button is not None
        return button

    def rest_on(self, place: QPoint) -> None:
        """Leave the pointer somewhere."""
        QTest.mouseMove(self.window, place)
