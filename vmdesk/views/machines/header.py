"""How the header row of a connection is painted."""

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter

from vmdesk.connection import ConnectionState
from vmdesk.views import icons, mirrored
from vmdesk.views.machines.section import Section
from vmdesk.views.palette import roles

FOLD_WIDTH = 34
"""Pixels at the beginning of a header in which a click folds the section."""
_CHEVRON = 16
_MARGIN = 6


def size_hint(font: QFont, section: Section) -> QSize:
    """Return the height of one line, or of two where there is a reason to tell."""
    line = QFontMetrics(font).height()
    return QSize(240, line + 3 * _MARGIN + (line + _MARGIN if section.reason else 0))


def paint(
    painter: QPainter, rect: QRect, font: QFont, direction: Qt.LayoutDirection, section: Section
) -> None:
    """Paint a sign for folded or not, the name, and how the connection stands."""
    colors = roles()
    height = QFontMetrics(font).height()
    line = QRect(rect.left() + 2, rect.top() + _MARGIN, rect.width() - 8, height + _MARGIN)

    def visual(part: QRect) -> QRect:
        return mirrored.place(direction, rect, part)

    chevron = QRect(0, 0, _CHEVRON, _CHEVRON)
    chevron.moveCenter(line.center())
    chevron.moveLeft(line.left() + 4)
    _paint_chevron(painter, QRectF(visual(chevron)), section.is_folded, direction)
    is_lost = section.status.state is ConnectionState.LOST
    words = section.words
    wide = min(QFontMetrics(font).horizontalAdvance(words) + 2, line.width() // 2)
    aside = QRect(line.right() - wide, line.top(), wide, line.height())
    color = colors.warning if is_lost else colors.secondary
    end = Qt.AlignmentFlag.AlignRight
    _text(painter, visual(aside), words, color, font, mirrored.alignment(direction, end))
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    start = mirrored.alignment(direction, Qt.AlignmentFlag.AlignLeft)
    name = line.adjusted(FOLD_WIDTH - 8, 0, -wide - 12, 0)
    _text(painter, visual(name), section.name, colors.text, bold, start)
    if section.reason:
        below = QRect(name.left(), line.bottom(), line.right() - name.left(), height + 2)
        _text(painter, visual(below), section.reason, colors.secondary, font, start)


def _paint_chevron(
    painter: QPainter, rect: QRectF, is_folded: bool, direction: Qt.LayoutDirection
) -> None:
    painter.save()
    painter.translate(rect.center())
    if is_folded:
        painter.rotate(90 if direction is Qt.LayoutDirection.RightToLeft else -90)
    half = rect.width() / 2
    box = QRectF(-half, -half, rect.width(), rect.height())
    icons.paint(painter, "chevron-down", box, roles().secondary)
    painter.restore()


def _text(
    painter: QPainter,
    rect: QRect,
    text: str,
    color: QColor,
    font: QFont,
    alignment: Qt.AlignmentFlag,
) -> None:
    elided = QFontMetrics(font).elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
    painter.setFont(font)
    painter.setPen(color)
    painter.drawText(
        rect, alignment | Qt.AlignmentFlag.AlignVCenter | Qt.TextFlag.TextSingleLine, elided
    )
