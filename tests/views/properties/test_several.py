"""Memory and CPUs of several machines at once."""

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.views.properties.dialogs import OFF, RUNNING, settings
from vmdesk.controller import Controller
from vmdesk.core.operations.changes import Changes
from vmdesk.core.operations.edit import Edit
from vmdesk.views.action_rules import Act
from vmdesk.views.main_window import MainWindow
from vmdesk.views.properties.several import SeveralDialog

LEFT = Qt.MouseButton.LeftButton
SECOND = (
    "<domain type='test'><name>second</name><memory>1048576</memory>"
    "<os><type>hvm</type></os></domain>"
)


@pytest.fixture
def dialog(qtbot: QtBot, parent: QWidget) -> SeveralDialog:
    machines = [settings(), settings(replace(RUNNING, uuid="2", name="other", base="<other/>"))]
    dialog = SeveralDialog(machines, parent)
    dialog.open()
    qtbot.waitExposed(dialog)
    return dialog


def test_nothing_is_set_that_is_not_ticked(dialog: SeveralDialog) -> None:
    assert not dialog.save_button.isEnabled()
    assert dialog.save_button.toolTip() == "Tick what is to be set."
    assert not dialog.memory.isEnabled()
    assert not dialog.vcpus.isEnabled()


def test_each_machine_gets_what_is_ticked_against_its_own_base(
    qtbot: QtBot, dialog: SeveralDialog
) -> None:
    dialog.set_vcpus.click()
    dialog.vcpus.spin.setValue(4)
    dialog.live.click()
    with qtbot.waitSignal(dialog.agreed) as caught:
        qtbot.mouseClick(dialog.save_button, LEFT)
    assert caught.args[0] == {
        OFF.uuid: Edit(Changes(vcpus=4, live=True, base=OFF.base)),
        "2": Edit(Changes(vcpus=4, live=True, base="<other/>")),
    }


def test_what_this_computer_does_not_have_is_refused(dialog: SeveralDialog) -> None:
    dialog.set_memory.click()
    dialog.memory.spin.setValue(17000)
    assert "This computer has 16 GiB" in dialog.memory.problem
    assert not dialog.save_button.isEnabled()
    dialog.set_memory.click()
    dialog.set_vcpus.click()
    assert dialog.save_button.isEnabled(), "a figure that is not set is no problem"


def test_the_warning_is_given_for_several_too(dialog: SeveralDialog) -> None:
    dialog.set_memory.click()
    dialog.memory.spin.setValue(13000)
    assert "three quarters" in dialog.memory.note


def test_two_selected_machines_get_the_same_memory(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    connection = controller.home.host.connection
    connection.lookupByName("test").destroy()
    connection.defineXML(SECOND)
    qtbot.waitUntil(lambda: set(controller.home.domains.names()) == {"second", "test"})
    window.machines.view.selectAll()
    window.domain_actions[Act.PROPERTIES].trigger()
    qtbot.waitUntil(lambda: bool(several()))
    dialog = several()[0]
    dialog.set_memory.click()
    dialog.memory.spin.setValue(512)
    qtbot.mouseClick(dialog.save_button, LEFT)
    qtbot.waitUntil(
        lambda: {one.maxMemory() for one in connection.listAllDomains()} == {512 * 1024}
    )


def several() -> list[SeveralDialog]:
    widgets = QApplication.topLevelWidgets()
    return [w for w in widgets if isinstance(w, SeveralDialog) and w.isVisible()]
