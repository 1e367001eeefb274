"""How a guest's screen is painted: rounded, dimmed when it is not live, an icon when unknown."""

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPainterPath, QPixmap, QPixmapCache

from vmdesk.core.host import DomainState
from vmdesk.views import icons
from vmdesk.views.palette import mix, roles

_DIMMED = 0.45
_LARGE = 100
"""Pixels of height from which a picture is no thumbnail."""
_SCREEN = QColor("#0b0c0e")


def is_live(state: DomainState | None) -> bool:
    """Whether the picture shows what the guest shows now."""
    return state is not None and state.can_be_reached


def state_color(state: DomainState | None) -> QColor:
    """Return the colour of a state's dot; the word always stands beside it."""
    colors = roles()
    match state:
        case DomainState.RUNNING | DomainState.BLOCKED:
            return colors.running
        case DomainState.PAUSED | DomainState.SHUTDOWN | DomainState.SUSPENDED:
            return colors.paused
        case DomainState.CRASHED:
            return colors.failed
        case _:
            return mix(colors.surface, colors.text, 0.55)


def paint_screen(painter: QPainter, rect: QRectF, picture: QImage, live: bool) -> None:
    """Paint ``picture`` whole into the middle of ``rect``, on black as on a monitor."""
    ratio = painter.device().devicePixelRatioF()
    scaled = _scaled(picture, rect.size().toSize() * ratio)
    scaled.setDevicePixelRatio(ratio)
    size = scaled.deviceIndependentSize()
    left = rect.x() + (rect.width() - size.width()) / 2
    top = rect.y() + (rect.height() - size.height()) / 2
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    ground = _rounded(rect)
    # For fillRect with a colour, PySide would make a class for gradients: a millisecond.
    painter.fillPath(ground, _SCREEN)
    painter.setClipPath(ground)
    painter.setOpacity(1.0 if live else _DIMMED)
    painter.drawPixmap(QRectF(left, top, size.width(), size.height()), scaled, scaled.rect())
    painter.restore()


def paint_placeholder(painter: QPainter, rect: QRectF, icon: str, size: int) -> None:
    """Paint an icon where there is no picture of a screen."""
    colors = roles()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.fillPath(_rounded(rect), colors.track if rect.height() < _LARGE else colors.hover)
    if rect.height() >= _LARGE:
        painter.setPen(colors.hairline)
        painter.drawRoundedRect(rect.adjusted(0.5, 0.5, -0.5, -0.5), 8, 8)
    box = QRectF(0, 0, size, size)
    box.moveCenter(rect.center())
    icons.paint(painter, icon, box.toAlignedRect(), colors.secondary)


def _rounded(rect: QRectF) -> QPainterPath:
    radius = 4 if rect.height() < _LARGE else 8
    path = QPainterPath()
    path.addRoundedRect(rect, radius, radius)
    return path


def _scaled(picture: QImage, size: QSize) -> QPixmap:
    """Return a picture as it is painted in ``size``; those of rows are kept, which Qt limits."""
    key = f"{picture.cacheKey()} {size.width()} {size.height()}"
    pixmap = QPixmap()
    if not QPixmapCache.find(key, pixmap):
        way = Qt.AspectRatioMode.KeepAspectRatio, Qt.TransformationMode.SmoothTransformation
        pixmap = QPixmap.fromImage(picture.scaled(size, *way))
        # A large one is painted anew only when there is another picture.
        if size.height() < _LARGE:
            QPixmapCache.insert(key, pixmap)
    return pixmap
