"""One family of line icons, tinted from the palette when they are painted and so always sharp."""

from collections.abc import Callable
from functools import lru_cache

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPaintEvent, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QWidget

from vmdesk.core import resources
from vmdesk.views.palette import Roles, roles

FOLDER = resources.folder("icons")

Tint = Callable[[Roles], QColor]


def plain(colors: Roles) -> QColor:
    """Tint an icon like text."""
    return colors.text


def secondary(colors: Roles) -> QColor:
    """Tint an icon like text that explains."""
    return colors.secondary


def accent(colors: Roles) -> QColor:
    """Tint an icon with the accent colour."""
    return colors.accent


def on_accent(colors: Roles) -> QColor:
    """Tint an icon that lies on the accent colour."""
    return colors.on_accent


def running(colors: Roles) -> QColor:
    """Tint an icon that says that all went well."""
    return colors.running


def paused(colors: Roles) -> QColor:
    """Tint an icon that warns."""
    return colors.paused


def failed(colors: Roles) -> QColor:
    """Tint an icon that tells of a failure or a loss."""
    return colors.failed


def icon(name: str, tint: Tint = plain) -> QIcon:
    """Return an icon that follows the palette while the program runs."""
    return QIcon(_Engine(name, tint))


def paint(painter: QPainter, name: str, rect: QRect | QRectF, color: QColor) -> None:
    """Paint an icon into ``rect``, at whatever resolution the painter has."""
    _renderer(name, color.name()).render(painter, QRectF(rect))


class IconLabel(QWidget):
    """An icon by itself, ``size`` pixels wide and high."""

    def __init__(
        self, name: str, size: int, tint: Tint = plain, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._name = name
        self._tint = tint
        self.setFixedSize(size, size)

    def set_icon(self, name: str, tint: Tint) -> None:
        """Show another icon."""
        if (name, tint) != (self._name, self._tint):
            self._name, self._tint = name, tint
            self.update()

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the icon in the colours of the moment."""
        painter = QPainter(self)
        paint(painter, self._name, self.rect(), self._tint(roles()))
        painter.end()


class _Engine(QIconEngine):
    """Paints one icon in the colours of the moment."""

    def __init__(self, name: str, tint: Tint) -> None:
        super().__init__()
        self._name = name
        self._tint = tint

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, _state: QIcon.State) -> None:
        """Paint for ``mode``: a disabled icon is as faint as disabled text."""
        colors = roles()
        is_disabled = mode is QIcon.Mode.Disabled
        paint(painter, self._name, rect, colors.disabled if is_disabled else self._tint(colors))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        """Return the icon with ``size`` device pixels."""
        pixmap = QPixmap(size)
        pixmap.fill(Qt.GlobalColor.transparent)
        painter = QPainter(pixmap)
        self.paint(painter, QRect(0, 0, size.width(), size.height()), mode, state)
        painter.end()
        return pixmap

    def clone(self) -> QIconEngine:
        """Return another engine for the same icon."""
        return _Engine(self._name, self._tint)


@lru_cache(maxsize=128)
def _renderer(name: str, color: str) -> QSvgRenderer:
    source = (FOLDER / f"{name}.svg").read_bytes()
    return QSvgRenderer(QByteArray(source.replace(b"currentColor", color.encode())))
