"""An ordinary user in front of the window, and machines whose disks only root and QEMU can read."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
import shiboken6
from pytestqt.qtbot import QtBot

from tests import system_libvirt
from tests.e2e.main_job import DISC_PACE, NAME, MainJob
from tests.e2e.person import Person
from tests.guests import MEMTEST_ISO
from tests.iso_server import Fault, IsoServer
from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.operations import start_stop
from vmdesk.views.bundles.export_dialog import ExportDialog
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.delete_dialog import DELETE, DeleteDialog
from vmdesk.views.properties.dialog import PropertiesDialog

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def controller(qtbot: QtBot, system_host: Host) -> Iterator[Controller]:
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()))
    controller.add(system_libvirt.URI)
    yield controller
    controller.shut_down_vmdesk()


def _change_memory(person: Person, mib: int) -> None:
    person.click(person.visible_button("Properties"))
    dialog = person.dialog(PropertiesDialog)
    dialog.show_page(dialog.sizes)
    person.set_number(dialog.sizes.memory.spin, mib)
    person.click(dialog.save_button)
    person.wait(lambda: not shiboken6.isValid(dialog), "the changes to be saved")


def _export(person: Person, controller: Controller, folder: Path) -> Path:
    person.click(person.visible_button("Export…"))
    dialog = person.dialog(ExportDialog)
    person.fill_in(dialog.form.folder_edit, str(folder))
    person.click(dialog.export_button)
    bundle = folder / f"{NAME}.tar.gz"
    person.wait(lambda: bundle.exists() and not controller.tasks.running(), "a bundle")
    return bundle


def _delete(person: Person, host: Host) -> None:
    person.click(person.visible_button("Delete…"))
    person.click(person.dialog(DeleteDialog).buttons[DELETE])
    person.wait(lambda: not person.row(NAME).isValid(), "the row to go")
    person.wait(lambda: system_libvirt.names(host) == {"memtest.iso"}, "its disk to go")


def test_the_whole_life_of_a_machine(
    person: Person,
    controller: Controller,
    system_host: Host,
    server: IsoServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(start_stop, "SHUTDOWN_TIMEOUT", 0.5)
    server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=2 * DISC_PACE))
    job = MainJob(person, controller, server.url("/memtest.iso"))
    for step in (job.open, job.describe, job.follow_download, job.watch_boot, job.open_console):
        step()
    assert system_libvirt.names(system_host) == {f"{NAME}.qcow2", "memtest.iso"}
    assert not os.access(system_libvirt.IMAGES / f"{NAME}.qcow2", os.R_OK)
    job.force_off()
    _change_memory(person, 320)
    bundle = _export(person, controller, tmp_path)
    assert (bundle.stat().st_uid, bundle.stat().st_mode & 0o600) == (os.getuid(), 0o600)
    _delete(person, system_host)

    person.drop(person.drag_over(bundle))
    dialog = person.dialog(ImportDialog)
    person.click(dialog.import_button)
    person.wait_for_state(NAME, "Off")
    description = system_host.domain(system_host.lookup(NAME).uuid).XMLDesc()
    assert DomainXml.parse(description).memory_kib == 320 * 1024
    person.click(person.visible_button("Start"))  # QEMU can read what was imported
    person.wait_for_state(NAME, "Running")
    job.force_off()
    _delete(person, system_host)
