"""Properties of a real machine of libvirt's test driver: saved, changed by others, brought back."""

from pathlib import Path

import libvirt
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core import history
from vmdesk.core.operations import definition
from vmdesk.core.operations.disks import AddedDisk, RemovedDisk
from vmdesk.views.action_rules import Act
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.insert_disc_dialog import InsertDiscDialog
from vmdesk.views.main_window import MainWindow
from vmdesk.views.properties.dialog import PropertiesDialog
from vmdesk.views.properties.flow import KEEP, PRESENT, outcome

LEFT = Qt.MouseButton.LeftButton


def domain(controller: Controller) -> libvirt.virDomain:
    return controller.home.host.connection.lookupByName("test")


def found_dialog() -> PropertiesDialog | None:
    widgets = QApplication.topLevelWidgets()
    return next((w for w in widgets if isinstance(w, PropertiesDialog) and w.isVisible()), None)


def opened(qtbot: QtBot, window: MainWindow, act: Act = Act.PROPERTIES) -> PropertiesDialog:
    window.domain_actions[act].trigger()
    qtbot.waitUntil(lambda: found_dialog() is not None)
    dialog = found_dialog()
    assert dialog is not None
    return dialog


@pytest.fixture
def off(qtbot: QtBot, window: MainWindow, controller: Controller) -> MainWindow:
    """The window with a machine that is off."""
    domain(controller).destroy()
    qtbot.waitUntil(window.domain_actions[Act.RENAME].isEnabled)
    return window


@pytest.fixture
def dialog(qtbot: QtBot, off: MainWindow) -> PropertiesDialog:
    return opened(qtbot, off)


def redefine(controller: Controller, old: str, new: str) -> None:
    """Change the machine as another program does."""
    text = definition.read(controller.home.host, domain(controller).UUIDString())
    assert old in text
    controller.home.host.connection.defineXML(text.replace(old, new))


def save(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    with qtbot.waitSignal(dialog.finished):
        qtbot.mouseClick(dialog.save_button, LEFT)


@pytest.mark.parametrize(
    ("key", "modifier"),
    [
        (Qt.Key.Key_Return, Qt.KeyboardModifier.AltModifier),
        (Qt.Key.Key_F2, Qt.KeyboardModifier.NoModifier),
    ],
)
def test_keys_open_properties_and_the_name(
    qtbot: QtBot, off: MainWindow, key: Qt.Key, modifier: Qt.KeyboardModifier
) -> None:
    off.machines.view.setFocus()
    qtbot.keyClick(off.machines.view, key, modifier)
    qtbot.waitUntil(lambda: found_dialog() is not None)
    dialog = found_dialog()
    assert dialog is not None
    is_rename = key is Qt.Key.Key_F2
    assert dialog.general.name.edit.selectedText() == ("test" if is_rename else "")


def test_saving_writes_title_memory_and_cpus_and_keeps_the_rest(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    before = dialog.settings.properties.base
    qtbot.keyClicks(dialog.general.title.edit, "Web")
    dialog.sizes.memory.spin.setValue(1024)
    dialog.sizes.vcpus.spin.setValue(3)
    save(qtbot, dialog)
    after = definition.read(controller.home.host, domain(controller).UUIDString())
    changed = set(after.splitlines()) - set(before.splitlines())
    assert {line.strip() for line in changed} == {
        "<title>Web</title>",
        "<memory unit='KiB'>1048576</memory>",
        "<currentMemory unit='KiB'>1048576</currentMemory>",
        "<vcpu placement='static'>3</vcpu>",
    }


def test_the_machine_is_renamed_and_its_row_with_it(
    qtbot: QtBot, off: MainWindow, controller: Controller
) -> None:
    dialog = opened(qtbot, off, Act.RENAME)
    qtbot.keyClicks(dialog.general.name.edit, "web")
    save(qtbot, dialog)
    qtbot.waitUntil(lambda: "web" in controller.home.domains.names())


def test_what_others_change_is_told_and_shown_where_nothing_is_typed(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    redefine(controller, "<vcpu placement='static'>2<", "<vcpu placement='static'>5<")
    qtbot.waitUntil(lambda: dialog.sizes.vcpus.value == 5)
    assert "Another program changed this machine" in dialog.notice.text.text()
    assert "CPUs: 2 → 5" in dialog.notice.text.text()
    assert not dialog.notice.is_question


def conflict(qtbot: QtBot, dialog: PropertiesDialog, controller: Controller) -> None:
    """Type a title, and have another program set another title and the CPUs meanwhile."""
    qtbot.keyClicks(dialog.general.title.edit, "Mine")
    redefine(controller, "<vcpu placement='static'>2<", "<vcpu placement='static'>5<")
    qtbot.waitUntil(lambda: dialog.notice.is_question)
    assert not dialog.save_button.isEnabled()
    assert "question" in dialog.save_button.toolTip()


def test_a_conflict_is_asked_about_and_own_changes_can_be_kept(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    conflict(qtbot, dialog, controller)
    qtbot.mouseClick(dialog.notice.buttons[KEEP], LEFT)
    assert dialog.general.title.edit.text() == "Mine"
    save(qtbot, dialog)
    text = definition.read(controller.home.host, domain(controller).UUIDString())
    assert "<title>Mine</title>" in text
    assert ">5</vcpu>" in text, "what the other program changed is not overwritten"


def test_a_conflict_can_be_answered_by_the_present_settings(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    conflict(qtbot, dialog, controller)
    qtbot.mouseClick(dialog.notice.buttons[PRESENT], LEFT)
    assert dialog.general.title.edit.text() == ""
    assert dialog.sizes.vcpus.value == 5
    assert not dialog.is_changed


def test_a_conflict_that_goes_away_takes_its_question_along(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    conflict(qtbot, dialog, controller)
    redefine(controller, "<vcpu placement='static'>5<", "<vcpu placement='static'>2<")
    qtbot.waitUntil(lambda: not dialog.notice.is_question)
    assert not dialog.notice.isVisible()
    assert dialog.general.title.edit.text() == "Mine"
    save(qtbot, dialog)


def test_a_question_outlasts_what_is_done_beside_it(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    conflict(qtbot, dialog, controller)
    deed = dialog.drives.add_drive
    dialog.show_page(dialog.drives)
    qtbot.mouseClick(deed, LEFT)
    qtbot.waitUntil(lambda: "Drive" in dialog.notice.text.text())
    qtbot.mouseClick(dialog.notice.buttons[KEEP], LEFT)
    assert len(dialog.drives.cards) == 1
    save(qtbot, dialog)
    text = definition.read(controller.home.host, domain(controller).UUIDString())
    assert "<title>Mine</title>" in text
    assert ">5</vcpu>" in text


def test_a_change_in_the_last_moment_is_not_overwritten(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    qtbot.keyClicks(dialog.general.title.edit, "Mine")
    edit = dialog.edit()
    redefine(controller, "<vcpu placement='static'>2<", "<vcpu placement='static'>5<")
    dialog.save_wanted.emit(edit)
    qtbot.waitUntil(lambda: bool(errors()))
    assert "Nothing was overwritten" in errors()[0].accessibleDescription()
    errors()[0].reject()
    qtbot.waitUntil(lambda: dialog.notice.is_question)
    text = definition.read(controller.home.host, domain(controller).UUIDString())
    assert "Mine" not in text


def errors() -> list[ErrorDialog]:
    widgets = QApplication.topLevelWidgets()
    return [w for w in widgets if isinstance(w, ErrorDialog) and w.isVisible()]


def test_an_earlier_version_is_brought_back(
    qtbot: QtBot, off: MainWindow, dialog: PropertiesDialog, controller: Controller
) -> None:
    before = dialog.settings.properties.base
    dialog.sizes.vcpus.spin.setValue(3)
    save(qtbot, dialog)
    again = opened(qtbot, off)
    again.show_page(again.history)
    assert again.history.list.count() == len(history.entries(again.settings.properties.uuid))
    assert "CPUs: 3 → 2" in again.history.words.text()
    qtbot.mouseClick(again.history.bring_back, LEFT)
    qtbot.waitUntil(lambda: again.sizes.vcpus.value == 2)
    assert definition.read(controller.home.host, domain(controller).UUIDString()) == before
    assert not again.notice.is_question, "one's own change is no conflict"
    assert not again.history.bring_back.isEnabled() or "as it was" not in again.history.words.text()


def test_disks_are_added_and_removed_while_other_fields_keep_what_was_typed(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    qtbot.keyClicks(dialog.general.title.edit, "Mine")
    dialog.show_page(dialog.disks)
    dialog.disks.new_size.spin.setValue(1)
    qtbot.mouseClick(dialog.disks.add_new, LEFT)
    qtbot.waitUntil(lambda: "vda" in dialog.disks.cards)
    made = Path(controller.folders.disks, "test-disk2.qcow2")
    assert made.exists()
    dialog.deed_wanted.emit(lambda hardware, uuid: hardware.remove_disk(uuid, "vda", True))
    qtbot.waitUntil(lambda: "vda" not in dialog.disks.cards)
    assert not made.exists()
    assert dialog.general.title.edit.text() == "Mine"
    assert not dialog.notice.is_question
    save(qtbot, dialog)


def test_a_drive_is_added_filled_and_emptied(
    qtbot: QtBot, dialog: PropertiesDialog, tmp_path: Path
) -> None:
    disc = tmp_path / "live.iso"
    with disc.open("wb") as file:
        file.seek(0x8001)
        file.write(b"CD001")
        file.truncate(64 * 1024)
    dialog.show_page(dialog.drives)
    qtbot.mouseClick(dialog.drives.add_drive, LEFT)
    qtbot.waitUntil(lambda: len(dialog.drives.cards) == 1)
    card = next(iter(dialog.drives.cards.values()))
    qtbot.mouseClick(card.insert, LEFT)
    insert = dialog.findChild(InsertDiscDialog)
    assert insert is not None
    qtbot.keyClicks(insert.source.edit, str(disc))
    qtbot.waitUntil(insert.insert_button.isEnabled)
    qtbot.mouseClick(insert.insert_button, LEFT)
    qtbot.waitUntil(lambda: card.disc.text() == str(disc))
    qtbot.mouseClick(card.eject, LEFT)
    qtbot.waitUntil(lambda: card.disc.text() == "No disc")


def test_what_a_running_machine_does_not_take_at_once_is_said(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    dialog = opened(qtbot, window)
    dialog.sizes.live.click()
    dialog.sizes.vcpus.spin.setValue(1)
    dialog.sizes.memory.spin.setValue(1024)
    qtbot.mouseClick(dialog.save_button, LEFT)
    qtbot.waitUntil(lambda: "from its next start only" in dialog.notice.text.text())
    qtbot.waitUntil(lambda: not dialog.is_changed)
    assert dialog.sizes.memory.value == 1024


def test_a_lost_connection_leaves_what_was_typed(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    qtbot.keyClicks(dialog.general.title.edit, "Mine")
    uuid = dialog.settings.properties.uuid
    controller.home.host.close()
    controller.domain_changed.emit(uuid)
    questions = controller.home._work.questions
    qtbot.waitUntil(lambda: not questions.tasks)
    assert dialog.isVisible()
    controller.reconnect()
    qtbot.waitUntil(lambda: not questions.tasks and not dialog.notice.is_question)
    assert dialog.general.title.edit.text() == "Mine"
    save(qtbot, dialog)


def test_a_machine_that_goes_away_takes_its_dialog_along(
    qtbot: QtBot, dialog: PropertiesDialog, controller: Controller
) -> None:
    with qtbot.waitSignal(dialog.finished):
        domain(controller).undefine()
    errors()[0].reject()


@pytest.mark.parametrize(
    ("result", "words"),
    [
        (RemovedDisk("vdb", True, None, "“other” uses it too"), "its file stays: “other” uses it"),
        (RemovedDisk("vdb", False, None, ""), "has not let go"),
        (AddedDisk("vdb", Path("/x"), False), "from its next start"),
        (AddedDisk("vdb", Path("/x"), True), ""),
    ],
)
def test_what_can_not_be_seen_of_a_result_is_said(result: object, words: str) -> None:
    assert words in outcome(result)
    assert bool(words) == bool(outcome(result))
