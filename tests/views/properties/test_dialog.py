"""The pages of properties: only changes are saved, and what is wrong is refused in place."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QSpinBox, QWidget
from pytestqt.qtbot import QtBot

from tests.views.properties.dialogs import OFF, RUNNING, settings
from vmdesk.core.operations.changes import Changes, Field
from vmdesk.core.operations.edit import Edit
from vmdesk.hardware import Settings
from vmdesk.views.message_dialog import MessageDialog
from vmdesk.views.properties.dialog import PropertiesDialog

Show = Callable[[Settings], PropertiesDialog]


@pytest.fixture
def show(qtbot: QtBot, parent: QWidget) -> Show:
    """Opens the dialog."""

    def opened(shown: Settings) -> PropertiesDialog:
        dialog = PropertiesDialog(shown, lambda: {"debian", "taken"}, parent)
        dialog.open()
        qtbot.waitExposed(dialog)
        return dialog

    return opened


@pytest.fixture
def dialog(show: Show) -> PropertiesDialog:
    """The properties of a machine that is off."""
    return show(settings())


def type_number(qtbot: QtBot, spin: QSpinBox, value: int) -> None:
    spin.selectAll()
    qtbot.keyClicks(spin, str(value))


def saved(qtbot: QtBot, dialog: PropertiesDialog) -> Edit:
    with qtbot.waitSignal(dialog.save_wanted) as caught:
        qtbot.mouseClick(dialog.save_button, Qt.MouseButton.LeftButton)
    edit = caught.args[0]
    assert isinstance(edit, Edit)
    return edit


def test_there_is_nothing_to_save_at_first(dialog: PropertiesDialog) -> None:
    assert dialog.edit().is_empty
    assert not dialog.save_button.isEnabled()
    assert dialog.save_button.toolTip() == "Nothing is changed."


def test_only_the_changed_field_is_saved(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    dialog.general.title.edit.selectAll()
    qtbot.keyClicks(dialog.general.title.edit, "Web")
    assert saved(qtbot, dialog) == Edit(Changes(title="Web", base=OFF.base))


def test_what_is_typed_and_taken_back_is_no_change(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    qtbot.keyClicks(dialog.general.title.edit, "x")
    assert dialog.save_button.isEnabled()
    qtbot.keyClick(dialog.general.title.edit, Qt.Key.Key_Backspace)
    assert not dialog.save_button.isEnabled()


def test_all_of_general_is_saved(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    general = dialog.general
    general.focus_name()
    qtbot.keyClicks(general.name.edit, "web")
    general.rename_files.click()
    general.note_edit.setPlainText("")
    general.autostart.click()
    general.use_kvm.click()
    wanted = Changes(description="", autostart=True, use_kvm=False, base=OFF.base)
    assert saved(qtbot, dialog) == Edit(wanted, "web", rename_files=True)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("taken", "There is a machine of this name already."),
        ("", "name"),
        ("a/b", "name"),
    ],
)
def test_a_name_that_cannot_be_is_refused_in_the_field(
    qtbot: QtBot, dialog: PropertiesDialog, name: str, reason: str
) -> None:
    dialog.general.focus_name()
    qtbot.keyClick(dialog.general.name.edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(dialog.general.name.edit, name)
    assert reason in dialog.general.name.problem
    assert not dialog.save_button.isEnabled()
    assert dialog.general.name.problem in dialog.save_button.toolTip()
    assert dialog.list.item(0).text().endswith("!")


def test_a_running_machine_cannot_be_renamed_and_says_why(show: Show) -> None:
    name = show(settings(RUNNING)).general.name
    assert not name.edit.isEnabled()
    assert name.edit.toolTip() == name.note == "Shut it down to rename it."


def test_a_saved_machine_cannot_be_renamed_either(show: Show) -> None:
    name = show(settings(replace(OFF, is_saved=True))).general.name
    assert not name.edit.isEnabled()
    assert "start it and shut it down" in name.note


def test_files_can_be_renamed_with_a_new_name_only(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    assert not dialog.general.rename_files.isEnabled()
    below = dialog.general.title.y()
    qtbot.keyClicks(dialog.general.name.edit, "2")
    assert dialog.general.rename_files.isEnabled()
    assert dialog.general.title.y() == below, "nothing moves away from who types"


def test_control_characters_in_a_note_are_refused(dialog: PropertiesDialog) -> None:
    dialog.general.note_edit.setPlainText("bell \a")
    assert "control characters" in dialog.general.note.problem
    assert not dialog.save_button.isEnabled()


def test_kvm_is_not_offered_where_it_does_not_work(show: Show) -> None:
    emulated = settings(replace(OFF, uses_kvm=False), has_kvm=False)
    page = show(emulated).general
    assert not page.use_kvm.isEnabled()
    assert page.no_kvm.isVisibleTo(page)
    assert page.no_kvm.text() == "KVM does not work on this computer."


def test_memory_and_cpus_are_saved_in_libvirts_units(
    qtbot: QtBot, dialog: PropertiesDialog
) -> None:
    dialog.show_page(dialog.sizes)
    type_number(qtbot, dialog.sizes.memory.spin, 2048)
    type_number(qtbot, dialog.sizes.vcpus.spin, 4)
    wanted = Changes(memory_kib=2 * 1024**2, vcpus=4, base=OFF.base)
    assert saved(qtbot, dialog) == Edit(wanted)


@pytest.mark.parametrize(("memory", "reason"), [(17000, "This computer has 16 GiB"), (8, "16 MiB")])
def test_memory_beyond_the_bounds_is_refused(
    qtbot: QtBot, dialog: PropertiesDialog, memory: int, reason: str
) -> None:
    dialog.show_page(dialog.sizes)
    type_number(qtbot, dialog.sizes.memory.spin, memory)
    assert reason in dialog.sizes.memory.problem
    assert not dialog.save_button.isEnabled()


def test_more_cpus_than_there_are_is_refused(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    dialog.show_page(dialog.sizes)
    type_number(qtbot, dialog.sizes.vcpus.spin, 9)
    assert "8 CPUs" in dialog.sizes.vcpus.problem
    assert not dialog.save_button.isEnabled()


def test_above_three_quarters_of_the_memory_there_is_a_warning(
    qtbot: QtBot, dialog: PropertiesDialog
) -> None:
    dialog.show_page(dialog.sizes)
    type_number(qtbot, dialog.sizes.memory.spin, 12 * 1024)
    assert dialog.sizes.memory.note == ""
    type_number(qtbot, dialog.sizes.memory.spin, 12 * 1024 + 1)
    assert "three quarters" in dialog.sizes.memory.note
    assert dialog.save_button.isEnabled()


def test_a_machine_larger_than_this_computer_can_be_renamed(qtbot: QtBot, show: Show) -> None:
    dialog = show(settings(replace(OFF, stored=replace(OFF.stored, memory_kib=99 * 1024**2))))
    qtbot.keyClicks(dialog.general.name.edit, "2")
    assert dialog.save_button.isEnabled()


def test_a_running_machine_says_what_waits_for_its_next_start(qtbot: QtBot, show: Show) -> None:
    dialog = show(settings(RUNNING))
    sizes = dialog.sizes
    dialog.show_page(sizes)
    assert not sizes.memory_badge.isVisible()
    type_number(qtbot, sizes.memory.spin, 6000)
    assert sizes.memory_badge.isVisible()
    assert not sizes.vcpus_badge.isVisible()
    sizes.live.click()
    assert not sizes.memory_badge.isVisible()
    assert dialog.edit().changes.live
    type_number(qtbot, sizes.memory.spin, 9000)
    assert sizes.memory_badge.isVisible(), "more than it was started with waits"
    assert not sizes.live.isEnabled(), "nothing of it can be at once"
    assert not dialog.edit().changes.live


def test_what_is_pending_has_its_badge_from_the_first(show: Show) -> None:
    pending = frozenset({Field.VCPUS, Field.ACCELERATOR, Field.DISPLAY})
    dialog = show(settings(replace(RUNNING, pending=pending)))
    assert dialog.general.kvm_badge.isVisible()
    dialog.show_page(dialog.sizes)
    assert dialog.sizes.vcpus_badge.isVisible()
    assert not dialog.sizes.memory_badge.isVisible()
    dialog.show_page(dialog.wiring)
    assert dialog.wiring.display_badge.isVisible()


def test_a_badge_beside_a_figure_leaves_it_its_size(show: Show, qtbot: QtBot) -> None:
    dialog = show(settings(RUNNING))
    dialog.show_page(dialog.sizes)
    spin = dialog.sizes.memory.spin
    before = spin.size()
    type_number(qtbot, spin, 9000)
    assert dialog.sizes.memory_badge.isVisible()
    QApplication.processEvents()
    assert spin.size() == before


def test_a_machine_that_is_off_has_no_badge_and_no_choice(
    qtbot: QtBot, dialog: PropertiesDialog
) -> None:
    dialog.show_page(dialog.sizes)
    type_number(qtbot, dialog.sizes.memory.spin, 2048)
    assert not dialog.sizes.live.isVisible()
    assert not dialog.sizes.memory_badge.isVisible()


def test_news_of_the_machine_leave_what_was_typed(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    qtbot.keyClicks(dialog.general.title.edit, "!")
    news = replace(OFF, base="<news/>", title="Other", description="News")
    dialog.show_settings(settings(news), discard=False)
    assert dialog.general.title.edit.text() == "Mirror!"
    assert dialog.general.note_edit.toPlainText() == "News"
    assert dialog.edit().changes == Changes(title="Mirror!", base="<news/>")
    dialog.show_settings(settings(news), discard=True)
    assert dialog.edit().is_empty


def test_escape_asks_before_changes_are_lost(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    qtbot.keyClicks(dialog.general.title.edit, "!")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    question = question_above(dialog)
    assert question.accessibleName() == "Discard your changes?"
    question.buttons["stay"].click()
    assert dialog.isVisible()
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    with qtbot.waitSignal(dialog.finished):
        question_above(dialog).buttons["discard"].click()


def test_escape_closes_at_once_where_nothing_is_lost(
    qtbot: QtBot, dialog: PropertiesDialog
) -> None:
    with qtbot.waitSignal(dialog.finished):
        qtbot.keyClick(dialog, Qt.Key.Key_Escape)


def question_above(dialog: PropertiesDialog) -> MessageDialog:
    widgets = QApplication.topLevelWidgets()
    return next(w for w in widgets if isinstance(w, MessageDialog) and w.isVisible())


def test_the_pages_are_reached_by_keys_and_have_names(
    qtbot: QtBot, dialog: PropertiesDialog
) -> None:
    dialog.list.setFocus()
    for page in dialog.pages[1:]:
        qtbot.keyClick(dialog.list, Qt.Key.Key_Down)
        assert dialog.stack.currentWidget() is page


def test_the_earlier_versions_show_how_they_differ(qtbot: QtBot, dialog: PropertiesDialog) -> None:
    page = dialog.history
    dialog.show_page(page)
    assert "Memory: 4 GiB → 2 GiB" in page.words.text()
    assert "- <b/>" in page.lines.toPlainText().splitlines()
    assert "+ <c/>" in page.lines.toPlainText().splitlines()
    page.list.setFocus()
    qtbot.keyClick(page.list, Qt.Key.Key_Down)
    assert "only the XML shows" in page.words.text()


def test_without_earlier_versions_there_is_nothing_to_bring_back(show: Show) -> None:
    dialog = show(settings(versions=()))
    dialog.show_page(dialog.history)
    assert not dialog.history.bring_back.isVisible()
    assert not dialog.history.list.isVisible()
