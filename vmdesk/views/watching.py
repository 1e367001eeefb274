"""Tell the monitor what can be seen, so that nothing else is looked at."""

from PySide6.QtCore import QEvent, QObject, QPoint, QTimer
from PySide6.QtWidgets import QWidget

from vmdesk.models.domain_list_model import DomainRole
from vmdesk.monitor import Monitor
from vmdesk.views.domain_list_view import DomainListView

_SETTLE = 100
"""Milliseconds for which the list has to rest before its rows in sight are told."""


class Watching(QObject):
    """Follows a window and the list in it."""

    def __init__(self, window: QWidget, view: DomainListView, monitor: Monitor) -> None:
        super().__init__(window)
        self._window = window
        self._view = view
        self._monitor = monitor
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_SETTLE)
        self._timer.timeout.connect(self._tell)
        rows = view.model()
        for moved in (
            view.selected,
            view.verticalScrollBar().valueChanged,
            rows.rowsInserted,
            rows.rowsRemoved,
            rows.layoutChanged,
        ):
            moved.connect(lambda *_: self._timer.start())
        window.installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        """Notice when the window is shown, hidden or minimized, and when its size changes."""
        if event.type() in (QEvent.Type.Show, QEvent.Type.Hide, QEvent.Type.WindowStateChange):
            is_seen = self._window.isVisible() and not self._window.isMinimized()
            self._monitor.set_watching(is_seen)
        elif event.type() is QEvent.Type.Resize:
            self._timer.start()
        return False

    def _tell(self) -> None:
        selected = self._view.selected_uuids()
        self._monitor.set_in_sight(self._in_sight(), selected[0] if len(selected) == 1 else "")

    def _in_sight(self) -> list[str]:
        rows = self._view.model()
        area = self._view.viewport().rect()
        first = self._view.indexAt(QPoint(area.center().x(), area.top()))
        last = self._view.indexAt(QPoint(area.center().x(), area.bottom()))
        # Where no row ends the list, the area below the last one is empty.
        end = last.row() if last.isValid() else rows.rowCount() - 1
        begin = first.row() if first.isValid() else 0
        return [rows.index(row, 0).data(DomainRole.UUID) for row in range(begin, end + 1)]
