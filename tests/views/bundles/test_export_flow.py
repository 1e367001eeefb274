"""From the wish to export to the controller, on libvirt's test driver."""

from pathlib import Path
from typing import TypeVar

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.operations.export import ExportResult
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.models.task_list_model import TaskRole
from vmdesk.settings import Settings
from vmdesk.views.action_rules import Act
from vmdesk.views.bundles.export_dialog import ExportDialog
from vmdesk.views.bundles.export_flow import ExportRequest
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.main_window import MainWindow

D = TypeVar("D", bound=QDialog)
CONTROL = Qt.KeyboardModifier.ControlModifier


def opened(qtbot: QtBot, window: MainWindow, kind: type[D]) -> D:
    def found() -> list[D]:
        return [dialog for dialog in window.findChildren(kind) if dialog.isVisible()]

    qtbot.waitUntil(lambda: len(found()) == 1)
    return found()[0]


@pytest.fixture
def off(qtbot: QtBot, window: MainWindow, controller: Controller) -> MainWindow:
    """The window, with its one machine switched off."""
    controller.home.force_off(controller.home.domains.rows()[0].domain.uuid)
    qtbot.waitUntil(lambda: controller.home.domains.index(0).data(DomainRole.STATE_TEXT) == "Off")
    qtbot.waitUntil(window.domain_actions[Act.EXPORT].isEnabled)
    return window


def test_a_running_machine_has_to_be_shut_down_first(window: MainWindow) -> None:
    action = window.domain_actions[Act.EXPORT]
    assert not action.isEnabled()
    assert action.toolTip() == "Shut down first."


def test_the_settings_say_where_exports_go_and_in_which_form(
    qtbot: QtBot, off: MainWindow, settings: Settings, tmp_path: Path
) -> None:
    settings.export_folder = "/"
    settings.exports_folder = str(tmp_path)
    settings.export_form = ArchiveForm.TAR_ZST
    qtbot.keyClick(off, Qt.Key.Key_E, CONTROL)
    dialog = opened(qtbot, off, ExportDialog)
    assert ".tar.zst" in dialog.form.ending.text()
    assert list(dialog.form.targets().values()) == [tmp_path / "test.tar.zst"]


def test_an_export_goes_to_the_last_folder_and_shows_in_the_history(
    qtbot: QtBot, off: MainWindow, settings: Settings, controller: Controller, tmp_path: Path
) -> None:
    settings.export_folder = str(tmp_path)
    qtbot.keyClick(off, Qt.Key.Key_E, CONTROL)
    dialog = opened(qtbot, off, ExportDialog)
    assert dialog.form.folder_edit.text() == str(tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    dialog.form.folder_edit.setText(str(other))
    qtbot.waitUntil(dialog.export_button.isEnabled)
    qtbot.mouseClick(dialog.export_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: (other / "test.tar.gz").exists())
    assert settings.export_folder == str(other)
    qtbot.waitUntil(lambda: not controller.tasks.running())
    tasks = controller.tasks
    rows = [tasks.index(row).data(TaskRole.TASK) for row in range(tasks.rowCount())]
    assert isinstance(rows[0].result, ExportResult)


def test_a_last_folder_that_is_gone_gives_way_to_the_desktop(
    qtbot: QtBot, off: MainWindow, settings: Settings
) -> None:
    settings.export_folder = "/nowhere/at/all"
    off.domain_actions.request(Act.EXPORT)
    dialog = opened(qtbot, off, ExportDialog)
    assert Path(dialog.form.folder_edit.text()).is_relative_to(Path.home())
    dialog.reject()


def test_what_makes_an_export_impossible_is_said_at_once(
    qtbot: QtBot, off: MainWindow, controller: Controller
) -> None:
    off.flows.exports.begin(
        ExportRequest(controller.home, ("00000000-0000-0000-0000-000000000000",))
    )
    refusal = opened(qtbot, off, ErrorDialog)
    refusal.reject()
