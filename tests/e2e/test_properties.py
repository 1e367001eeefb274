"""A person changes a real machine in the window; libvirt and qemu-img tell whether it came true."""

import json
import subprocess
from pathlib import Path

import pytest
import shiboken6
from lxml import etree

from tests.conftest import PrivateLibvirt
from tests.e2e.person import Person
from tests.guests import MEMTEST_ISO
from vmdesk.controller import Controller
from vmdesk.core.formatting import GIB
from vmdesk.core.operations.create import NewDomain
from vmdesk.views.properties.dialog import PropertiesDialog

pytestmark = pytest.mark.hypervisor

NAME = "memtest"


@pytest.fixture
def machine(person: Person, controller: Controller) -> str:
    """A machine that is off, with a disk and a disc; its UUID."""
    person.wait(lambda: person.window.pages.currentWidget() is person.window.empty, "an empty list")
    new = NewDomain(str(MEMTEST_ISO), NAME, 1 * GIB, 256 * 1024, 1, start=False)
    controller.home.create(new)
    person.wait_for_state(NAME, "Off")
    return new.uuid


def described(libvirt: PrivateLibvirt, name: str, *options: str) -> etree._Element:
    return etree.fromstring(libvirt.virsh("dumpxml", name, *options))


def disk_of(libvirt: PrivateLibvirt, name: str) -> Path:
    source = described(libvirt, name).find("devices/disk[@device='disk']/source")
    assert source is not None
    return Path(source.get("file", ""))


def discs(libvirt: PrivateLibvirt, name: str, *options: str) -> list[str | None]:
    drives = described(libvirt, name, *options).findall("devices/disk[@device='cdrom']")
    sources = [drive.find("source") for drive in drives]
    return [None if source is None else source.get("file") for source in sources]


def virtual_size(path: Path) -> int:
    command = ["qemu-img", "info", "-U", "--output=json", str(path)]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    return int(json.loads(text)["virtual-size"])


def save(person: Person, dialog: PropertiesDialog) -> None:
    person.click(dialog.save_button)
    person.wait(lambda: not shiboken6.isValid(dialog), "the changes to be saved")


def test_memory_cpus_disk_and_name_of_a_machine_that_is_off(
    person: Person, machine: str, private_libvirt: PrivateLibvirt
) -> None:
    person.click(person.visible_button("Properties"))
    dialog = person.dialog(PropertiesDialog)
    person.fill_in(dialog.general.name.edit, "renamed")
    person.click(dialog.general.rename_files)
    dialog.show_page(dialog.sizes)
    person.set_number(dialog.sizes.memory.spin, 320)
    person.set_number(dialog.sizes.vcpus.spin, 2)
    dialog.show_page(dialog.disks)
    person.set_number(dialog.disks.cards["vda"].size_field.spin, 3)
    save(person, dialog)
    person.wait(lambda: person.row("renamed").isValid(), "the new name in the list")
    domain = described(private_libvirt, "renamed")
    assert domain.findtext("memory") == domain.findtext("currentMemory") == str(320 * 1024)
    assert domain.findtext("vcpu") == "2"
    disk = disk_of(private_libvirt, "renamed")
    assert disk.name == "renamed.qcow2"
    assert virtual_size(disk) == 3 * GIB
    private_libvirt.virsh("start", "renamed")
    person.wait_for_state("renamed", "Running")


def test_a_running_machine_takes_a_larger_disk_and_keeps_its_memory_until_the_next_start(
    person: Person, machine: str, private_libvirt: PrivateLibvirt
) -> None:
    private_libvirt.virsh("start", NAME)
    person.wait_for_state(NAME, "Running")
    person.click(person.visible_button("Properties"))
    dialog = person.dialog(PropertiesDialog)
    assert not dialog.general.name.edit.isEnabled()
    dialog.show_page(dialog.sizes)
    person.set_number(dialog.sizes.memory.spin, 384)
    assert dialog.sizes.memory_badge.isVisible()
    dialog.show_page(dialog.disks)
    person.set_number(dialog.disks.cards["vda"].size_field.spin, 2)
    save(person, dialog)
    assert described(private_libvirt, NAME).findtext("memory") == str(256 * 1024)
    assert described(private_libvirt, NAME, "--inactive").findtext("memory") == str(384 * 1024)
    assert virtual_size(disk_of(private_libvirt, NAME)) == 2 * GIB


def test_after_a_restart_the_disc_is_ejected_and_stays_out(
    person: Person, machine: str, private_libvirt: PrivateLibvirt
) -> None:
    private_libvirt.virsh("start", NAME)
    person.wait_for_state(NAME, "Running")
    assert discs(private_libvirt, NAME) == [str(MEMTEST_ISO)]
    private_libvirt.virsh("reset", NAME)
    notice = person.window.notices.disc
    person.wait(notice.isVisible, "the offer to eject")
    person.click(notice.deed_button)
    person.wait(lambda: discs(private_libvirt, NAME) == [None], "the disc to come out")
    assert discs(private_libvirt, NAME, "--inactive") == [None]
    private_libvirt.virsh("destroy", NAME)
    private_libvirt.virsh("start", NAME)
    assert discs(private_libvirt, NAME) == [None]


def test_a_disc_is_ejected_in_one_click_while_the_machine_runs(
    person: Person, machine: str, private_libvirt: PrivateLibvirt
) -> None:
    private_libvirt.virsh("start", NAME)
    person.wait_for_state(NAME, "Running")
    person.click(person.visible_button("Eject"))
    person.visible_button("Insert…")
    assert discs(private_libvirt, NAME) == discs(private_libvirt, NAME, "--inactive") == [None]
