"""What may be dropped on the window, and what is said of it."""

import pytest
from PySide6.QtCore import QMimeData, QUrl
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.views.drop_overlay import DropOverlay, Use, sources_in


def dragged(*urls: str, text: str = "") -> QMimeData:
    data = QMimeData()
    if urls:
        data.setUrls([QUrl(url) for url in urls])
    elif text:
        data.setText(text)
    return data


@pytest.fixture
def overlay(qtbot: QtBot, parent: QWidget) -> DropOverlay:
    parent.resize(600, 400)
    parent.show()
    return DropOverlay(parent)


@pytest.mark.parametrize(
    ("data", "sources"),
    [
        (dragged("file:///iso/debian%2012.iso"), ("/iso/debian 12.iso",)),
        (dragged("file:///a.tar", "file:///b.qcow2"), ("/a.tar", "/b.qcow2")),
        (dragged("https://example.org/debian.iso"), ("https://example.org/debian.iso",)),
        (dragged(text=" http://example.org/x "), ("http://example.org/x",)),
        (dragged("ftp://example.org/debian.iso"), ()),
        (dragged(text="hello"), ()),
        (dragged(), ()),
    ],
)
def test_files_and_links_are_taken_and_nothing_else(
    data: QMimeData, sources: tuple[str, ...]
) -> None:
    assert sources_in(data) == sources


@pytest.mark.parametrize(
    ("sources", "words"),
    [
        (("/a.tar.zst",), "Import as a virtual machine"),
        (("/a.tar", "/b.VMDK"), "Import 2 virtual machines"),
        (("/a.iso",), "Use as an installation disc"),
        (("https://example.org/x",), "Use as an installation disc"),
        (("/a.iso", "/b.tgz"), "Open 2 files"),
        (("/a.img",), "Looking what this is…"),
        ((), "vmdesk can’t read this"),
    ],
)
def test_the_overlay_says_what_will_happen(
    overlay: DropOverlay, sources: tuple[str, ...], words: str
) -> None:
    overlay.show_for(sources)
    assert overlay.words == words == overlay.accessibleName()


def test_the_content_of_a_file_corrects_its_name(overlay: DropOverlay) -> None:
    overlay.show_for(("/a.tar", "/holiday.jpg"))
    overlay.set_use("/a.tar", Use.NOTHING)
    overlay.set_use("/holiday.jpg", Use.MACHINE)
    assert overlay.words == "Import as a virtual machine"
    assert overlay.remark == "1 other can’t be read"
    overlay.set_use("/holiday.jpg", Use.NOTHING)
    assert (overlay.words, overlay.remark) == ("vmdesk can’t read this", "")


def test_an_answer_about_an_earlier_drag_is_ignored(overlay: DropOverlay) -> None:
    overlay.show_for(("/a.tar",))
    overlay.show_for(("/b.iso",))
    overlay.set_use("/a.tar", Use.NOTHING)
    assert overlay.words == "Use as an installation disc"


def test_the_overlay_covers_the_window(parent: QWidget, overlay: DropOverlay) -> None:
    overlay.show_for(("/debian.iso",))
    assert overlay.geometry() == parent.rect()
    welcome = overlay.grab().toImage()
    overlay.show_for(())
    assert overlay.grab().toImage() != welcome
