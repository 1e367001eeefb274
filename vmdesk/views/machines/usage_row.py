"""Four cards in a row: what a running machine uses, now and over the last minutes."""

from collections.abc import Sequence

from PySide6.QtWidgets import QHBoxLayout, QWidget

from vmdesk.core import formatting
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.statistics import Usage
from vmdesk.views.machines.graph_card import GraphCard
from vmdesk.views.progress_text import percent

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
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(10)
        for card in (self.cpu, self.memory, self.disk, self.network):
            layout.addWidget(card, 1)

    def show_usages(self, usages: Sequence[Usage], memory: int) -> None:
        """Show ``usages``, newest last and at least one, of a machine with ``memory`` KiB."""
        now = usages[-1]
        self.cpu.show_value(percent(now.cpu), tuple(usage.cpu for usage in usages))
        used, total = formatting.memory(now.memory), formatting.memory(memory)
        self.memory.show_value(
            _("{used} of {total}").format(used=used, total=total),
            tuple(usage.memory / max(memory, 1) for usage in usages),
        )
        disk = [usage.disk for usage in usages]
        network = [usage.network for usage in usages]
        self.disk.show_value(formatting.speed(now.disk), _scaled(disk, _LEAST_DISK_SCALE))
        self.network.show_value(
            formatting.speed(now.network), _scaled(network, _LEAST_NETWORK_SCALE)
        )


def _scaled(values: list[float], least: float) -> tuple[float, ...]:
    most = max([least, *values])
    return tuple(value / most for value in values)
