"""How a row is painted where text runs from right to left."""

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from pytestqt.qtbot import QtBot

from tests.views.conftest import info
from vmdesk.models.domain_list_model import DomainListModel
from vmdesk.views.machines.list_view import DomainListView
from vmdesk.views.machines.proxy import DomainProxy

PICTURE = 30
"""Pixels from the side on which the picture stands, inside of it."""


@pytest.mark.parametrize("direction", Qt.LayoutDirection)
def test_the_picture_stands_where_reading_begins(
    qtbot: QtBot, direction: Qt.LayoutDirection
) -> None:
    domains = DomainListModel()
    domains.set_all([info("web")])
    proxy = DomainProxy()
    proxy.add(domains)
    view = DomainListView(proxy)
    qtbot.addWidget(view)
    view.setLayoutDirection(direction)
    view.resize(340, 200)
    view.show()
    row = view.visualRect(view.model().index(0, 0))
    picture = view.viewport().grab().toImage()

    def color(x: int) -> QColor:
        return picture.pixelColor(QPoint(x, row.top() + 20))

    ground = color(row.center().x() + 100), color(row.center().x() - 100)
    left, right = color(row.left() + PICTURE), color(row.right() - PICTURE)
    is_mirrored = direction is Qt.LayoutDirection.RightToLeft
    assert (right if is_mirrored else left) != (left if is_mirrored else right)
    assert (left if is_mirrored else right) in ground
