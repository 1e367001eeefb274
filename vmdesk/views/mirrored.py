"""Where things are in a window that is read from right to left.

``QStyle`` tells it, too. PySide gives Python its 700 names first, which takes 4 ms of a start.
"""

from PySide6.QtCore import QRect, Qt

_SIDES = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignRight


def place(direction: Qt.LayoutDirection, bounds: QRect, part: QRect) -> QRect:
    """Return a part of ``bounds``: as it is, or as far from the other side."""
    mirrored = QRect(part)
    if direction is Qt.LayoutDirection.RightToLeft:
        mirrored.moveLeft(bounds.left() + bounds.right() - part.right())
    return mirrored


def alignment(direction: Qt.LayoutDirection, wanted: Qt.AlignmentFlag) -> Qt.AlignmentFlag:
    """Return an alignment to one side: as it is, or to the other, whatever the text itself is.

    One that names no side is returned as it is.
    """
    if not wanted & _SIDES:
        return wanted
    side = wanted ^ _SIDES if direction is Qt.LayoutDirection.RightToLeft else wanted
    return side | Qt.AlignmentFlag.AlignAbsolute
