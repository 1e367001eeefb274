"""A machine leaves as one file and comes back by a drop; what is broken off leaves nothing."""

import os
from pathlib import Path

import pytest
from PySide6.QtWidgets import QDialog, QLabel

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.operations import token_machine
from tests.e2e.person import Person
from tests.guests import snapshot
from vmdesk.controller import Controller
from vmdesk.core.formatting import MIB
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.tasks import TaskState
from vmdesk.views.bundles.export_dialog import ExportDialog
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.delete_dialog import DELETE, DeleteDialog
from vmdesk.views.error_dialog import CLOSE, ErrorDialog

pytestmark = pytest.mark.hypervisor

TOKEN = "vmdesk-token-5f1e"  # noqa: S105
LARGE = 512 * MIB
"""Enough for a person to press Cancel while it is copied."""


class Desk:
    """A person with one machine that is off, and folders to look into."""

    def __init__(self, person: Person, controller: Controller, folder: Path) -> None:
        self.person = person
        self.controller = controller
        self.folder = folder
        self.out = folder / "out"
        self.out.mkdir()
        self.disks = FOLDERS["XDG_DATA_HOME"] / "vmdesk/disks"
        person.wait(lambda: self._is_connected, "libvirt")

    @property
    def _is_connected(self) -> bool:
        return self.controller.home.is_connected

    def add_machine(self, *, is_large: bool) -> None:
        raw = token_machine.make_raw(self.folder / "web.raw", TOKEN)
        if is_large:
            block = os.urandom(16 * MIB)
            with raw.open("ab") as file:
                for _index in range(LARGE // len(block)):
                    file.write(block)
        token_machine.define(self.controller.home.host, "web", [(raw, "raw")])
        self.person.wait_for_state("web", "Off")

    def begin_export(self) -> None:
        self.person.click(self.person.visible_button("Export…"))
        dialog = self.person.dialog(ExportDialog)
        self.person.fill_in(dialog.form.folder_edit, str(self.out))
        self.person.click(dialog.export_button)

    def export(self) -> Path:
        self.begin_export()
        bundle = self.out / "web.tar.gz"
        self.person.wait(lambda: bundle.exists() and not self.controller.tasks.running(), "a file")
        return bundle

    def preview(self, file: Path) -> ImportDialog:
        data = self.person.drag_over(file)
        overlay = self.person.window.overlay
        self.person.wait(lambda: overlay.words == "Import as a virtual machine", "a welcome")
        self.person.drop(data)
        assert not overlay.isVisible()
        dialog = self.person.dialog(ImportDialog)
        self.person.wait(lambda: dialog.form is not None, "the preview")
        return dialog

    def cancel_halfway(self, name: str) -> None:
        """Press Cancel while the bar moves, and see that the work was cancelled by it."""

        def fraction() -> float:
            activity = self.person.row(name).data(DomainRole.ACTIVITY)
            return (activity.fraction if activity is not None else 0) or 0

        self.person.wait(lambda: fraction() > 0.05, "progress in the row")
        (entry,) = self.controller.tasks.running()
        self.person.click(self.person.visible_button("Cancel"))
        self.person.wait(lambda: entry.task.state.is_final, "the end of it")
        assert entry.task.state is TaskState.CANCELLED

    def leftovers(self) -> list[Path]:
        journals = FOLDERS["XDG_STATE_HOME"] / "vmdesk/staging"
        return [*snapshot(self.disks), *snapshot(journals)]


def words(dialog: QDialog) -> str:
    """Return all that a dialog says."""
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


@pytest.fixture
def desk(
    person: Person, controller: Controller, private_libvirt: PrivateLibvirt, tmp_path: Path
) -> Desk:
    return Desk(person, controller, tmp_path)


def test_a_machine_goes_out_by_the_dialog_and_comes_back_by_a_drop(
    desk: Desk, person: Person, private_libvirt: PrivateLibvirt
) -> None:
    desk.add_machine(is_large=False)
    bundle = desk.export()
    person.window.tasks.set_unfolded(True)
    assert (
        person.visible_button("Show in folder", person.window.tasks)
        .toolTip()
        .startswith(str(bundle))
    )

    person.click(person.visible_button("Delete…"))
    person.click(person.dialog(DeleteDialog).buttons[DELETE])
    person.wait(lambda: not person.row("web").isValid(), "the row to go")
    assert private_libvirt.virsh("list", "--all", "--name").split() == []

    dialog = desk.preview(bundle)
    assert dialog.form is not None
    assert dialog.form.name.edit.text() == "web"
    person.fill_in(dialog.form.name.edit, "web again")
    person.click(person.visible_button("Check now", dialog))
    person.wait(lambda: "checked and is right" in words(dialog), "the check of the file")
    person.click(dialog.import_button)
    person.wait_for_state("web again", "Off")
    assert [path.name for path in desk.leftovers()] == ["web again.qcow2"]

    log = desk.folder / "serial.log"
    host = desk.controller.home.host
    token_machine.log_serial_port(host, host.lookup("web again").uuid, log)
    person.click(person.visible_button("Start"))
    person.wait(lambda: log.exists() and b"\n" in log.read_bytes(), "the token")
    assert token_machine.read_token(log) == TOKEN
    person.wait_for_state("web again", "Running")
    assert "Shut down first" in person.visible_button("Export…").toolTip()


def test_what_is_cancelled_in_the_middle_leaves_nothing(
    desk: Desk, person: Person, private_libvirt: PrivateLibvirt
) -> None:
    desk.add_machine(is_large=True)
    desk.begin_export()
    desk.cancel_halfway("web")
    assert list(desk.out.iterdir()) == []
    assert desk.leftovers() == []
    person.wait_for_state("web", "Off")

    bundle = desk.export()
    dialog = desk.preview(bundle)
    person.click(dialog.import_button)
    desk.cancel_halfway("web-2")
    person.wait(lambda: not person.row("web-2").isValid(), "the row to go")
    assert desk.leftovers() == []
    assert list(desk.out.iterdir()) == [bundle]
    assert private_libvirt.virsh("list", "--all", "--name").split() == ["web"]


def test_several_files_wait_for_each_other_and_a_bad_one_says_why(
    desk: Desk, person: Person
) -> None:
    desk.add_machine(is_large=False)
    bundle = desk.export()
    note = desk.folder / "note.tar"
    note.write_text("no machine")
    disk = token_machine.make_qcow2(desk.folder / "alone.qcow2", TOKEN)
    data = person.drag_over(note, disk, bundle)
    overlay = person.window.overlay
    person.wait(lambda: overlay.words == "Import 2 virtual machines", "an answer")
    assert overlay.remark == "1 other can’t be read"
    person.drop(data)

    refusal = person.dialog(ErrorDialog)
    assert "“note.tar” can’t be imported" in words(refusal)
    person.click(refusal.buttons[CLOSE])
    for name in ("alone", "web-2"):
        dialog = person.dialog(ImportDialog)
        person.wait(dialog.import_button.isEnabled, "the preview")
        assert dialog.form is not None
        assert dialog.form.name.edit.text() == name
        person.click(dialog.import_button)
        person.wait_for_state(name, "Off")
