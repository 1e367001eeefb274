"""A machine is made, started, changed, exported and deleted without a mouse."""

from pathlib import Path

import pytest
from PySide6.QtCore import Qt

from tests.conftest import PrivateLibvirt
from tests.core.operations.small_machine import make_iso
from tests.e2e.keyboard import Keyboard
from tests.e2e.person import Person
from vmdesk.controller import Controller
from vmdesk.core.operations import start_stop
from vmdesk.views.bundles.export_dialog import ExportDialog
from vmdesk.views.delete_dialog import DeleteDialog
from vmdesk.views.message_dialog import MessageDialog
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.properties.dialog import PropertiesDialog

pytestmark = pytest.mark.hypervisor

Key = Qt.Key


@pytest.fixture
def keyboard(person: Person) -> Keyboard:
    window = person.window
    person.wait(lambda: window.pages.currentWidget() is window.empty, "an empty list")
    return Keyboard(window)


def create(keyboard: Keyboard, iso: Path) -> None:
    keyboard.control(Key.Key_N)
    page = keyboard.page(NewDomainDialog)
    keyboard.write(str(iso))
    keyboard.wait(lambda: page.form.source.info is not None, "the file to be looked at")
    keyboard.alt(Key.Key_N)
    keyboard.write("keys")
    keyboard.alt(Key.Key_M)
    keyboard.write("64")
    keyboard.alt(Key.Key_D)
    keyboard.write("1")
    keyboard.alt(Key.Key_S)
    keyboard.wait(lambda: not page.form.start.isChecked(), "the box to be unticked")
    keyboard.wait(page.create_button.isEnabled, "all fields to be right")
    keyboard.press(Key.Key_Return)
    keyboard.wait_for_state("keys", "Off")


def write_note(keyboard: Keyboard, note: str) -> None:
    keyboard.press(Key.Key_Return, Qt.KeyboardModifier.AltModifier)
    keyboard.page(PropertiesDialog)
    keyboard.go_to("Note")
    keyboard.write(note)
    keyboard.alt(Key.Key_S)


def force_off(keyboard: Keyboard) -> None:
    keyboard.go_to("Shut down")
    keyboard.press(Key.Key_Space)
    keyboard.page(MessageDialog)
    keyboard.alt(Key.Key_F)
    keyboard.wait_for_state("keys", "Off")


def export(keyboard: Keyboard, folder: Path) -> Path:
    keyboard.control(Key.Key_E)
    page = keyboard.page(ExportDialog)
    keyboard.alt(Key.Key_O)
    keyboard.write(str(folder))
    keyboard.wait(page.export_button.isEnabled, "all fields to be right")
    keyboard.press(Key.Key_Return)
    bundle = folder / "keys.tar.gz"
    keyboard.wait(bundle.exists, "the file")
    return bundle


def delete(keyboard: Keyboard) -> None:
    keyboard.control(Key.Key_F)
    keyboard.press(Key.Key_Return)
    keyboard.press(Key.Key_Delete)
    keyboard.page(DeleteDialog)
    keyboard.alt(Key.Key_D)
    keyboard.wait(lambda: not keyboard.row("keys").isValid(), "the row to go")


def test_the_whole_life_of_a_machine_needs_no_mouse(
    keyboard: Keyboard,
    controller: Controller,
    private_libvirt: PrivateLibvirt,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start_stop, "SHUTDOWN_TIMEOUT", 1.0)
    create(keyboard, make_iso(tmp_path / "tiny.iso"))
    keyboard.go_to("Start")
    keyboard.press(Key.Key_Space)
    keyboard.wait_for_state("keys", "Running")
    write_note(keyboard, "made by keys")
    keyboard.wait(lambda: private_libvirt.virsh("desc", "keys").strip() == "made by keys", "a note")
    keyboard.press(Key.Key_Escape)
    force_off(keyboard)
    assert export(keyboard, tmp_path).stat().st_size > 0
    keyboard.wait(lambda: not controller.tasks.running(), "the export to end")
    delete(keyboard)
    assert private_libvirt.virsh("list", "--all", "--name").split() == []
