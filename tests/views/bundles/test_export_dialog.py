"""The page for an export: what it asks, what it refuses and why, and what it tells."""

from dataclasses import replace
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import GIB
from vmdesk.core.operations.export import ExportOptions, Place, Survey
from vmdesk.views.bundles.export_dialog import KEEP, REPLACE, ExportDialog, ExportWish
from vmdesk.views.message_dialog import MessageDialog

FOLDER = Path("/home/ann/Desktop")
PLAIN = Survey("uuid-1", "debian-12", False, False, 3 * GIB, ())
LEFT = Qt.MouseButton.LeftButton


class Page:
    """A dialog, answered by a folder with ``free`` bytes and some files, and what it told."""

    def __init__(self, qtbot: QtBot, dialog: ExportDialog, free: int | None) -> None:
        self.dialog = dialog
        self.form = dialog.form
        self.free = free
        self.existing: set[Path] = set()
        self.told: list[ExportWish] = []
        dialog.agreed.connect(self.told.append)
        dialog.places_wanted.connect(self._answer)
        dialog.open()
        qtbot.waitExposed(dialog)
        dialog.look()

    def _answer(self, paths: list[Path]) -> None:
        for path in paths:
            self.form.show_place(Place(path, path in self.existing, self.free))


def opened(qtbot: QtBot, parent: QWidget, *surveys: Survey, free: int | None = 9 * GIB) -> Page:
    return Page(qtbot, ExportDialog(surveys, FOLDER, parent), free)


@pytest.fixture
def page(qtbot: QtBot, parent: QWidget) -> Page:
    return opened(qtbot, parent, PLAIN)


def test_the_desktop_and_the_machines_name_are_suggested(qtbot: QtBot, page: Page) -> None:
    assert page.form.name_edit.text() == "debian-12"
    # Isolated: from right to left it would be shown as “tar.gz.”.
    assert page.form.ending.text() == "\u2066.tar.gz\u2069"
    assert "up to 3 GiB; 9 GiB are free" in page.form.folder.note
    qtbot.mouseClick(page.dialog.export_button, LEFT)
    qtbot.waitUntil(lambda: not shiboken6.isValid(page.dialog))
    target = FOLDER / "debian-12.tar.gz"
    assert page.told == [ExportWish((("uuid-1", target),), ExportOptions(ArchiveForm.TAR_GZ))]


def test_the_form_decides_the_ending(qtbot: QtBot, page: Page) -> None:
    qtbot.mouseClick(page.form.forms.buttons[ArchiveForm.TAR_ZST], LEFT)
    assert ".tar.zst" in page.form.ending.text()
    assert not page.dialog.export_button.isEnabled()
    qtbot.waitUntil(page.dialog.export_button.isEnabled)
    qtbot.mouseClick(page.dialog.export_button, LEFT)
    ((target,),) = [wish.targets for wish in page.told]
    assert target == ("uuid-1", FOLDER / "debian-12.tar.zst")
    assert page.told[0].options.form is ArchiveForm.TAR_ZST


@pytest.mark.parametrize(
    ("name", "reason"), [("", "needed"), ("a/b", "hold"), (".a", "dot"), ("x" * 250, "long")]
)
def test_a_wrong_name_says_why(qtbot: QtBot, page: Page, name: str, reason: str) -> None:
    page.form.name_edit.setText(name)
    qtbot.wait(200)
    assert reason in page.form.name.problem
    assert not page.dialog.export_button.isEnabled()
    qtbot.keyClick(page.form.name_edit, Qt.Key.Key_Return)
    assert page.dialog.isVisible()


def test_a_folder_that_is_not_there_says_so(qtbot: QtBot, page: Page) -> None:
    page.free = None
    page.form.folder_edit.setText("/nowhere")
    qtbot.waitUntil(lambda: "isn’t there" in page.form.folder.problem)
    assert not page.dialog.export_button.isEnabled()
    page.form.folder_edit.setText("relative")
    assert "A folder is needed" in page.form.folder.problem


def test_too_little_room_is_a_warning(qtbot: QtBot, parent: QWidget) -> None:
    page = opened(qtbot, parent, PLAIN, free=GIB)
    assert "may not be enough" in page.form.folder.note
    assert page.dialog.export_button.isEnabled()


@pytest.mark.parametrize("answer", [KEEP, REPLACE])
def test_an_existing_file_is_replaced_only_after_a_yes(
    qtbot: QtBot, page: Page, answer: str
) -> None:
    page.existing.add(FOLDER / "debian-12.tar.gz")
    page.dialog.look()
    assert "already" in page.form.name.note
    qtbot.mouseClick(page.dialog.export_button, LEFT)
    assert page.told == []
    widgets = QApplication.topLevelWidgets()
    (question,) = [w for w in widgets if isinstance(w, MessageDialog) and w.isVisible()]
    qtbot.mouseClick(question.buttons[answer], LEFT)
    assert [wish.options.overwrites for wish in page.told] == ([True] if answer == REPLACE else [])


def test_secrets_are_exported_only_when_asked_for(qtbot: QtBot, parent: QWidget) -> None:
    page = opened(qtbot, parent, replace(PLAIN, has_tpm=True))
    assert page.form.tpm.isVisible()
    assert "secrets" in page.form.tpm.box.accessibleDescription()
    page.form.tpm.box.click()
    qtbot.mouseClick(page.dialog.export_button, LEFT)
    assert page.told[0].options.with_tpm


def test_a_machine_without_a_tpm_is_not_asked_about_one(page: Page) -> None:
    assert not page.form.tpm.isVisible()
    assert not page.form.saved_state.isVisible()


def test_a_saved_state_is_discarded_only_after_a_yes(qtbot: QtBot, parent: QWidget) -> None:
    page = opened(qtbot, parent, replace(PLAIN, has_saved_state=True))
    assert not page.dialog.export_button.isEnabled()
    assert page.dialog.export_button.toolTip()
    page.form.saved_state.box.click()
    qtbot.mouseClick(page.dialog.export_button, LEFT)
    assert page.told[0].options.discards_saved_state


def test_several_machines_name_their_own_files(qtbot: QtBot, parent: QWidget) -> None:
    same = replace(PLAIN, uuid="uuid-2", name="debian/12")
    third = replace(PLAIN, uuid="uuid-3", name="debian_12")
    page = opened(qtbot, parent, PLAIN, same, third)
    assert not page.form.name_edit.isVisible()
    qtbot.mouseClick(page.dialog.export_button, LEFT)
    names = [path.name for _uuid, path in page.told[0].targets]
    assert names == ["debian-12.tar.gz", "debian_12.tar.gz", "debian_12-2.tar.gz"]


def test_what_should_be_known_of_the_disks_is_said(qtbot: QtBot, parent: QWidget) -> None:
    page = opened(qtbot, parent, replace(PLAIN, notes=("The disc in sda is not exported.",)))
    labels = [child.text() for child in page.form.findChildren(type(page.form.ending))]
    assert "The disc in sda is not exported." in labels


def test_every_control_has_a_name_for_those_who_cannot_see(page: Page) -> None:
    form = page.form
    for field in (form.name, form.folder):
        assert field.control.accessibleName()
        assert field.name.buddy() is field.control
    assert all(button.accessibleDescription() for button in form.forms.buttons.values())
