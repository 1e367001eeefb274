"""Text on the window: elided instead of cut, in a role's colour instead of one of its own."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QFrame, QLabel, QSizePolicy, QWidget

from vmdesk.views import mirrored
from vmdesk.views.palette import roles


class ElidedLabel(QLabel):
    """One line that ends in “…” where there is no room; the tooltip has the whole of it."""

    def __init__(
        self,
        text: str = "",
        parent: QWidget | None = None,
        mode: Qt.TextElideMode = Qt.TextElideMode.ElideRight,
        fills: bool = False,
    ) -> None:
        super().__init__(parent)
        self.mode = mode
        """Where what has no room is left out."""
        self.setTextFormat(Qt.TextFormat.PlainText)
        self.setSizePolicy(
            QSizePolicy.Policy.Expanding if fills else QSizePolicy.Policy.Maximum,
            QSizePolicy.Policy.Fixed,
        )
        self.setText(text)

    def minimumSizeHint(self) -> QSize:
        """Return a width of a few characters."""
        return QSize(min(48, self.sizeHint().width()), self.sizeHint().height())

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint as much as there is room for."""
        painter = QPainter(self)
        room = self.contentsRect()
        elided = QFontMetrics(self.font()).elidedText(self.text(), self.mode, room.width())
        self.setToolTip(plain_tip(self.text()) if elided != self.text() else "")
        painter.setPen(self.palette().color(self.foregroundRole()))
        # The window's direction says where the text stands, its own how a path is read.
        side = mirrored.alignment(self.layoutDirection(), self.alignment())
        painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        painter.drawText(room, side | Qt.TextFlag.TextSingleLine, elided)
        painter.end()


class StatePill(QWidget):
    """A state as a dot and words, in a rounded frame."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._dot = QColor()
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)

    def show_state(self, text: str, dot: QColor) -> None:
        """Show a state."""
        if (text, dot) != (self._text, self._dot):
            self._text, self._dot = text, dot
            self.setAccessibleName(text)
            self.updateGeometry()
            self.update()

    def sizeHint(self) -> QSize:
        """Return the size of the text with dot and margins."""
        metrics = QFontMetrics(self.font())
        return QSize(metrics.horizontalAdvance(self._text) + 44, metrics.height() + 12)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the frame, the dot and the words."""
        colors = roles()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        frame = QRectF(self.rect()).adjusted(0.5, 0.5, -0.5, -0.5)
        painter.setPen(QPen(colors.hairline, 1))
        painter.setBrush(colors.surface)
        painter.drawRoundedRect(frame, frame.height() / 2, frame.height() / 2)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._dot)
        dot = QRectF(14, (self.height() - 10) / 2, 10, 10)
        words = self.rect().adjusted(30, 0, -14, 0)
        if self.layoutDirection() is Qt.LayoutDirection.RightToLeft:
            dot.moveRight(self.width() - 14)
            words = self.rect().adjusted(14, 0, -30, 0)
        painter.drawEllipse(dot)
        painter.setPen(colors.text)
        painter.drawText(words, Qt.AlignmentFlag.AlignVCenter, self._text)
        painter.end()


def label(text: str = "", role: str = "", parent: QWidget | None = None) -> QLabel:
    """Return a wrapping label in the colour of ``role``: secondary, problem, strong or plain."""
    made = QLabel(text, parent)
    made.setTextFormat(Qt.TextFormat.PlainText)
    made.setWordWrap(True)
    made.setProperty("role", role)
    return made


def plain_tip(text: str) -> str:
    """Return what a tooltip shows as ``text``, even if a stranger put markup into it."""
    # Qt takes for markup what has a “<” in a place that looks like it.
    if "<" not in text:
        return text
    # What it reads has 2,000 names of characters, and is for what hardly any tooltip has.
    from html import escape

    return f"<span style='white-space: pre-wrap'>{escape(text)}</span>"


def title(text: str, parent: QWidget | None = None) -> QLabel:
    """Return a wrapping label in the size of a dialog's heading."""
    made = label(text, "strong", parent)
    font = made.font()
    font.setPointSizeF(font.pointSizeF() * 1.2)
    made.setFont(font)
    return made


def isolated(text: str) -> str:
    """Return what is read from left to right also among words that run from the right: “.tar”."""
    # https://unicode.org/reports/tr9/#Explicit_Directional_Isolates
    return f"\u2066{text}\u2069"


def shortened(name: str, most: int = 48) -> str:
    """Return a name for a heading: without its middle if it has more than ``most`` characters."""
    half = (most - 1) // 2
    return name if len(name) <= most else f"{name[:half]}…{name[-half:]}"


def hairline(parent: QWidget | None = None) -> QFrame:
    """Return a thin horizontal line."""
    line = QFrame(parent)
    line.setObjectName("line")
    line.setFixedHeight(1)
    return line
