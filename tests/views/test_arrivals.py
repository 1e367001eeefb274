"""Files that are dropped, chosen or named at the start, and the pages that they get."""

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QLabel
from pytestqt.qtbot import QtBot

from tests.core.operations.small_machine import make_disk, make_iso
from vmdesk.controller import Controller
from vmdesk.settings import Settings
from vmdesk.views.arrivals import local_path
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.drop_overlay import Use
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.main_window import MainWindow
from vmdesk.views.new_domain.dialog import NewDomainDialog

D = TypeVar("D", bound=QDialog)


def visible(window: MainWindow, kind: type[D]) -> list[D]:
    return [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]


def opened(qtbot: QtBot, window: MainWindow, kind: type[D]) -> D:
    qtbot.waitUntil(lambda: len(visible(window, kind)) == 1)
    return visible(window, kind)[0]


@pytest.mark.parametrize(
    ("source", "path"),
    [
        ("https://example.org/a.iso", None),
        ("http://example.org/a.iso", None),
        ("/a b.tar", Path("/a b.tar")),
        ("file:///a%20b.tar", Path("/a b.tar")),
        ("a.tar", Path.cwd() / "a.tar"),
        ("a:b.tar", Path.cwd() / "a:b.tar"),
    ],
)
def test_paths_and_addresses_are_told_apart(source: str, path: Path | None) -> None:
    assert local_path(source) == path


def test_each_file_gets_the_page_for_its_content_one_after_another(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    disc = make_iso(tmp_path / "disc.tar")
    disk = make_disk(tmp_path / "disk.iso")
    note = tmp_path / "note.qcow2"
    note.write_text("no machine")
    window.open_files([str(disc), str(note), disk.as_uri(), "https://example.invalid/a.iso"])
    new = opened(qtbot, window, NewDomainDialog)
    assert new.form.source.source == str(disc)
    assert not visible(window, ErrorDialog)
    new.reject()
    refusal = opened(qtbot, window, ErrorDialog)
    texts = [label.text() for label in refusal.findChildren(QLabel)]
    assert "“note.qcow2” can’t be imported" in texts
    refusal.reject()
    page = opened(qtbot, window, ImportDialog)
    assert page.form is not None
    assert page.form.name.edit.text() == "disk"
    page.reject()
    address = opened(qtbot, window, NewDomainDialog)
    assert address.form.source.source == "https://example.invalid/a.iso"
    address.reject()


def test_files_wait_for_the_connection(
    qtbot: QtBot, controller: Controller, settings: Settings, tmp_path: Path
) -> None:
    window = MainWindow(controller, settings)
    qtbot.addWidget(window)
    window.show()
    window.open_files([str(make_iso(tmp_path / "disc.iso"))])
    assert not controller.operations.tasks
    assert not visible(window, NewDomainDialog)
    controller.reconnect()
    opened(qtbot, window, NewDomainDialog).reject()


def test_a_hostile_image_is_refused_in_words(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    image = make_disk(tmp_path / "trap.qcow2")
    with image.open("r+b") as file:
        file.seek(8)
        # The header's offset and length of a backing file's name.
        file.write((512).to_bytes(8, "big") + (11).to_bytes(4, "big"))
        file.seek(512)
        file.write(b"/etc/passwd")
    window.open_files([str(image)])
    refusal = opened(qtbot, window, ErrorDialog)
    texts = " ".join(label.text() for label in refusal.findChildren(QLabel))
    assert "“trap.qcow2” can’t be imported" in texts
    assert "another file" in texts
    refusal.reject()


def test_a_look_into_dragged_files_tells_what_they_are(
    qtbot: QtBot, window: MainWindow, tmp_path: Path
) -> None:
    told: dict[str, Use] = {}
    disk = str(make_disk(tmp_path / "disk"))
    disc = str(make_iso(tmp_path / "disc"))
    none = str(tmp_path / "none")
    sources = [disk, disc, none, "https://example.invalid/a.iso"]
    window.arrivals.look(sources, lambda source, use: told.update({source: use}))
    qtbot.waitUntil(lambda: len(told) == 3)
    assert told == {disk: Use.MACHINE, disc: Use.DISC, none: Use.NOTHING}


def test_files_are_chosen_where_the_last_one_was(
    qtbot: QtBot, window: MainWindow, settings: Settings, tmp_path: Path
) -> None:
    settings.import_folder = str(tmp_path)
    qtbot.keyClick(window, Qt.Key.Key_I, Qt.KeyboardModifier.ControlModifier)
    dialog = opened(qtbot, window, QFileDialog)
    assert dialog.directory().path() == str(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    disc = make_iso(other / "disc.iso")
    dialog.filesSelected.emit([str(disc)])
    dialog.reject()
    assert settings.import_folder == str(other)
    opened(qtbot, window, NewDomainDialog).reject()
