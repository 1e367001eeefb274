"""A card with one figure of a machine and its course over the last minutes."""

from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from vmdesk.views.labels import ElidedLabel
from vmdesk.views.machines.sparkline import Sparkline


class GraphCard(QFrame):
    """``title``, the present value, and a sparkline."""

    def __init__(self, title: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._title = title
        heading = ElidedLabel(title)
        heading.setProperty("role", "secondary")
        self._value = ElidedLabel()
        self._value.setProperty("role", "strong")
        font = self._value.font()
        font.setPointSizeF(font.pointSizeF() * 1.15)
        self._value.setFont(font)
        self._graph = Sparkline()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 10, 14, 10)
        layout.setSpacing(4)
        for part in (heading, self._value, self._graph):
            layout.addWidget(part)

    def show_value(self, value: str, history: tuple[float, ...]) -> None:
        """Show ``value`` and its ``history``, each 0 to 1, newest last."""
        self._value.setText(value)
        self._graph.set_values(history)
        self.setAccessibleName(f"{self._title}: {value}")
