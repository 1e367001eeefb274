"""The dialog that asks which disc to insert."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.core.formatting import MIB
from vmdesk.core.job import OperationError
from vmdesk.core.kept_discs import Iso, SourceInfo, Verification
from vmdesk.views.insert_disc_dialog import InsertDiscDialog

KEPT = "/isos/debian-12.iso"


@pytest.fixture
def dialog(qtbot: QtBot, parent: QWidget) -> InsertDiscDialog:
    dialog = InsertDiscDialog(parent)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


def test_nothing_is_inserted_before_a_disc_is_known(qtbot: QtBot, dialog: InsertDiscDialog) -> None:
    assert not dialog.insert_button.isEnabled()
    assert dialog.insert_button.toolTip() == "Choose a disc first."
    assert not dialog.kept.isVisible()
    qtbot.keyClicks(dialog.source.edit, "/no/such.iso")
    dialog.source.show_failure("/no/such.iso", OperationError("There is no such file."))
    assert dialog.source.problem == "There is no such file."
    assert not dialog.insert_button.isEnabled()


def test_a_kept_disc_is_chosen_by_a_key_and_inserted(
    qtbot: QtBot, dialog: InsertDiscDialog
) -> None:
    dialog.show_discs([Iso(Path(KEPT), 600 * MIB, next(iter(Verification)))])
    assert dialog.kept.item(0).text() == "debian-12.iso · 600 MiB"
    dialog.kept.setFocus()
    qtbot.keyClick(dialog.kept, Qt.Key.Key_Down)
    assert dialog.source.source == KEPT
    dialog.source.show_info(KEPT, SourceInfo("debian-12", "debian-12.iso", 600 * MIB, True))
    with qtbot.waitSignal(dialog.agreed) as caught:
        qtbot.mouseClick(dialog.insert_button, Qt.MouseButton.LeftButton)
    assert caught.args == [KEPT]


def test_cancel_asks_for_nothing(qtbot: QtBot, dialog: InsertDiscDialog) -> None:
    agreed: list[object] = []
    dialog.agreed.connect(agreed.append)
    with qtbot.waitSignal(dialog.finished):
        qtbot.mouseClick(dialog.cancel_button, Qt.MouseButton.LeftButton)
    assert agreed == []
