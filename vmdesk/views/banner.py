"""A bar across the window that says what is wrong, what it means, and mends it."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.core.i18n import _
from vmdesk.views import icons
from vmdesk.views.labels import label

_SECOND = 1000


class Banner(QFrame):
    """Shows a lost connection and counts down to the next attempt; hidden otherwise."""

    reconnect_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._seconds = 0
        self._hint = ""
        self._is_waiting = False
        self._timer = QTimer(self)
        self._timer.setInterval(_SECOND)
        self._timer.timeout.connect(self._count_down)
        self.heading = label(role="strong")
        self.text = label()
        self.button = QPushButton(_("Re&connect now"))
        self.button.setAccessibleDescription(_("Connect to libvirt without waiting"))
        self.button.clicked.connect(self.reconnect_wanted)
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.heading)
        words.addWidget(self.text)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 10, 12, 10)
        layout.setSpacing(12)
        layout.addWidget(icons.IconLabel("plug", 20))
        layout.addLayout(words, 1)
        layout.addWidget(self.button)
        self.hide()

    def show_status(self, status: ConnectionStatus) -> None:
        """Show why there is no connection, if there is none."""
        is_lost = status.state is ConnectionState.LOST
        self.setVisible(is_lost)
        self._timer.stop()
        if not is_lost:
            return
        error = status.error
        self.heading.setText(error.summary if error is not None else _("No connection to libvirt."))
        self._hint = error.hint if error is not None else ""
        self._seconds = round(status.retry_in or 0)
        self._is_waiting = status.retry_in is not None
        if self._seconds:
            self._timer.start()
        self._show_text()

    def _count_down(self) -> None:
        self._seconds = max(0, self._seconds - 1)
        if not self._seconds:
            self._timer.stop()
        self._show_text()

    def _show_text(self) -> None:
        if not self._is_waiting:
            self.text.setText(self._hint)
            return
        when = (
            _("Next attempt in {seconds} s.").format(seconds=self._seconds)
            if self._seconds
            else _("Connecting…")
        )
        self.text.setText(f"{self._hint} {when}".strip())
