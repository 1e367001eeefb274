"""How a guest's screen is painted, and what is kept of it."""

import weakref

from PySide6.QtCore import QRectF
from PySide6.QtGui import QImage, QPainter
from pytestqt.qtbot import QtBot

from vmdesk.views.machines.screen_picture import paint_screen

SMALL, LARGE = QRectF(0, 0, 64, 40), QRectF(0, 0, 640, 400)


def picture(color: int) -> QImage:
    image = QImage(720, 400, QImage.Format.Format_RGB32)
    image.fill(color)
    return image


def test_a_picture_that_is_shown_no_longer_takes_no_room(qtbot: QtBot) -> None:
    ground = QImage(640, 400, QImage.Format.Format_RGB32)
    shown = []
    for color in range(20):
        image = picture(color)
        shown.append(weakref.ref(image))
        painter = QPainter(ground)
        for rect in (SMALL, LARGE):
            paint_screen(painter, rect, image, live=True)
        painter.end()
        del image
    assert [one() for one in shown] == [None] * 20
