"""Add disks and CD-ROM drives to a domain, and take them away."""

from collections.abc import Collection
from pathlib import Path

from lxml import etree

from vmdesk.core import xml_tree
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

HOT_PLUG_BUSES = frozenset({"virtio", "scsi", "usb"})
"""The buses on which QEMU takes a disk while the machine runs."""

_PREFIXES = {"virtio": "vd", "ide": "hd", "fdc": "fd"}
_IDE_LIMIT = 4
"""An i440fx board has two IDE channels with two drives each."""


def drive(xml: DomainXml, target: str) -> DiskDevice:
    """Return the drive of this target (``vda``), or raise ``OperationError`` (invalid value)."""
    for disk in xml.disks:
        if disk.target == target:
            return disk
    raise OperationError(
        _("This machine has no disk “{target}”.").format(target=target),
        _("It has: {targets}.").format(targets=", ".join(d.target for d in xml.disks) or "–"),
        cause=Cause.INVALID_VALUE,
    )


def add_disk(
    xml: DomainXml, path: Path, image_format: str, taken: Collection[str] = ()
) -> DiskDevice:
    """Add a disk on the bus that the machine's first disk has; without one, on virtio.

    ``taken`` are further target names that it must not get.
    """
    buses = [disk.bus for disk in xml.disks if disk.device == "disk"]
    bus = buses[0] if buses else "virtio"
    if bus not in ("virtio", "sata", "scsi", "usb", "ide") or _is_full(xml, bus):
        bus = "virtio"
    element = etree.Element("disk", type="file", device="disk")
    etree.SubElement(
        element, "driver", name="qemu", type=image_format, discard="unmap", detect_zeroes="unmap"
    )
    etree.SubElement(element, "source", file=str(path))
    etree.SubElement(element, "target", dev=free_target(xml, bus, taken), bus=bus)
    return _add(xml, element)


def add_cdrom(xml: DomainXml) -> DiskDevice:
    """Add an empty CD-ROM drive on the bus that suits the board, last in the boot order."""
    bus = _cdrom_bus(xml)
    element = etree.Element("disk", type="file", device="cdrom")
    etree.SubElement(element, "driver", name="qemu", type="raw")
    etree.SubElement(element, "target", dev=free_target(xml, bus), bus=bus)
    etree.SubElement(element, "readonly")
    orders = [xml_tree.number(boot.get("order")) for boot in xml.root.iterfind("devices/*/boot")]
    if orders:
        etree.SubElement(element, "boot", order=str(max(orders) + 1))
    return _add(xml, element)


def remove(xml: DomainXml, target: str) -> None:
    """Take the drive of this target out; the file stays."""
    xml_tree.remove(drive(xml, target).element)


def free_target(xml: DomainXml, bus: str, taken: Collection[str] = ()) -> str:
    """Return the first target name of ``bus`` that no drive has: ``vdb``, ``sda``."""
    targets = {disk.target for disk in xml.disks}.union(taken)
    places = {disk.place for disk in xml.disks if disk.bus == bus and disk.place}
    prefix = _PREFIXES.get(bus, "sd")
    number = 0
    while (name := prefix + _letters(number)) in targets or _place(bus, number) in places:
        number += 1
    return name


def _place(bus: str, number: int) -> tuple[int, int, int] | None:
    """Return the controller, bus and unit that libvirt derives from a name, where it does so."""
    if bus == "ide":
        return number // 4, number % 4 // 2, number % 2
    if bus == "sata":
        return number // 6, 0, number % 6
    return None


def _letters(number: int) -> str:
    """Count as Linux names disks: a … z, aa …"""
    letters = ""
    number += 1
    while number:
        number, digit = divmod(number - 1, 26)
        letters = chr(ord("a") + digit) + letters
    return letters


def _is_full(xml: DomainXml, bus: str) -> bool:
    return bus == "ide" and sum(disk.bus == "ide" for disk in xml.disks) >= _IDE_LIMIT


def _cdrom_bus(xml: DomainXml) -> str:
    if xml.arch not in ("x86_64", "i686"):
        return "scsi"
    is_i440fx = xml.machine == "pc" or xml.machine.startswith("pc-i440fx")
    return "ide" if is_i440fx and not _is_full(xml, "ide") else "sata"


def _add(xml: DomainXml, element: etree._Element) -> DiskDevice:
    devices = xml.root.find("devices")
    if devices is None:
        devices = etree.Element("devices")
        xml_tree.insert(xml.root, devices)
    earlier = [devices.index(child) for child in devices if child.tag in ("emulator", "disk")]
    xml_tree.insert(devices, element, max(earlier, default=-1) + 1)
    return DiskDevice(element)
