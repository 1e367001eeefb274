"""A small graph of the last minutes: a line over a faint ground, without axes."""

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vmdesk.core.statistics import levels
from vmdesk.views.palette import roles

POINTS = 60
"""Values that fill the width; fewer are drawn at the right, where the newest always is."""
_LEAST = 4
"""Values below which there is a dot to see, and no course."""


def paint(painter: QPainter, rect: QRectF, values: Sequence[float], color: QColor) -> None:
    """Draw the last ``POINTS`` of ``values``, each 0 to 1, into ``rect``."""
    shown = values[-POINTS:]
    if len(shown) < _LEAST:
        return
    step = rect.width() / (POINTS - 1)
    left = rect.right() - step * (len(shown) - 1)
    points = [
        QPointF(left + step * at, rect.bottom() - rect.height() * min(1.0, max(0.0, value)))
        for at, value in enumerate(shown)
    ]
    line = QPainterPath(points[0])
    for point in points[1:]:
        line.lineTo(point)
    area = QPainterPath(line)
    area.lineTo(rect.right(), rect.bottom())
    area.lineTo(left, rect.bottom())
    ground = QColor(color)
    ground.setAlphaF(0.14)
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(area, ground)
    painter.strokePath(line, QPen(color, 1.5, Qt.PenStyle.SolidLine, Qt.PenCapStyle.RoundCap))
    painter.restore()


class Sparkline(QWidget):
    """A sparkline as a widget that takes the width it is given."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._values: tuple[float, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def set_values(self, values: tuple[float, ...]) -> None:
        """Show ``values``, each 0 to 1, newest last."""
        if (seen := levels(values)) != self._values:
            self._values = seen
            self.update()

    def sizeHint(self) -> QSize:
        """Return a size that a card has room for."""
        return QSize(120, 32)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Draw the line inside the widget, so that its thickness is not cut."""
        painter = QPainter(self)
        paint(painter, QRectF(self.rect()).adjusted(1, 2, -1, -1), self._values, roles().accent)
        painter.end()
