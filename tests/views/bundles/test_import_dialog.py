"""The page before an import: what is in the file, what becomes of it, and what it refuses."""

from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.bundles import ImportWish
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.job import Progress
from vmdesk.core.operations.incoming import Preview, PreviewDisk
from vmdesk.views.bundles.import_dialog import ImportDialog

PATH = Path("/home/ann/debian.tar.gz")
PREVIEW = Preview(
    path=PATH,
    content=Content.BUNDLE,
    name="debian-12",
    memory_kib=4 * MIB,
    vcpus=2,
    is_uefi=True,
    disks=(
        PreviewDisk("vda", "qcow2", 30 * GIB, 3 * GIB),
        PreviewDisk("vdb", "", None, None),
    ),
    dropped=(Dropped("hostdev", "it hands a device of the computer to the machine"),),
    changed=("The network “lab” is not known here: a user network takes its place.",),
    required_bytes=3 * GIB,
    free_bytes=40 * GIB,
    is_verified=False,
    identity="uuid",
)
LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def dialog(qtbot: QtBot, parent: QWidget) -> ImportDialog:
    dialog = ImportDialog(PATH, lambda: {"taken", "debian-12"}, parent)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


@pytest.fixture
def ready(dialog: ImportDialog) -> ImportDialog:
    """The dialog once the file has been looked at."""
    dialog.show_preview(PREVIEW)
    return dialog


def texts(dialog: ImportDialog) -> str:
    return "\n".join(child.text() for child in dialog.findChildren(QLabel) if child.isVisible())


def test_nothing_can_be_imported_until_the_file_is_looked_at(
    qtbot: QtBot, dialog: ImportDialog
) -> None:
    assert not dialog.import_button.isEnabled()
    assert dialog.import_button.toolTip()
    assert dialog.waiting.bar.maximum() == 0
    with qtbot.assertNotEmitted(dialog.agreed):
        dialog.accept()


def test_a_long_look_shows_how_far_it_is(dialog: ImportDialog) -> None:
    dialog.show_progress(Progress(GIB, 4 * GIB, "Looking into the bundle"))
    assert dialog.waiting.bar.value() * 4 == dialog.waiting.bar.maximum()
    assert "1 of 4 GiB · 25 %" in dialog.waiting.text.text()


def test_the_preview_says_what_will_be_made(ready: ImportDialog) -> None:
    shown = texts(ready)
    assert "2 CPUs · 4 GiB · UEFI firmware" in shown
    assert "vda · 30 GiB · 3 GiB of data" in shown
    assert "Needs 3 GiB; 40 GiB are free" in shown
    assert "it hands a device of the computer to the machine" in shown
    assert "a user network takes its place" in shown
    assert not ready.waiting.isVisible()


def test_a_taken_name_is_made_unique(ready: ImportDialog) -> None:
    assert ready.form is not None
    assert ready.form.name.edit.text() == "debian-12-2"
    assert ready.import_button.isEnabled()


@pytest.mark.parametrize(
    ("name", "reason"), [("", "needed"), ("taken", "already"), ("a/b", "hold")]
)
def test_a_wrong_name_says_why(qtbot: QtBot, ready: ImportDialog, name: str, reason: str) -> None:
    assert ready.form is not None
    ready.form.name.edit.setText(name)
    assert reason in ready.form.name.problem
    assert not ready.import_button.isEnabled()
    qtbot.keyClick(ready.form.name.edit, Qt.Key.Key_Return)
    assert ready.isVisible()


def test_import_closes_the_page_and_tells_what_is_wanted(qtbot: QtBot, ready: ImportDialog) -> None:
    assert ready.form is not None
    told: list[ImportWish] = []
    ready.agreed.connect(told.append)
    ready.form.name.edit.setText("mine")
    ready.form.identity.click()
    ready.form.start.click()
    qtbot.mouseClick(ready.import_button, LEFT)
    qtbot.waitUntil(lambda: not shiboken6.isValid(ready))
    assert told == [ImportWish(PREVIEW, "mine", same_identity=True, start=True)]


def test_too_little_room_is_said(dialog: ImportDialog) -> None:
    dialog.show_preview(replace(PREVIEW, free_bytes=GIB))
    assert "may not be enough room" in texts(dialog)


def test_an_identity_that_is_taken_is_said(dialog: ImportDialog) -> None:
    dialog.show_preview(replace(PREVIEW, identity=""))
    assert dialog.form is not None
    assert "is here already" in dialog.form.identity_words.text()


def test_an_image_has_no_identity_to_keep(dialog: ImportDialog) -> None:
    dialog.show_preview(replace(PREVIEW, content=Content.IMAGE, identity=None))
    assert dialog.form is not None
    assert not dialog.form.identity.isVisible()
    assert "Checksums" not in texts(dialog)


def test_a_check_before_the_import_keeps_what_was_typed(qtbot: QtBot, ready: ImportDialog) -> None:
    assert ready.form is not None
    ready.form.name.edit.setText("mine")
    (check,) = [b for b in ready.findChildren(QPushButton) if b.text() == "Check now"]
    with qtbot.waitSignal(ready.verify_wanted):
        qtbot.mouseClick(check, LEFT)
    ready.show_progress(None)
    assert not ready.import_button.isEnabled()
    assert not ready.form.isVisible()
    ready.show_preview(replace(PREVIEW, is_verified=True))
    assert ready.form.name.edit.text() == "mine"
    assert "checked and is right" in texts(ready)


def test_a_file_without_checksums_is_not_called_compared(ready: ImportDialog) -> None:
    ready.show_preview(PREVIEW, was_read=True)
    assert "no checksums for its disks" in texts(ready)
    assert not [b for b in ready.findChildren(QPushButton) if b.isVisible() and "Check" in b.text()]


def test_a_long_list_is_scrolled_and_no_text_is_cut(qtbot: QtBot, dialog: ImportDialog) -> None:
    dropped = tuple(Dropped(f"thing {number}", "it is of no use " * 8) for number in range(60))
    dialog.show_preview(replace(PREVIEW, dropped=dropped, changed=("Something changes. " * 12,)))
    layout = dialog.layout()
    assert layout is not None
    qtbot.waitUntil(lambda: dialog.height() >= layout.totalHeightForWidth(dialog.width()))
    assert dialog.height() < 800
    for child in dialog.findChildren(QLabel):
        if child.isVisible() and child.wordWrap():
            assert child.height() >= child.heightForWidth(child.width())
