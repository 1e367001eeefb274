"""Questions and bad news: what they say, their safe default, and what each button does."""

from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QLabel, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.core.formatting import GIB
from vmdesk.core.host import DomainState
from vmdesk.core.job import OperationError
from vmdesk.core.operations.delete import DeletionPlan, DoomedFile
from vmdesk.core.storage.keeping import KeptFile
from vmdesk.views import delete_dialog, error_dialog
from vmdesk.views.about_dialog import AboutDialog
from vmdesk.views.delete_dialog import DeleteDialog, Deletion
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.message_dialog import Choice, MessageDialog

D = TypeVar("D", bound=MessageDialog)

DISK = DoomedFile(Path("/vm/debian-12.qcow2"), 12 * GIB)
ISO = KeptFile("/iso/debian.iso", "an installation disc")


def plan(
    name: str = "debian-12",
    state: DomainState = DomainState.SHUTOFF,
    deleted: tuple[DoomedFile, ...] = (DISK,),
    kept: tuple[KeptFile, ...] = (ISO,),
) -> DeletionPlan:
    return DeletionPlan(f"uuid of {name}", name, state, deleted, kept)


def texts(widget: QWidget) -> str:
    return "\n".join(label.text() for label in widget.findChildren(QLabel))


def opened(qtbot: QtBot, dialog: D) -> D:
    dialog.open()
    qtbot.waitUntil(dialog.isVisible)
    return dialog


def answers(dialog: MessageDialog) -> list[object]:
    keys: list[object] = []
    dialog.chosen.connect(keys.append)
    return keys


def test_the_first_choice_is_the_safe_one(qtbot: QtBot, parent: QWidget) -> None:
    choices = (Choice("no", "No"), Choice("yes", "Yes", "danger"))
    for key, expected in ((Qt.Key.Key_Escape, "no"), (Qt.Key.Key_Return, "no")):
        dialog = opened(qtbot, MessageDialog(parent, "warning", "Sure?", "", choices))
        told = answers(dialog)
        qtbot.keyClick(dialog.focusWidget() or dialog, key)
        assert told == [expected]


def test_a_choice_is_told_once_and_the_dialog_goes(qtbot: QtBot, parent: QWidget) -> None:
    choices = (Choice("no", "No"), Choice("yes", "Yes"))
    dialog = opened(qtbot, MessageDialog(parent, "warning", "Sure?", "Really.", choices))
    told = answers(dialog)
    qtbot.mouseClick(dialog.buttons["yes"], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not shiboken6.isValid(dialog))
    assert told == ["yes"]


def test_an_error_says_what_happened_and_what_to_do(qtbot: QtBot, parent: QWidget) -> None:
    error = OperationError("The disk is missing.", "Put it back.", "libvirt: code 38")
    dialog = opened(qtbot, ErrorDialog(parent, "Start one", error))
    assert "The disk is missing." in texts(dialog)
    assert "Put it back." in texts(dialog)
    assert not dialog.details.isVisible()
    assert error_dialog.AGAIN not in dialog.buttons


def test_the_details_of_an_error_unfold_and_can_be_copied(qtbot: QtBot, parent: QWidget) -> None:
    error = OperationError("The disk is missing.", "Put it back.", "libvirt: code 38")
    dialog = opened(qtbot, ErrorDialog(parent, "Start one", error))
    height = dialog.height()
    qtbot.mouseClick(dialog.unfold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.height() > height)
    assert dialog.details.isVisible()
    qtbot.mouseClick(dialog.copy, Qt.MouseButton.LeftButton)
    copied = QGuiApplication.clipboard().text()
    for part in ("Start one", "The disk is missing.", "libvirt: code 38"):
        assert part in copied
    qtbot.mouseClick(dialog.unfold, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: dialog.height() == height)


def test_an_error_can_be_tried_again(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, ErrorDialog(parent, "Start", OperationError("No."), can_retry=True))
    told = answers(dialog)
    qtbot.mouseClick(dialog.buttons[error_dialog.AGAIN], Qt.MouseButton.LeftButton)
    assert told == [error_dialog.AGAIN]


def test_a_deletion_names_what_goes_and_what_stays_and_why(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, DeleteDialog(parent, [plan()]))
    shown = texts(dialog)
    assert "Delete “debian-12” and its 12 GiB disk?" in shown
    for part in (str(DISK.path), ISO.source, ISO.reason):
        assert part in shown


def test_a_deletion_tells_of_the_pool_that_a_disk_is_in(qtbot: QtBot, parent: QWidget) -> None:
    there = replace(plan(), deleted=(replace(DISK, pool="fast"),))
    dialog = opened(qtbot, DeleteDialog(parent, [there]))
    assert "12 GiB, in the storage pool “fast”" in texts(dialog)


def test_a_deletion_is_not_the_default(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, DeleteDialog(parent, [plan()]))
    agreed: list[object] = []
    dialog.agreed.connect(agreed.append)
    assert dialog.buttons[delete_dialog.KEEP].isDefault()
    qtbot.keyClick(dialog.focusWidget() or dialog, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: not shiboken6.isValid(dialog))
    assert agreed == []


@pytest.mark.parametrize("delete_disks", [True, False])
def test_a_deletion_tells_what_was_agreed_to(
    qtbot: QtBot, parent: QWidget, delete_disks: bool
) -> None:
    dialog = opened(qtbot, DeleteDialog(parent, [plan()]))
    agreed: list[object] = []
    dialog.agreed.connect(agreed.append)
    if not delete_disks:
        qtbot.keyClick(dialog.disks, Qt.Key.Key_Space)
    qtbot.mouseClick(dialog.buttons[delete_dialog.DELETE], Qt.MouseButton.LeftButton)
    assert agreed == [Deletion((plan(),), delete_disks, force_off=False)]


def test_a_running_machine_needs_a_yes_of_its_own(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, DeleteDialog(parent, [plan(state=DomainState.RUNNING)]))
    agreed: list[Deletion] = []
    dialog.agreed.connect(agreed.append)
    delete = dialog.buttons[delete_dialog.DELETE]
    assert not delete.isEnabled()
    assert delete.toolTip()
    qtbot.mouseClick(delete, Qt.MouseButton.LeftButton)
    assert agreed == []
    qtbot.keyClick(dialog.force_off, Qt.Key.Key_Space)
    qtbot.mouseClick(delete, Qt.MouseButton.LeftButton)
    assert agreed[0].force_off


def test_many_machines_are_counted(qtbot: QtBot, parent: QWidget) -> None:
    files = tuple(DoomedFile(Path(f"/vm/{number}.qcow2"), GIB) for number in range(10))
    dialog = opened(qtbot, DeleteDialog(parent, [plan(deleted=files), plan("two", deleted=())]))
    assert "Delete 2 machines and 10 disks (10 GiB)?" in texts(dialog)
    assert "and 2 more" in texts(dialog)
    assert "debian-12, two" in texts(dialog), "which ones is not left open"


def test_a_machine_without_disks_has_nothing_to_tick(qtbot: QtBot, parent: QWidget) -> None:
    dialog = opened(qtbot, DeleteDialog(parent, [plan(deleted=(), kept=())]))
    assert "Delete “debian-12”?" in texts(dialog)
    assert not dialog.disks.isVisible()


def test_about_tells_the_version_of_qt(qtbot: QtBot, parent: QWidget) -> None:
    assert "Qt 6." in texts(opened(qtbot, AboutDialog(parent)))
