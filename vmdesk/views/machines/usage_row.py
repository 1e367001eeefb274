"""Four cards in a row, or in two: what a running machine uses, now and over the last minutes."""

from collections.abc import Sequence

from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QGridLayout, QWidget

from vmdesk.core import formatting
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.statistics import Usage
from vmdesk.views.machines.graph_card import GraphCard
from vmdesk.views.progress_text import percent

_GAP = 10
_CARD_WIDTH = 160
"""Pixels in which the longest figure has room."""
_LEAST_DISK_SCALE = 1 * MIB
_LEAST_NETWORK_SCALE = 64 * KIB
"""Bytes per second that fill a graph at least, or the noise of an idle guest would look busy."""


class UsageRow(QWidget):
    """CPU, memory, disk and network."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.cpu = GraphCard(_("CPU"))
        self.memory = GraphCard(_("Memory"))
        self.disk = GraphCard(_("Disk"))
        self.network = GraphCard(_("Network"))
        self._cards = (self.cpu, self.memory, self.disk, self.network)
        self._columns = 0
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(_GAP)
        self._arrange(len(self._cards))

    def show_usages(self, usages: Sequence[Usage], memory: int) -> None:
        """Show ``usages``, newest last and at least one, of a machine with ``memory`` KiB."""
        now = usages[-1]
        self.cpu.show_value(percent(now.cpu), tuple(usage.cpu for usage in usages))
        self.memory.show_value(
            formatting.share(now.memory * KIB, memory * KIB),
            tuple(usage.memory / max(memory, 1) for usage in usages),
        )
        disk = [usage.disk for usage in usages]
        network = [usage.network for usage in usages]
        self.disk.show_value(formatting.speed(now.disk), _scaled(disk, _LEAST_DISK_SCALE))
        self.network.show_value(
            formatting.speed(now.network), _scaled(network, _LEAST_NETWORK_SCALE)
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Take a second row where four cards would cut their figures."""
        super().resizeEvent(event)
        count = len(self._cards)
        has_room = event.size().width() >= count * _CARD_WIDTH + (count - 1) * _GAP
        self._arrange(count if has_room else count // 2)

    def _arrange(self, columns: int) -> None:
        if columns == self._columns:
            return
        self._columns = columns
        for at, card in enumerate(self._cards):
            self._grid.addWidget(card, at // columns, at % columns)
            self._grid.setColumnStretch(at, int(at < columns))


def _scaled(values: list[float], least: float) -> tuple[float, ...]:
    most = max([least, *values])
    return tuple(value / most for value in values)
