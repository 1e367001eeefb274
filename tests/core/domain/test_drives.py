"""Drives come with a free name on a bus that the machine has, and go without a trace."""

from pathlib import Path

import pytest

from tests.core.domain.test_xml import golden
from vmdesk.core.domain import drives
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.job import Cause, OperationError


@pytest.mark.parametrize(
    ("name", "target", "bus"),
    [
        ("q35-virt-manager", "vdb", "virtio"),
        ("windows-11-tpm", "sdd", "sata"),
        ("vagrant", "vdb", "virtio"),
        ("i440fx-old-host", "hdd", "ide"),
        ("i440fx-ide-full", "vda", "virtio"),
        ("letters-run-out", "vdaa", "virtio"),
        ("scsi-multipath", "sdc", "scsi"),
        ("no-disks", "vda", "virtio"),
        ("usb-stick-boot", "sdb", "usb"),
    ],
)
def test_a_new_disk_is_on_the_bus_of_the_first(name: str, target: str, bus: str) -> None:
    xml = golden(name)
    disk = drives.add_disk(xml, Path("/vm/new.qcow2"), "qcow2")
    assert (disk.target, disk.bus, disk.boot_order) == (target, bus, None)
    assert target in [found.target for found in xml.disks]


@pytest.mark.parametrize(
    ("name", "target", "bus", "order"),
    [
        ("no-disks", "sda", "sata", None),
        ("vagrant", "hda", "ide", None),
        ("i440fx-ide-full", "sda", "sata", None),
        ("aarch64-emulated", "sda", "scsi", None),
        ("hostdev-gpu", "sda", "sata", 2),
        ("usb-stick-boot", "sdb", "sata", 3),
    ],
)
def test_a_new_cdrom_drive_suits_the_board(
    name: str, target: str, bus: str, order: int | None
) -> None:
    drive = drives.add_cdrom(golden(name))
    assert (drive.target, drive.bus, drive.boot_order) == (target, bus, order)
    assert drive.is_cdrom
    assert drive.is_empty
    assert drive.readonly


def test_a_place_that_an_address_takes_is_not_given_by_a_name() -> None:
    xml = DomainXml.parse(
        "<domain><os><type arch='x86_64' machine='pc'/></os><devices><disk device='cdrom'>"
        "<target dev='hdc' bus='ide'/><address type='drive' controller='0' bus='0' unit='0'/>"
        "</disk></devices></domain>"
    )
    assert drives.add_cdrom(xml).target == "hdb"


@pytest.mark.parametrize(("bus", "unit"), [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_each_place_on_the_ide_buses_has_its_name(bus: int, unit: int) -> None:
    name = f"hd{'abcd'[2 * bus + unit]}"
    xml = DomainXml.parse(
        "<domain><os><type arch='x86_64' machine='pc'/></os><devices><interface/>"
        "<disk device='cdrom'><target dev='hde' bus='ide'/>"
        f"<address type='drive' controller='0' bus='{bus}' unit='{unit}'/>"
        "</disk></devices></domain>"
    )
    given = [drives.add_cdrom(xml).target for _number in range(3)]
    assert given == [f"hd{letter}" for letter in "abcd" if f"hd{letter}" != name]


def test_the_first_drive_comes_before_other_devices() -> None:
    xml = DomainXml.parse(
        "<domain><os><type arch='x86_64' machine='q35'/></os>"
        "<devices><interface/><graphics/></devices></domain>"
    )
    drives.add_cdrom(xml)
    assert [child.tag for child in xml.root.iterfind("devices/*")] == [
        "disk", "interface", "graphics",
    ]  # fmt: skip


def test_a_machine_without_any_device_gets_its_first_disk() -> None:
    xml = DomainXml.parse("<domain><name>bare</name></domain>")
    drives.add_disk(xml, Path("/vm/new.qcow2"), "qcow2")
    (disk,) = DomainXml.parse(xml.text).disks
    assert (disk.path, disk.target) == (Path("/vm/new.qcow2"), "vda")


def test_adding_and_removing_leaves_no_trace() -> None:
    xml = golden("hand-comments")
    before = xml.text
    added = drives.add_disk(xml, Path("/vm/new.qcow2"), "qcow2")
    drives.remove(xml, added.target)
    assert xml.text == before


def test_a_drive_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(OperationError, match="no disk “vdz”") as caught:
        drives.drive(golden("windows-11-tpm"), "vdz")
    assert caught.value.cause is Cause.INVALID_VALUE
    assert "sda, sdb, sdc" in caught.value.hint
