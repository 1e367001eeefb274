"""The page of disks: they grow, never shrink; what is added and removed is asked for at once."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.views.properties.dialogs import DISK, OFF, settings
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.operations.properties import DiskState
from vmdesk.views.properties.disks import DisksPage
from vmdesk.views.properties.removal import KEEP, REMOVE, RemoveDiskDialog

LEFT = Qt.MouseButton.LeftButton


class Asked:
    """Stands where the controller's part is, and notes what is asked of it."""

    def __init__(self) -> None:
        self.calls: list[tuple[object, ...]] = []

    def __getattr__(self, name: str) -> Callable[..., None]:
        return lambda *arguments: self.calls.append((name, *arguments))


@pytest.fixture
def asked() -> Asked:
    return Asked()


@pytest.fixture
def page(qtbot: QtBot, parent: QWidget, asked: Asked) -> DisksPage:
    page = DisksPage()
    qtbot.addWidget(page)
    page.show_settings(settings(), discard=True)
    page.deed_wanted.connect(lambda deed: deed(asked, "uuid"))
    with qtbot.waitActive(page):
        page.show()
        page.activateWindow()
    return page


def set_size(qtbot: QtBot, page: DisksPage, value: int, target: str = "vda") -> str:
    """Type a size and return what the field says of it."""
    field = page.cards[target].size_field
    field.spin.selectAll()
    qtbot.keyClicks(field.spin, str(value))
    return field.note


def show(page: DisksPage, *disks: DiskState) -> None:
    page.show_settings(settings(replace(OFF, disks=disks)), discard=True)


def test_size_room_and_file_are_shown(page: DisksPage) -> None:
    card = page.cards["vda"]
    assert card.size_field.spin.text() == "30 GiB"
    assert card.room.text() == "12 GiB used of 30 GiB · 100 GiB free around it · qcow2 · virtio"
    assert list(page.cards) == ["vda"], "CD-ROM drives have a page of their own"


def test_a_larger_size_is_saved_in_bytes(qtbot: QtBot, page: DisksPage) -> None:
    set_size(qtbot, page, 40)
    assert page.sizes() == (("vda", 40 * GIB),)
    assert page.problem == ""


def test_a_smaller_size_is_refused_with_the_reason(qtbot: QtBot, page: DisksPage) -> None:
    note = set_size(qtbot, page, 29)
    assert note == page.problem
    assert "A smaller one would destroy data" in note


def test_more_than_the_file_system_has_is_a_warning(qtbot: QtBot, page: DisksPage) -> None:
    assert "Only 100 GiB are free" in set_size(qtbot, page, 113)
    assert page.problem == ""
    assert "Only" not in set_size(qtbot, page, 112)


def test_a_size_of_no_whole_gib_is_set_in_mib(qtbot: QtBot, page: DisksPage) -> None:
    show(page, replace(DISK, virtual_size=10 * GIB + 512 * MIB))
    assert page.cards["vda"].size_field.spin.text() == "10752 MiB"
    set_size(qtbot, page, 10753)
    assert page.sizes() == (("vda", 10753 * MIB),)


def test_a_disk_whose_file_is_missing_has_no_size_to_change(page: DisksPage) -> None:
    show(page, replace(DISK, virtual_size=None, used=None, free=None))
    assert not page.cards["vda"].size_field.isVisible()
    assert "can’t be told" in page.cards["vda"].room.text()


def test_disks_come_and_go(page: DisksPage) -> None:
    show(page, DISK, replace(DISK, target="vdb"))
    assert list(page.cards) == ["vda", "vdb"]
    show(page)
    assert list(page.cards) == []


def test_a_new_disk_is_asked_for_at_once(qtbot: QtBot, page: DisksPage, asked: Asked) -> None:
    page.new_size.spin.setValue(7)
    qtbot.mouseClick(page.add_new, LEFT)
    assert asked.calls == [("add_new_disk", "uuid", 7 * GIB)]


def test_a_new_disk_beyond_the_free_room_is_warned_of(page: DisksPage) -> None:
    page.new_size.spin.setValue(100)
    assert page.new_size.note == ""
    page.new_size.spin.setValue(101)
    assert "Larger than the free room" in page.new_size.note
    assert page.add_new.isEnabled()


def test_an_image_that_is_there_is_added(page: DisksPage, asked: Asked) -> None:
    page.add_image("/data/old.vmdk")
    assert asked.calls == [("add_existing_disk", "uuid", Path("/data/old.vmdk"))]


def test_the_wheel_scrolls_past_a_size_and_changes_only_the_one_in_hand(page: DisksPage) -> None:
    spin = page.cards["vda"].size_field.spin
    page.add_new.setFocus()
    turn_wheel(spin)
    assert spin.value() == 30
    spin.setFocus()
    turn_wheel(spin)
    assert spin.value() > 30


def turn_wheel(widget: QWidget) -> None:
    at = QPointF(widget.rect().center())
    event = QWheelEvent(
        at, widget.mapToGlobal(at), QPoint(), QPoint(0, 120), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    QApplication.sendEvent(widget, event)


def removal(qtbot: QtBot, page: DisksPage) -> RemoveDiskDialog:
    qtbot.mouseClick(page.cards["vda"].remove, LEFT)
    widgets = QApplication.topLevelWidgets()
    return next(w for w in widgets if isinstance(w, RemoveDiskDialog) and w.isVisible())


def test_a_removal_asks_and_keeps_the_file(qtbot: QtBot, page: DisksPage, asked: Asked) -> None:
    dialog = removal(qtbot, page)
    assert dialog.accessibleName() == "Remove the disk vda from “debian”?"
    assert not dialog.delete_file.isChecked()
    qtbot.mouseClick(dialog.buttons[REMOVE], LEFT)
    assert asked.calls == [("remove_disk", "uuid", "vda", False)]


def test_a_removal_can_take_the_file_along(qtbot: QtBot, page: DisksPage, asked: Asked) -> None:
    dialog = removal(qtbot, page)
    assert "12 GiB" in dialog.delete_file.text()
    dialog.delete_file.click()
    assert dialog.buttons[REMOVE].text() == "&Remove and delete"
    qtbot.mouseClick(dialog.buttons[REMOVE], LEFT)
    assert asked.calls == [("remove_disk", "uuid", "vda", True)]


def test_no_disk_is_removed_when_the_answer_is_keep(
    qtbot: QtBot, page: DisksPage, asked: Asked
) -> None:
    qtbot.mouseClick(removal(qtbot, page).buttons[KEEP], LEFT)
    assert asked.calls == []
