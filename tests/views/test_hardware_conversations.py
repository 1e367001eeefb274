"""Discs in and out from the window: in one click, and with an offer where there is no drive."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog, QPushButton
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.operations import definition
from vmdesk.views.action_rules import Act
from vmdesk.views.hardware_conversations import ADD
from vmdesk.views.insert_disc_dialog import InsertDiscDialog
from vmdesk.views.main_window import MainWindow
from vmdesk.views.message_dialog import MessageDialog

DRIVE = (
    "<disk type='file' device='cdrom'><source file='{path}'/><target dev='hdc' bus='ide'/></disk>"
)


@pytest.fixture
def off(qtbot: QtBot, window: MainWindow, controller: Controller) -> MainWindow:
    """The window with a machine that is off and has no CD-ROM drive."""
    controller.home.host.connection.lookupByName("test").destroy()
    qtbot.waitUntil(window.domain_actions[Act.RENAME].isEnabled)
    qtbot.waitUntil(lambda: not window.domain_actions[Act.EJECT].isEnabled())
    return window


def discs(controller: Controller) -> list[Path | None]:
    uuid = controller.home.host.connection.lookupByName("test").UUIDString()
    return [d.path for d in DomainXml.parse(definition.read(controller.home.host, uuid)).cdroms]


def add_disc(controller: Controller, path: Path) -> None:
    """Give the machine a drive with a disc, as another program does."""
    uuid = controller.home.host.connection.lookupByName("test").UUIDString()
    text = definition.read(controller.home.host, uuid)
    drive = DRIVE.format(path=path)
    controller.home.host.connection.defineXML(text.replace("</devices>", f"{drive}</devices>"))


def dialogs(kind: type[QDialog]) -> list[QDialog]:
    return [w for w in QApplication.topLevelWidgets() if isinstance(w, kind) and w.isVisible()]


def link(window: MainWindow, text: str) -> QPushButton | None:
    buttons = window.machines.pane.findChildren(QPushButton)
    return next((b for b in buttons if b.text() == text and b.isVisible()), None)


def test_without_a_drive_there_is_nothing_to_eject_and_the_tooltip_says_so(
    off: MainWindow,
) -> None:
    assert off.domain_actions[Act.EJECT].toolTip() == "It has no CD-ROM drive."


def test_a_disc_is_ejected_by_one_click_in_the_details(
    qtbot: QtBot, off: MainWindow, controller: Controller, tmp_path: Path
) -> None:
    add_disc(controller, tmp_path / "x.iso")
    qtbot.waitUntil(lambda: link(off, "Eject") is not None)
    assert off.domain_actions[Act.EJECT].isEnabled()
    button = link(off, "Eject")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: discs(controller) == [None])
    qtbot.waitUntil(lambda: link(off, "Insert…") is not None)
    assert off.domain_actions[Act.EJECT].toolTip() == "No disc is in its drive."
    button = link(off, "Insert…")
    assert button is not None
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialogs(InsertDiscDialog)))


def test_a_machine_without_a_drive_is_offered_one_and_then_a_disc(
    qtbot: QtBot, off: MainWindow, controller: Controller
) -> None:
    off.domain_actions[Act.INSERT].trigger()
    qtbot.waitUntil(lambda: bool(dialogs(MessageDialog)))
    offer = dialogs(MessageDialog)[0]
    assert isinstance(offer, MessageDialog)
    assert offer.accessibleName() == "This machine has no CD-ROM drive"
    qtbot.mouseClick(offer.buttons[ADD], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: bool(dialogs(InsertDiscDialog)))
    assert discs(controller) == [None]


def test_after_the_first_restart_an_eject_is_offered_once(
    qtbot: QtBot, off: MainWindow, controller: Controller, tmp_path: Path
) -> None:
    uuid = controller.home.host.connection.lookupByName("test").UUIDString()
    task = controller.home.hardware.add_new_disk(uuid, 1024**2)
    with qtbot.waitSignal(task.succeeded):
        pass
    add_disc(controller, tmp_path / "x.iso")
    controller.home.hardware.follow_reboot(uuid)
    notice = off.notices.disc
    qtbot.waitUntil(notice.isVisible)
    assert notice.text.text().startswith("“test” has restarted.")
    assert not dialogs(MessageDialog)  # whoever installs a guest is at its console
    with qtbot.assertNotEmitted(controller.home.hardware.disc_left_in):
        controller.home.hardware.follow_reboot(uuid)
    qtbot.mouseClick(notice.deed_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: discs(controller) == [None])
    assert not notice.isVisible()


def test_a_machine_that_vmdesk_has_not_made_is_left_alone(
    qtbot: QtBot, off: MainWindow, controller: Controller, tmp_path: Path
) -> None:
    uuid = controller.home.host.connection.lookupByName("test").UUIDString()
    add_disc(controller, tmp_path / "x.iso")
    offers: list[object] = []
    controller.home.hardware.disc_left_in.connect(offers.append)
    controller.home.hardware.follow_reboot(uuid)
    questions = controller.home._work.questions
    assert questions.tasks
    qtbot.waitUntil(lambda: not questions.tasks)
    assert offers == []


def test_a_running_machine_says_why_it_cannot_be_renamed(window: MainWindow) -> None:
    rename = window.domain_actions[Act.RENAME]
    assert not rename.isEnabled()
    assert rename.toolTip() == "Shut it down to rename it."


def test_the_menu_has_what_changes_a_machine(window: MainWindow) -> None:
    entries = window.domain_actions.menu(window).actions()
    acts = (Act.PROPERTIES, Act.RENAME, Act.INSERT, Act.EJECT)
    assert all(window.domain_actions[act] in entries for act in acts)
