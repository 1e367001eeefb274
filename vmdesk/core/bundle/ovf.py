"""Put what an OVF says of a machine into a libvirt description, as untrusted as the OVF itself.

An OVA, as VirtualBox and VMware export machines, is a plain tar with an OVF as its first member.
"""

# Open Virtualization Format Specification, DSP0243 of the DMTF, versions 1.1.1 and 2.1.1.
# The numbers of kinds of devices are CIM_ResourceAllocationSettingData.ResourceType's.

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote

from lxml import etree
from lxml.builder import E

from vmdesk.core.bundle import layout, untrusted_xml
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.i18n import _

MAX_DISKS = 24
"""As many letters of the alphabet as a drive for discs leaves."""

_CPU, _MEMORY, _NETWORK, _FLOPPY, _DISC, _DVD, _DISK = "3", "4", "10", "14", "15", "16", "17"

_CARDS = {"e1000": "e1000", "vmxnet3": "vmxnet3", "pcnet32": "pcnet", "virtio": "virtio"}
_CARD = "e1000e"
"""For what is not told or not known: guests of VirtualBox and VMware have its driver."""

_UNITS = {"kilobytes": 10, "kb": 10, "megabytes": 20, "mb": 20, "gigabytes": 30, "gb": 30}
_POWER = re.compile(r"byte\s*\*\s*2\^(\d\d)")
_CHECKSUM = re.compile(r"^SHA256\s?\(([^)\n]{1,255})\)\s?=\s?([0-9a-fA-F]{64})\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Translated:
    """A description for ``untrusted_xml``, and what of the OVF no machine here can have."""

    description: bytes
    dropped: tuple[Dropped, ...]


def translate(data: bytes) -> Translated:
    """Read an OVF from outside; raises ``OperationError`` for what is none of one machine."""
    envelope = untrusted_xml.parse(data)
    systems = _all(envelope, "VirtualSystem")
    if len(systems) != 1:
        raise layout.bad(_("The OVA does not hold exactly one machine."))
    (system,) = systems
    items = _items(system, _configuration(envelope))
    files, dropped = _disk_files(envelope, _of_kind(items, _DISK))
    dropped += [
        Dropped(_shown(item), _("machines are made without floppy drives"))
        for item in _of_kind(items, _FLOPPY)
    ]
    devices = E.devices(E.controller(type="usb", model="qemu-xhci"))
    devices.extend(_drive("disk", number, file) for number, file in enumerate(files))
    if _of_kind(items, _DISC, _DVD):
        devices.append(_drive("cdrom", len(files), ""))
    for item in _of_kind(items, _NETWORK):
        card = _CARDS.get(_text(item, "ResourceSubType").lower(), _CARD)
        devices.append(E.interface(E.model(type=card), type="user"))
    devices.append(E.input(type="tablet", bus="usb"))
    devices.append(E.graphics(type="spice"))
    devices.append(E.video(E.model(type="vga")))
    domain = _domain(system, _count(_of_kind(items, _CPU)), _kib(_of_kind(items, _MEMORY)))
    domain.append(devices)
    return Translated(etree.tostring(domain), tuple(dropped))


def checksums(data: bytes) -> dict[str, str]:
    """Read the manifest of an OVA: the SHA-256 of its members, by their names.

    An older one has SHA-1, which proves nothing: it is passed over.
    """
    text = data.decode("utf-8", errors="replace")
    return {found[1]: found[2].lower() for found in _CHECKSUM.finditer(text)}


def _domain(system: etree._Element, cpus: str, kib: str) -> etree._Element:
    name = layout.printable(_text(system, "Name") or _attribute(system, "id")).replace("/", "_")
    firmware = {"firmware": "efi"} if _is_uefi(system) else {}
    note = next((_text(part, "Annotation") for part in _all(system, "AnnotationSection")), "")
    return E.domain(
        E.name(name[: layout.SHOWN] or "machine"),
        E.description(note),
        E.memory(kib, unit="KiB"),
        E.vcpu(cpus),
        E.os(E.type("hvm", arch="x86_64", machine="q35"), firmware),
        E.features(E.acpi(), E.apic()),
        E.cpu(mode="host-passthrough"),
        E.clock(offset="localtime" if _is_windows(system) else "utc"),
        type="kvm",
    )


def _drive(device: str, number: int, file: str) -> etree._Element:
    drive = E.disk(E.target(dev=f"sd{chr(ord('a') + number)}", bus="sata"), device=device)
    if file:
        drive.append(E.source(file=file))
    return drive


def _disk_files(
    envelope: etree._Element, items: list[etree._Element]
) -> tuple[list[str], list[Dropped]]:
    """Return the members that hold the disks' images, in the order in which they are attached."""
    disks = {_attribute(disk, "diskId"): disk for disk in _all(envelope, "Disk")}
    files = {_attribute(file, "id"): file for file in _all(envelope, "File")}
    found, dropped = [], []
    for item in items:
        place = _text(item, "HostResource").removeprefix("ovf:").strip("/")
        kind, _slash, key = place.partition("/")
        disk = disks.get(key) if kind == "disk" else None
        if disk is not None and _attribute(disk, "parentRef"):
            raise layout.bad(
                _("The disk image is based on another file, which it does not bring along.")
            )
        file = files.get(key if disk is None else _attribute(disk, "fileRef"))
        if file is None:
            dropped.append(Dropped(_shown(item), _("its image is not in the bundle")))
            continue
        if _attribute(file, "chunkSize") or _attribute(file, "compression") not in {"", "identity"}:
            raise layout.bad(_("The disks of the OVA are packed in a way that is not known here."))
        name = unquote(_attribute(file, "href")).rpartition("/")[2]
        found.append(layout.printable(name))
    if len(found) > MAX_DISKS:
        raise layout.bad(_("The description of the machine is too large."))
    return found, dropped


def _count(items: list[etree._Element]) -> str:
    return next((_text(item, "VirtualQuantity") for item in items), "") or "1"


def _kib(items: list[etree._Element]) -> str:
    if not items:
        return ""  # which is no number, so that it is missed
    number, unit = _text(items[0], "VirtualQuantity"), _text(items[0], "AllocationUnits").lower()
    power = _POWER.fullmatch(unit)
    shift = int(power[1]) if power is not None else _UNITS.get(unit, 20)
    is_number = number.isascii() and number.isdigit() and len(number) <= layout.MAX_DIGITS
    return str((int(number) << shift) >> 10) if is_number else number


def _is_uefi(system: etree._Element) -> bool:
    return any(
        (_attribute(one, "key"), _attribute(one, "value").lower()) == ("firmware", "efi")
        for one in _all(system, "Config")  # VMware
    ) or any(
        _attribute(one, "type").lower().startswith("efi")
        for one in _all(system, "Firmware")  # VirtualBox
    )


def _is_windows(system: etree._Element) -> bool:
    return any(
        "windows" in f"{_text(one, 'Description')} {_attribute(one, 'osType')}".lower()
        for one in _all(system, "OperatingSystemSection")
    )


def _configuration(envelope: etree._Element) -> str:
    """Return which of the offered sizes of the machine is meant for whoever does not choose."""
    offered = _all(envelope, "Configuration")
    default = [one for one in offered if _attribute(one, "default") in {"true", "1"}]
    return next((_attribute(one, "id") for one in (*default, *offered)), "")


def _items(system: etree._Element, configuration: str) -> list[etree._Element]:
    """Return the parts of the machine, but for bounds of values and other configurations."""
    return [
        item
        for section in _all(system, "VirtualHardwareSection")[:1]
        for item in section
        if _name(item) in {"Item", "StorageItem", "EthernetPortItem"}
        and not _attribute(item, "bound")
        and configuration in (_attribute(item, "configuration").split() or [configuration])
    ]


def _of_kind(items: list[etree._Element], *kinds: str) -> list[etree._Element]:
    return [item for item in items if _text(item, "ResourceType") in kinds]


def _shown(item: etree._Element) -> str:
    return layout.printable(_text(item, "ElementName"))[: layout.SHOWN]


# The namespaces differ from version to version and from maker to maker; the names don't.


def _name(element: etree._Element) -> str:
    return etree.QName(element).localname


def _all(element: etree._Element, name: str) -> list[etree._Element]:
    return [one for one in element.iterdescendants() if _name(one) == name]


def _text(element: etree._Element, name: str) -> str:
    """Return the text of the first child of that name."""
    texts: Iterator[str] = (one.text or "" for one in element if _name(one) == name)
    return next(texts, "").strip()


def _attribute(element: etree._Element, name: str) -> str:
    return next((v for k, v in element.items() if etree.QName(k).localname == name), "").strip()
