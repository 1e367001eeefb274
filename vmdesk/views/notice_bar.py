"""Quiet lines below the tool bar: something that happened, to be read and put away."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QToolButton, QWidget

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.views import icons
from vmdesk.views.labels import label

if TYPE_CHECKING:
    from vmdesk.bundles import LeftOut
    from vmdesk.core.staging import Leftover

_LINES = 6
_MOMENT = 6000
"""Milliseconds."""


class NoticeBar(QFrame):
    """Says what was cleared away or left out; hidden until there is something to say."""

    closed = Signal()
    """The user has read it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.text = label()
        self.deed_button = QPushButton()
        self.deed_button.clicked.connect(self._do)
        self._deed: Callable[[], object] | None = None
        self._moment = QTimer(self)
        self._moment.setSingleShot(True)
        self._moment.setInterval(_MOMENT)
        self._moment.timeout.connect(self.hide)
        self.close_button = QToolButton()
        self.close_button.setIcon(icons.icon("close"))
        self.close_button.setToolTip(_("Hide this message"))
        self.close_button.setAccessibleName(_("Hide this message"))
        self.close_button.clicked.connect(self.hide)
        self.close_button.clicked.connect(lambda: self.closed.emit())
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 6, 12, 6)
        layout.setSpacing(12)
        layout.addWidget(icons.IconLabel("info", 20))
        layout.addWidget(self.text, 1)
        layout.addWidget(self.deed_button)
        layout.addWidget(self.close_button)
        self.deed_button.hide()
        self.hide()

    def show_text(self, text: str) -> None:
        """Say something."""
        self.text.setText(text)
        self.deed_button.hide()
        self.show()

    def show_briefly(self, text: str) -> None:
        """Say something that is of use for a moment only."""
        self.show_text(text)
        self._moment.start()

    def offer(self, text: str, button: str, deed: Callable[[], object]) -> None:
        """Say something, and offer what can be done about it."""
        self.show_text(text)
        self.deed_button.setText(button)
        self._deed = deed
        self.deed_button.show()

    def add(self, text: str) -> None:
        """Say something more, below what nobody has put away yet."""
        self._show([text])

    def show_leftovers(self, leftovers: Sequence[Leftover]) -> None:
        """Say what was broken off, and how much room it gave back."""
        text = _("{what} was broken off. What it left behind, {size}, was cleared away.")
        self._show(
            [text.format(what=one.text, size=formatting.size(one.size)) for one in leftovers]
        )

    def show_left_out(self, left_out: LeftOut) -> None:
        """Say what a machine was imported without."""
        text = _("“{name}” was imported without {what}: {why}.")
        self._show(
            [
                text.format(name=left_out.name, what=one.what, why=one.why)
                for one in left_out.dropped
            ]
        )

    def _show(self, lines: Sequence[str]) -> None:
        """Show lines below those that nobody has put away yet."""
        before = self.text.text().splitlines() if self.isVisible() else []
        self.show_text("\n".join([*before, *lines][-_LINES:]))

    def _do(self) -> None:
        self.hide()
        if self._deed is not None:
            self._deed()
