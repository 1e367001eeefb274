"""What may be dropped on the window."""

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.views.drop_overlay import DropOverlay, source_in


def dragged(*urls: str, text: str = "") -> QMimeData:
    data = QMimeData()
    if urls:
        data.setUrls([QUrl(url) for url in urls])
    elif text:
        data.setText(text)
    return data


@pytest.mark.parametrize(
    ("data", "source"),
    [
        (dragged("file:///iso/debian%2012.iso"), "/iso/debian 12.iso"),
        (dragged("file:///iso/DEBIAN.ISO"), "/iso/DEBIAN.ISO"),
        (dragged("https://example.org/debian.iso"), "https://example.org/debian.iso"),
        (dragged(text=" http://example.org/x "), "http://example.org/x"),
        (dragged("file:///etc/passwd"), None),
        (dragged("file:///a.iso", "file:///b.iso"), None),
        (dragged("ftp://example.org/debian.iso"), None),
        (dragged(text="hello"), None),
        (dragged(), None),
    ],
)
def test_discs_and_links_are_read_and_nothing_else(data: QMimeData, source: str | None) -> None:
    assert source_in(data) == source


def test_the_overlay_covers_the_window_and_says_what_will_happen(
    qtbot: QtBot, parent: QWidget
) -> None:
    parent.resize(600, 400)
    overlay = DropOverlay(parent)
    parent.show()
    overlay.show_for("/debian.iso")
    assert overlay.geometry() == parent.rect()
    welcome = overlay.grab().toImage()
    assert overlay.accessibleName() == "Use as an installation disc"
    overlay.show_for(None)
    assert overlay.accessibleName() == "vmdesk can't read this"
    assert overlay.grab().toImage() != welcome
