"""The settings: each value is checked where it stands, kept, and has effect at once."""

import threading
from pathlib import Path

import pytest
import shiboken6
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLineEdit, QSystemTrayIcon, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core import configuration
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import GIB
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations.create import HostLimits
from vmdesk.settings import Closing, Settings
from vmdesk.views.main_window import MainWindow
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.settings.dialog import SettingsDialog
from vmdesk.views.settings.pages import SettingsPage


def put_in(qtbot: QtBot, edit: QLineEdit, text: str) -> None:
    edit.setFocus()
    edit.selectAll()
    qtbot.keyClick(edit, Qt.Key.Key_Delete)
    qtbot.keyClicks(edit, text)
    qtbot.keyClick(edit, Qt.Key.Key_Return)


@pytest.fixture
def dialog(window: MainWindow) -> SettingsDialog:
    window.actions_of_window.settings.trigger()
    (opened,) = window.findChildren(SettingsDialog)
    return opened


def page(dialog: SettingsDialog, shown: SettingsPage) -> None:
    dialog.list.setCurrentRow(dialog.pages.index(shown))


def test_a_folder_is_kept_and_used_at_once_by_window_and_terminal(
    qtbot: QtBot, dialog: SettingsDialog, settings: Settings, controller: Controller, tmp_path: Path
) -> None:
    page(dialog, dialog.files)
    put_in(qtbot, dialog.files.isos.edit, str(tmp_path))
    qtbot.waitUntil(lambda: controller.folders.isos == tmp_path)
    assert settings.isos_folder == str(tmp_path)
    assert dialog.isVisible()
    qtbot.waitUntil(lambda: "free" in dialog.files.isos.note)
    put_in(qtbot, dialog.files.isos.edit, "")
    assert settings.isos_folder == ""
    assert controller.folders.isos == configuration.isos_dir()


def test_a_folder_that_cannot_be_used_says_why_and_is_not_kept(
    qtbot: QtBot, dialog: SettingsDialog, settings: Settings, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    page(dialog, dialog.files)
    put_in(qtbot, dialog.files.disks.edit, "disks")
    assert "from “/” on" in dialog.files.disks.problem
    put_in(qtbot, dialog.files.disks.edit, str(tmp_path / "file"))
    qtbot.waitUntil(lambda: "not a folder" in dialog.files.disks.problem)
    assert settings.disks_folder == ""


def test_a_folder_counts_although_the_settings_are_closed_before_it_was_looked_at(
    qtbot: QtBot, dialog: SettingsDialog, settings: Settings, tmp_path: Path
) -> None:
    page(dialog, dialog.files)
    dialog.files.exports.edit.setFocus()
    qtbot.keyClicks(dialog.files.exports.edit, str(tmp_path))
    qtbot.mouseClick(dialog.close_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: not shiboken6.isValid(dialog))
    qtbot.waitUntil(lambda: settings.exports_folder == str(tmp_path))


def test_a_new_machine_is_offered_with_what_is_set(
    qtbot: QtBot, dialog: SettingsDialog, window: MainWindow
) -> None:
    for spin, value in (
        (dialog.machines.memory.spin, "2048"),
        (dialog.machines.vcpus.spin, "3"),
        (dialog.machines.disk.spin, "7"),
    ):
        spin.selectAll()
        qtbot.keyClicks(spin, value)
    dialog.accept()
    new = window.ask_new()
    assert isinstance(new, NewDomainDialog)
    assert (new.form.memory.value, new.form.vcpus.value, new.form.disk.value) == (2048, 3, 7)


def test_too_little_memory_is_not_kept_and_too_much_is_a_warning(
    qtbot: QtBot, dialog: SettingsDialog, settings: Settings
) -> None:
    dialog.machines.show_limits(HostLimits(8 * GIB, 4, 100 * GIB, has_kvm=True))
    dialog.machines.memory.spin.setValue(15)
    assert "at least" in dialog.machines.memory.problem
    assert settings.new_memory == 4096
    dialog.machines.memory.spin.setValue(8193)
    assert "More than" in dialog.machines.memory.note
    assert settings.new_memory == 8193


def test_the_form_of_exports_is_kept(dialog: SettingsDialog, settings: Settings) -> None:
    dialog.files.export_form.choose(ArchiveForm.TAR_ZST)
    assert settings.export_form is ArchiveForm.TAR_ZST


def test_another_address_is_connected_to_at_once(
    qtbot: QtBot, dialog: SettingsDialog, settings: Settings, controller: Controller, tmp_path: Path
) -> None:
    node = tmp_path / "other.xml"
    node.write_text(
        "<node><domain type='test'><name>elsewhere</name><memory>8192</memory>"
        "<os><type>hvm</type></os></domain></node>"
    )
    page(dialog, dialog.connection)
    put_in(qtbot, dialog.connection.uri.edit, f"test://{node}")
    qtbot.waitUntil(lambda: controller.home.domains.names() == {"elsewhere"})
    assert settings.uri == f"test://{node}"
    assert dialog.connection.uri.note == "Connected."


@pytest.mark.parametrize(
    "text", ["nonsense", "qemu:", "http:", "qemu:///sys tem", "://[", "qemu://h"]
)
def test_what_is_no_address_is_refused(
    qtbot: QtBot, dialog: SettingsDialog, settings: Settings, text: str
) -> None:
    page(dialog, dialog.connection)
    put_in(qtbot, dialog.connection.uri.edit, text)
    assert "needed" in dialog.connection.uri.problem
    assert settings.uri == ""


def test_a_connection_that_fails_says_why_beside_the_address(
    dialog: SettingsDialog, controller: Controller
) -> None:
    controller.home._connection._retry(OperationError("No such host."))
    assert dialog.connection.uri.note == "No such host."


def test_while_work_is_under_way_the_connection_stays(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    done = threading.Event()

    def wait(_job: Job) -> None:
        done.wait(30)

    controller.home.operations.start("Export", wait)
    dialog = window.flows.preferences.open()
    try:
        assert not dialog.connection.uri.edit.isEnabled()
        assert "work under way" in dialog.connection.uri.note
    finally:
        done.set()


def test_a_desktop_without_a_tray_says_so(dialog: SettingsDialog) -> None:
    if not QSystemTrayIcon.isSystemTrayAvailable():
        assert not dialog.window_page.tray.isEnabled()
        assert dialog.window_page.closing.box.count() == 2


def test_going_on_in_the_tray_needs_the_icon_there(
    qtbot: QtBot, parent: QWidget, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QSystemTrayIcon, "isSystemTrayAvailable", lambda: True)
    shown = SettingsDialog(settings, parent).window_page
    shown.closing.choose(Closing.TRAY)
    assert (settings.closing, settings.has_tray) == (Closing.TRAY, True)
    shown.tray.setChecked(False)
    assert (settings.closing, settings.has_tray) == (Closing.ASK, False)


def test_every_field_of_the_settings_has_a_name(dialog: SettingsDialog) -> None:
    files, machines = dialog.files, dialog.machines
    fields = (
        *(files.isos, files.disks, files.exports, files.export_form),
        *(machines.memory, machines.vcpus, machines.disk),
        *(dialog.window_page.closing, dialog.window_page.pictures, dialog.connection.uri),
    )
    for field in fields:
        assert field.control.accessibleName()
        assert field.name.buddy() is field.control
