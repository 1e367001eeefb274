"""What the window does with a key that none of its parts has taken."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QPushButton, QToolButton, QWidget

RETURN = (Qt.Key.Key_Return, Qt.Key.Key_Enter)
_KEYPAD = Qt.KeyboardModifier.KeypadModifier


def press_focused(window: QWidget, event: QKeyEvent) -> bool:
    """Press the button that has the focus if the key is Return; tell whether there was one.

    Qt's own buttons know Space only, or give Return to the button that is blue.
    """
    focus = window.focusWidget()
    is_return = event.key() in RETURN and not event.modifiers() & ~_KEYPAD
    if not is_return or not isinstance(focus, QPushButton | QToolButton) or not focus.isEnabled():
        return False
    focus.click()
    return True
