"""How a row of the list of machines is painted."""

from dataclasses import dataclass
from typing import Any

from PySide6 import QtWidgets
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPen
from PySide6.QtWidgets import QAbstractItemView, QStyledItemDelegate, QStyleOptionViewItem

from vmdesk.models.domain_list_model import Activity, DomainRole
from vmdesk.views import mirrored
from vmdesk.views.machines import header, sparkline
from vmdesk.views.machines.proxy import DomainProxy
from vmdesk.views.machines.screen_picture import (
    is_live,
    paint_placeholder,
    paint_screen,
    state_color,
)
from vmdesk.views.palette import roles
from vmdesk.views.progress_text import row_label

Index = QModelIndex | QPersistentModelIndex

_MARGIN = 8
_PICTURE = QSize(86, 54)
_DOT = 8
_SPARKLINE = QSize(64, 28)
_BAR_HEIGHT = 4
_ROOM_FOR_GRAPH = 180
"""Pixels below which the text beside the picture is worth more than the graph."""


@dataclass(frozen=True, slots=True)
class _Style:
    """What Qt asks for with a row; PySide's annotations miss these fields of the option."""

    rect: QRect
    font: QFont
    direction: Qt.LayoutDirection

    @classmethod
    def of(cls, option: Any) -> "_Style":
        return cls(option.rect, option.font, option.direction)

    def visual(self, rect: QRect, inside: QRect) -> QRect:
        """Mirror ``rect`` where text runs from right to left."""
        return mirrored.place(self.direction, inside, rect)


class DomainDelegate(QStyledItemDelegate):
    """Paints the picture, the name, the state in word and colour, and what is going on."""

    def __init__(self, proxy: DomainProxy, view: QAbstractItemView) -> None:
        super().__init__(view)
        self._view = view
        self._proxy = proxy
        self._known: tuple[QFont, QSize] | None = None

    def sizeHint(self, option: Any, index: Index) -> QSize:
        """Return the height of three lines of text, or of the picture with its margins."""
        # Where there are sections Qt asks for every row, so it must cost next to nothing.
        section = self._proxy.header_at(index.row())
        font = option.font
        if section is not None:
            return header.size_hint(font, section)
        if self._known is None or self._known[0] != font:
            text = 3 * _line_height(font) + 2 * _MARGIN
            height = max(_PICTURE.height() + 2 * _MARGIN, text) + 6
            self._known = QFont(font), QSize(240, height)
        return self._known[1]

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: Index) -> None:
        """Paint one row."""
        style = _Style.of(option)
        painter.save()
        row = style.rect.adjusted(6, 3, -6, -3)
        self._paint_ground(painter, row, option, index)
        section = index.data(DomainRole.SECTION)
        if section is not None:
            header.paint(painter, row, style.font, style.direction, section)
            painter.restore()
            return
        content = row.adjusted(_MARGIN, 0, -_MARGIN, 0)
        picture = QRect(content.topLeft(), _PICTURE)
        picture.moveTop(row.top() + (row.height() - _PICTURE.height()) // 2)
        text = content.adjusted(_PICTURE.width() + 12, 0, 0, 0)
        _paint_picture(painter, QRectF(style.visual(picture, row)), index)
        _Lines(painter, style, style.visual(text, row)).paint(index)
        painter.restore()

    def _paint_ground(self, painter: QPainter, row: QRect, option: Any, index: Index) -> None:
        """Paint whether a row is selected, under the pointer, or where the keyboard is."""
        colors = roles()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if self._view.selectionModel().isSelected(index):
            painter.setBrush(colors.selection)
            painter.drawRoundedRect(row, 6, 6)
        # QStyle is named only where a state may be there: see mirrored.
        elif self._view.viewport().underMouse() and (
            option.state & QtWidgets.QStyle.StateFlag.State_MouseOver
        ):
            painter.setBrush(colors.hover)
            painter.drawRoundedRect(row, 6, 6)
        uses_keys = self._view.window().testAttribute(Qt.WidgetAttribute.WA_KeyboardFocusChange)
        if uses_keys and option.state & QtWidgets.QStyle.StateFlag.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(colors.accent, 2))
            painter.drawRoundedRect(QRectF(row).adjusted(1, 1, -1, -1), 5, 5)


def _line_height(font: QFont) -> int:
    return QFontMetrics(font).height() + 2


def _paint_picture(painter: QPainter, rect: QRectF, index: Index) -> None:
    picture = index.data(DomainRole.PICTURE)
    if picture is not None:
        paint_screen(painter, rect, picture, is_live(index.data(DomainRole.STATE)))
    else:
        is_made = index.data(DomainRole.INFO) is None
        paint_placeholder(painter, rect, "import" if is_made else "machine", 24)


class _Lines:
    """The text of one row, and the graph or the progress bar beside it."""

    def __init__(self, painter: QPainter, style: _Style, rect: QRect) -> None:
        self._painter = painter
        self._style = style
        self._rect = rect
        self._colors = roles()
        self._height = _line_height(style.font)
        self._top = rect.top() + (rect.height() - 3 * self._height) // 2

    def paint(self, index: Index) -> None:
        """Paint name, state and hardware, or name and progress."""
        history = index.data(DomainRole.CPU_HISTORY)
        activity = index.data(DomainRole.ACTIVITY)
        has_room = self._rect.width() >= _ROOM_FOR_GRAPH
        aside = _SPARKLINE.width() + 12 if history and has_room and activity is None else 0
        bold = QFont(self._style.font)
        bold.setWeight(QFont.Weight.DemiBold)
        self._text(self._line(0), index.data(), self._colors.text, bold)
        self._state(index, aside)
        if activity is not None:
            self._progress(activity)
            return
        hardware = self._line(2, aside)
        self._text(hardware, index.data(DomainRole.HARDWARE_TEXT), self._colors.secondary)
        if aside:
            graph = QRect(self._rect.topLeft(), _SPARKLINE)
            graph.moveRight(self._rect.right())
            graph.moveBottom(self._line(2).bottom() - 4)
            sparkline.paint(
                self._painter, QRectF(self._visual(graph)), history, self._colors.accent
            )

    def _state(self, index: Index, aside: int) -> None:
        line = self._line(1, aside)
        is_busy = index.data(DomainRole.ACTIVITY) is not None or index.data(DomainRole.INFO) is None
        state = index.data(DomainRole.STATE)
        dot = QRectF(line.left(), 0, _DOT, _DOT)
        dot.moveCenter(QRectF(line).center())
        dot.moveLeft(line.left())
        self._painter.setPen(Qt.PenStyle.NoPen)
        self._painter.setBrush(self._colors.accent if is_busy else state_color(state))
        self._painter.drawEllipse(self._visual(dot.toRect()))
        word = line.adjusted(_DOT + 6, 0, 0, 0)
        self._text(word, index.data(DomainRole.STATE_TEXT), self._colors.text)

    def _progress(self, activity: Activity) -> None:
        line = self._line(2)
        label = row_label(activity)
        font = self._style.font
        width = min(QFontMetrics(font).horizontalAdvance(label) + 2, line.width() * 7 // 10)
        if label:
            place = line.adjusted(line.width() - width, 0, 0, 0)
            self._text(place, label, self._colors.secondary)
        if activity.fraction is None:
            return
        bar = QRectF(line.left(), 0, line.width() - width - (12 if label else 0), _BAR_HEIGHT)
        bar.moveTop(line.top() + (line.height() - _BAR_HEIGHT) / 2)
        done = QRectF(bar)
        done.setWidth(max(_BAR_HEIGHT, bar.width() * activity.fraction))
        for part, color in ((bar, self._colors.track), (done, self._colors.accent)):
            self._painter.setBrush(color)
            self._painter.setPen(Qt.PenStyle.NoPen)
            self._painter.drawRoundedRect(
                self._visual(part.toRect()), _BAR_HEIGHT / 2, _BAR_HEIGHT / 2
            )

    def _line(self, number: int, aside: int = 0) -> QRect:
        top = self._top + number * self._height
        return QRect(self._rect.left(), top, self._rect.width() - aside, self._height)

    def _visual(self, rect: QRect) -> QRect:
        return self._style.visual(rect, self._rect)

    def _text(self, rect: QRect, text: str, color: QColor, font: QFont | None = None) -> None:
        font = font or self._style.font
        elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        self._painter.setFont(font)
        self._painter.setPen(color)
        alignment = mirrored.alignment(self._style.direction, Qt.AlignmentFlag.AlignLeft)
        flags = alignment | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine
        # A name is read in its own direction, wherever the row begins.
        self._painter.setLayoutDirection(Qt.LayoutDirection.LayoutDirectionAuto)
        self._painter.drawText(self._visual(rect), flags, elided)
