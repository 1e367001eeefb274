"""What a drag over the window would do, said over the whole of it."""

from PySide6.QtCore import QMimeData, QRectF, Qt, QUrl
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _
from vmdesk.views import icons
from vmdesk.views.palette import roles

_ICON = 56
_DISC_ENDINGS = (".iso", ".img")


def source_in(data: QMimeData) -> str | None:
    """Return the address or path of an installation disc in a drag, or ``None``.

    A link is taken at its word: the page that it opens looks what is there.
    """
    urls = data.urls() or [QUrl(data.text().strip())]
    if len(urls) != 1:
        return None
    url = urls[0]
    if url.isLocalFile():
        path = url.toLocalFile()
        return path if path.lower().endswith(_DISC_ENDINGS) else None
    return url.toString() if url.scheme() in ("http", "https") else None


class DropOverlay(QWidget):
    """Covers its parent while something is dragged over it."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._window = parent
        self._is_welcome = False
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()

    @property
    def words(self) -> str:
        """What the overlay says."""
        if self._is_welcome:
            return _("Use as an installation disc")
        return _("vmdesk can't read this")

    def show_for(self, source: str | None) -> None:
        """Say what will become of the thing that is dragged."""
        self._is_welcome = source is not None
        self.setAccessibleName(self.words)
        self.setGeometry(self._window.rect())
        self.raise_()
        self.show()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint a veil, a frame, an icon and the words."""
        colors = roles()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        veil = QColor(colors.window)
        veil.setAlphaF(0.94)
        painter.fillRect(self.rect(), veil)
        color = colors.accent if self._is_welcome else colors.secondary
        painter.setPen(QPen(color, 2, Qt.PenStyle.DashLine))
        painter.drawRoundedRect(QRectF(self.rect()).adjusted(24, 24, -24, -24), 12, 12)
        box = QRectF(0, 0, _ICON, _ICON)
        box.moveCenter(QRectF(self.rect()).center())
        icons.paint(painter, "disc" if self._is_welcome else "error", box, color)
        font = painter.font()
        font.setPointSizeF(font.pointSizeF() * 1.3)
        painter.setFont(font)
        painter.setPen(colors.text)
        below = QRectF(0, box.bottom() + 16, self.width(), 40)
        painter.drawText(below, Qt.AlignmentFlag.AlignHCenter, self.words)
        painter.end()
