"""What the pages of a machine's properties share: a form, and values that know if they changed."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QFrame,
    QLabel,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.i18n import _
from vmdesk.hardware import Hardware, Settings
from vmdesk.tasks import Task
from vmdesk.views.labels import label, title

Value = TypeVar("Value")

Deed = Callable[[Hardware, str], Task]
"""What a button does at once, to the machine of this UUID."""


class Tracked(Generic[Value]):
    """The value of a control beside the one that is stored: only a changed one is written."""

    def __init__(self, read: Callable[[], Value], write: Callable[[Value], object]) -> None:
        self._read = read
        self._write = write
        self._stored: Value | None = None

    @property
    def is_changed(self) -> bool:
        """Whether the user has put in another value than the stored one."""
        return self._stored is not None and self._read() != self._stored

    @property
    def change(self) -> Value | None:
        """What the user has put in, or ``None`` if that is what is stored."""
        return self._read() if self.is_changed else None

    def show(self, value: Value) -> None:
        """Take note of the stored value, and show it unless the user has put in another."""
        if self.is_changed:
            self._stored = value
        else:
            self.reset(value)

    def reset(self, value: Value) -> None:
        """Show the stored value whatever the user has put in."""
        self._write(value)
        # As the control gives it back: it may hold no line break, or whole MiB only.
        self._stored = self._read()


class Page(QScrollArea):
    """One page: ``heading``, and below it what its subclass puts into ``body``."""

    changed = Signal()
    """The user has put something in."""
    deed_wanted = Signal(object)
    """A ``Deed``."""

    def __init__(self, heading: str) -> None:
        super().__init__()
        self.heading = heading
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        ground = QWidget()
        ground.setObjectName("ground")
        self.body = QVBoxLayout(ground)
        self.body.setContentsMargins(24, 20, 24, 20)
        self.body.setSpacing(12)
        self.body.addWidget(title(heading))
        self.setWidget(ground)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return False

    @property
    def problem(self) -> str:
        """Why it can't be saved, or empty."""
        return ""

    def minimumSizeHint(self) -> QSize:
        """Return a width that cuts nothing off: only upwards and downwards it scrolls."""
        inside = self.widget().minimumSizeHint().width()
        return QSize(inside + self.verticalScrollBar().sizeHint().width(), 120)

    def show_settings(self, settings: Settings, discard: bool) -> None:
        """Show how the machine is; what the user has put in stays unless ``discard``."""
        raise NotImplementedError


def next_start_badge() -> QLabel:
    """Return a hidden badge for a field that has effect from the next start only."""
    badge = label(_("from the next start"), "badge")
    badge.setWordWrap(False)
    badge.setFixedHeight(20)
    badge.setToolTip(_("The running machine keeps what it has until it is shut down."))
    badge.hide()
    return badge
