"""The quiet lines below the tool bar: there when there is something to say, until put away."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.bundles import LeftOut
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.formatting import GIB
from vmdesk.core.staging import Leftover
from vmdesk.views.notice_bar import NoticeBar

LEFTOVER = Leftover("Import of /home/ann/web.tar", 1.0, (Path("/x"),), 3 * GIB)


@pytest.fixture
def bar(qtbot: QtBot, parent: QWidget) -> NoticeBar:
    parent.show()
    bar = NoticeBar(parent)
    assert not bar.isVisible()
    return bar


def test_what_was_cleared_away_is_said_with_its_size(bar: NoticeBar) -> None:
    bar.show_leftovers((LEFTOVER,))
    assert bar.isVisible()
    assert "Import of /home/ann/web.tar was broken off" in bar.text.text()
    assert "3 GiB" in bar.text.text()


def test_what_comes_later_stands_below_until_it_is_put_away(qtbot: QtBot, bar: NoticeBar) -> None:
    bar.show_leftovers((LEFTOVER,))
    dropped = Dropped("disk vdb", "its image is not in the bundle")
    bar.show_left_out(LeftOut("web", (dropped,)))
    first, second = bar.text.text().splitlines()
    assert "3 GiB" in first
    assert second == "“web” was imported without disk vdb: its image is not in the bundle."
    qtbot.mouseClick(bar.close_button, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    bar.show_leftovers((LEFTOVER,))
    assert len(bar.text.text().splitlines()) == 1


def test_it_does_not_grow_without_end(bar: NoticeBar) -> None:
    bar.show_leftovers((LEFTOVER,) * 50)
    assert len(bar.text.text().splitlines()) < 10
