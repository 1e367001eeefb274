"""The page for a new machine: what it refuses and why, and what it asks for."""

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.job import OperationError
from vmdesk.core.kept_discs import SourceInfo
from vmdesk.core.operations.create import HostLimits, NewDomain
from vmdesk.views.new_domain.dialog import NewDomainDialog

ADDRESS = "https://example.org/debian-12.iso"
INFO = SourceInfo("debian-12", "debian-12.iso", 662 * MIB, False)
LIMITS = HostLimits(memory=16 * GIB, cpus=8, free_room=100 * GIB, has_kvm=True)
DIGEST = "0123456789abcdef" * 4


@pytest.fixture
def dialog(qtbot: QtBot, parent: QWidget) -> NewDomainDialog:
    dialog = NewDomainDialog(lambda: {"taken", "debian-12"}, parent)
    dialog.form.show_limits(LIMITS)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


@pytest.fixture
def right(qtbot: QtBot, dialog: NewDomainDialog) -> NewDomainDialog:
    """The dialog with everything in it that is needed."""
    field = dialog.form.source
    qtbot.keyClicks(field.edit, ADDRESS)
    field.show_info(ADDRESS, INFO)
    assert dialog.create_button.isEnabled()
    return dialog


def test_nothing_can_be_created_without_a_source(dialog: NewDomainDialog) -> None:
    assert not dialog.create_button.isEnabled()
    assert dialog.form.source.problem == ""
    assert dialog.create_button.toolTip()


def test_the_address_is_asked_once_when_the_typing_pauses(
    qtbot: QtBot, dialog: NewDomainDialog
) -> None:
    asked: list[object] = []
    dialog.form.source.wanted.connect(asked.append)
    with qtbot.waitSignal(dialog.form.source.wanted):
        qtbot.keyClicks(dialog.form.source.edit, ADDRESS)
    assert asked == [ADDRESS]


def test_return_counts_when_the_address_is_found_to_be_right(
    qtbot: QtBot, dialog: NewDomainDialog
) -> None:
    field = dialog.form.source
    qtbot.keyClicks(field.edit, ADDRESS)
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    assert dialog.isVisible()
    with qtbot.waitSignal(dialog.described) as told:
        field.show_info(ADDRESS, INFO)
    assert told.args is not None
    assert (told.args[0].source, told.args[0].name) == (ADDRESS, "debian-12-2")


def test_return_is_forgotten_when_more_is_typed_or_the_address_is_wrong(
    qtbot: QtBot, dialog: NewDomainDialog
) -> None:
    field = dialog.form.source
    qtbot.keyClicks(field.edit, ADDRESS)
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    field.show_failure(ADDRESS, OperationError("No.", "Check it."))
    qtbot.keyClicks(field.edit, "?")
    qtbot.keyClick(field.edit, Qt.Key.Key_Return)
    qtbot.keyClick(field.edit, Qt.Key.Key_Backspace)
    field.show_info(ADDRESS, INFO)
    assert dialog.create_button.isEnabled()
    assert dialog.isVisible()


def test_what_is_at_the_address_is_shown_and_names_the_machine(right: NewDomainDialog) -> None:
    assert right.form.source.note == "debian-12.iso · 662 MiB · will be downloaded"
    assert right.form.name.edit.text() == "debian-12-2"


def test_a_name_that_the_user_typed_stays(qtbot: QtBot, dialog: NewDomainDialog) -> None:
    qtbot.keyClicks(dialog.form.name.edit, "mine")
    qtbot.keyClicks(dialog.form.source.edit, ADDRESS)
    dialog.form.source.show_info(ADDRESS, INFO)
    assert dialog.form.name.edit.text() == "mine"


def test_an_answer_about_an_older_address_is_ignored(qtbot: QtBot, dialog: NewDomainDialog) -> None:
    qtbot.keyClicks(dialog.form.source.edit, ADDRESS)
    dialog.form.source.show_info("https://example.org/old.iso", INFO)
    dialog.form.source.show_failure("https://example.org/old.iso", OperationError("No."))
    assert dialog.form.source.info is None
    assert dialog.form.source.problem == ""


def test_an_address_that_cannot_be_used_says_why(qtbot: QtBot, right: NewDomainDialog) -> None:
    field = right.form.source
    qtbot.keyClicks(field.edit, "x")
    assert not right.create_button.isEnabled()
    field.show_failure(ADDRESS + "x", OperationError("The server has no such file.", "Check it."))
    assert field.problem == "The server has no such file. Check it."
    assert not right.create_button.isEnabled()
    with qtbot.waitSignal(field.wanted):
        qtbot.keyClick(field.edit, Qt.Key.Key_Return)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("", "needed"),
        ("taken", "already"),
        ("a/b", "hold"),
        (".hidden", "dot"),
        (" padded", "space"),
        ("x" * 300, "long"),
    ],
)
def test_a_wrong_name_says_why(
    qtbot: QtBot, right: NewDomainDialog, name: str, reason: str
) -> None:
    edit = right.form.name.edit
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, name)
    assert reason in right.form.name.problem
    assert right.form.name.note == right.form.name.problem
    assert edit.property("invalid") is True
    assert not right.create_button.isEnabled()
    edit.selectAll()
    qtbot.keyClicks(edit, "good")
    assert right.form.name.problem == ""
    assert edit.property("invalid") is False
    assert right.create_button.isEnabled()


@pytest.mark.parametrize(("memory", "reason"), [("15", "at least"), ("16385", "16 GiB only")])
def test_a_wrong_amount_of_memory_says_why(
    qtbot: QtBot, right: NewDomainDialog, memory: str, reason: str
) -> None:
    right.form.memory.spin.selectAll()
    qtbot.keyClicks(right.form.memory.spin, memory)
    assert reason in right.form.memory.problem
    assert not right.create_button.isEnabled()


def test_more_cpus_than_there_are_are_refused(qtbot: QtBot, right: NewDomainDialog) -> None:
    right.form.vcpus.spin.selectAll()
    qtbot.keyClicks(right.form.vcpus.spin, "9")
    assert "8 CPUs only" in right.form.vcpus.problem
    assert not right.create_button.isEnabled()


def test_a_disk_larger_than_the_room_is_a_warning_only(
    qtbot: QtBot, right: NewDomainDialog
) -> None:
    right.form.disk.spin.selectAll()
    qtbot.keyClicks(right.form.disk.spin, "101")
    assert "free room" in right.form.disk.note
    assert right.create_button.isEnabled()


def test_a_wrong_checksum_says_why(qtbot: QtBot, right: NewDomainDialog) -> None:
    qtbot.keyClicks(right.form.checksum.edit, "xyz")
    assert "64 digits" in right.form.checksum.problem
    assert not right.create_button.isEnabled()


def test_the_limits_of_the_host_are_beside_the_fields(dialog: NewDomainDialog) -> None:
    assert dialog.form.memory.remark.text() == "of 16 GiB"
    assert dialog.form.vcpus.remark.text() == "of 8"
    assert "100 GiB" in dialog.form.disk.remark.text()


def test_a_host_without_kvm_is_told_of(dialog: NewDomainDialog) -> None:
    assert not dialog.form.kvm_note.isVisible()
    dialog.form.show_limits(HostLimits(16 * GIB, 8, 100 * GIB, has_kvm=False))
    assert dialog.form.kvm_note.isVisible()


def test_create_closes_the_page_and_tells_what_is_wanted(
    qtbot: QtBot, right: NewDomainDialog
) -> None:
    form = right.form
    form.vcpus.spin.selectAll()
    qtbot.keyClicks(form.vcpus.spin, "4")
    qtbot.keyClicks(form.checksum.edit, f"SHA256: {DIGEST.upper()}")
    qtbot.keyClick(form.start, Qt.Key.Key_Space)
    told: list[NewDomain] = []
    right.described.connect(told.append)
    qtbot.mouseClick(right.create_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not shiboken6.isValid(right))
    (new,) = told
    assert (new.source, new.name, new.sha256) == (ADDRESS, "debian-12-2", DIGEST)
    assert (new.memory, new.vcpus, new.disk_size) == (4096 * 1024, 4, 30 * GIB)
    assert new.start is False


def test_return_in_a_wrong_page_creates_nothing(qtbot: QtBot, dialog: NewDomainDialog) -> None:
    with qtbot.assertNotEmitted(dialog.described):
        qtbot.keyClick(dialog.form.name.edit, Qt.Key.Key_Return)
    assert dialog.isVisible()


def test_escape_creates_nothing(qtbot: QtBot, right: NewDomainDialog) -> None:
    told: list[object] = []
    right.described.connect(told.append)
    qtbot.keyClick(right, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: not shiboken6.isValid(right))
    assert told == []


def test_no_text_is_cut_when_every_field_complains(qtbot: QtBot, right: NewDomainDialog) -> None:
    form = right.form
    form.source.edit.setText("x")
    form.source.show_failure("x", OperationError("It cannot be reached at all. " * 4))
    for number in (form.memory, form.vcpus, form.disk):
        number.spin.setValue(10_000_000)
    note = form.source.findChildren(type(form.source.remark))[-1]
    qtbot.waitUntil(lambda: note.height() >= note.heightForWidth(note.width()))
    layout = right.layout()
    assert layout is not None
    assert right.height() >= layout.totalHeightForWidth(right.width())


def test_every_control_has_a_name_for_those_who_cannot_see(dialog: NewDomainDialog) -> None:
    form = dialog.form
    for field in (form.source, form.name, form.memory, form.vcpus, form.disk, form.checksum):
        assert field.control.accessibleName()
        assert field.name.buddy() is field.control
