"""Quiet lines below the tool bar: something that happened, to be read and put away."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from vmdesk.bundles import LeftOut
from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.staging import Leftover
from vmdesk.views import icons
from vmdesk.views.labels import label

_LINES = 6


class NoticeBar(QFrame):
    """Says what was cleared away or left out; hidden until there is something to say."""

    closed = Signal()
    """The user has read it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self.text = label()
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
        layout.addWidget(self.close_button)
        self.hide()

    def show_text(self, text: str) -> None:
        """Say something."""
        self.text.setText(text)
        self.show()

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
        self.text.setText("\n".join([*before, *lines][-_LINES:]))
        self.show()
