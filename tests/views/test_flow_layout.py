"""Buttons that go on in the next line where there is no room."""

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.views.flow_layout import FlowLayout


@pytest.fixture
def boxes(qtbot: QtBot, parent: QWidget) -> list[QWidget]:
    """Three boxes of 100 by 20, 10 apart."""
    layout = FlowLayout(10, parent)
    boxes = [QWidget() for _number in range(3)]
    for box in boxes:
        box.setFixedSize(100, 20)
        layout.addWidget(box)
    parent.show()
    return boxes


def places(boxes: list[QWidget]) -> list[tuple[int, int]]:
    return [(box.x(), box.y()) for box in boxes]


def test_with_room_all_stand_in_one_line(parent: QWidget, boxes: list[QWidget]) -> None:
    parent.resize(320, 100)
    assert places(boxes) == [(0, 0), (110, 0), (220, 0)]
    assert parent.sizeHint() == QSize(320, 20)


def test_without_room_the_next_line_takes_them(parent: QWidget, boxes: list[QWidget]) -> None:
    parent.resize(250, 100)
    assert places(boxes) == [(0, 0), (110, 0), (0, 30)]
    assert parent.heightForWidth(250) == 50
    assert parent.heightForWidth(100) == 80
    assert parent.minimumSizeHint() == QSize(100, 20)


def test_what_is_hidden_takes_no_room(qtbot: QtBot, parent: QWidget, boxes: list[QWidget]) -> None:
    parent.resize(320, 100)
    boxes[0].hide()
    qtbot.waitUntil(lambda: places(boxes[1:]) == [(0, 0), (110, 0)])


def test_where_text_runs_from_right_to_left_the_boxes_do_too(
    parent: QWidget, boxes: list[QWidget]
) -> None:
    parent.setLayoutDirection(Qt.LayoutDirection.RightToLeft)
    parent.resize(330, 100)
    assert places(boxes) == [(230, 0), (120, 0), (10, 0)]


def test_a_box_that_is_deleted_is_forgotten(parent: QWidget, boxes: list[QWidget]) -> None:
    layout = parent.layout()
    assert layout is not None
    layout.removeWidget(boxes[0])
    assert layout.count() == 2
    assert layout.itemAt(2) is None
    assert layout.takeAt(2) is None
