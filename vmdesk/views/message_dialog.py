"""A question or a message: an icon, one sentence in bold, what it means, and plain buttons."""

from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vmdesk.views import icons
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import label, title

WIDTH = 440

_TINTS = {"error": icons.failed, "warning": icons.paused, "trash": icons.failed}


@dataclass(frozen=True, slots=True)
class Choice:
    """A button: ``key`` tells the asker that it was pressed; ``kind`` is the style's."""

    key: str
    text: str
    kind: str = ""


class MessageDialog(Dialog):
    """Opens above the window without stopping it; Escape is the same as the first choice.

    The first choice is the safe one; the others stand before it. Return means the one that stands
    out, which no danger does, or the safe one if none does.
    """

    chosen = Signal(object)
    """The key of a choice, once."""

    def __init__(
        self,
        parent: QWidget | None,
        icon: str,
        heading: str,
        text: str,
        choices: tuple[Choice, ...],
    ) -> None:
        super().__init__(parent, heading)
        # The sentence stands in the dialog itself, where it has room; a screen reader says it.
        self.setWindowTitle("vmdesk")
        self.setAccessibleName(heading)
        self._key = choices[0].key
        primary = (choice.key for choice in choices if choice.kind == "primary")
        self._default = next(primary, self._key)
        self._text = label(text, "secondary")
        self._text.setVisible(bool(text))
        self.body = QVBoxLayout()
        self.body.setSpacing(8)
        self.body.addWidget(title(heading))
        self.body.addWidget(self._text)
        self.buttons = {choice.key: self._button(choice) for choice in choices}
        top = QHBoxLayout()
        top.setSpacing(16)
        picture = icons.IconLabel(icon, 32, _TINTS.get(icon, icons.accent))
        top.addWidget(picture, 0, Qt.AlignmentFlag.AlignTop)
        top.addLayout(self.body, 1)
        self.foot = QHBoxLayout()
        self.foot.setSpacing(8)
        self.foot.addStretch(1)
        for choice in reversed(choices):
            self.foot.addWidget(self.buttons[choice.key])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 20)
        layout.setSpacing(24)
        layout.addLayout(top)
        layout.addLayout(self.foot)
        self.setMinimumWidth(WIDTH)
        self.setAccessibleDescription(text)
        self.finished.connect(lambda: self.chosen.emit(self._key))

    def showEvent(self, event: QShowEvent) -> None:
        """Put the focus on what Return means."""
        super().showEvent(event)
        self.buttons[self._default].setFocus()

    def choose(self, key: str) -> None:
        """Close with an answer."""
        self._key = key
        self.accept()

    def _button(self, choice: Choice) -> QPushButton:
        button = QPushButton(choice.text, self)
        button.setAutoDefault(False)
        button.setDefault(choice.key == self._default)
        button.setProperty("kind", choice.kind)
        button.clicked.connect(lambda: self.choose(choice.key))
        return button
