"""Fit a rebuilt description to this host, and say what was changed."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lxml import etree
from lxml.builder import E

from vmdesk.core import formatting
from vmdesk.core.bundle import layout
from vmdesk.core.bundle.host import Facts
from vmdesk.core.bundle.untrusted_xml import Rebuilt
from vmdesk.core.domain.xml import read_kib, write_kib
from vmdesk.core.formatting import KIB
from vmdesk.core.i18n import _

DEFAULT_FAMILY = "q35"


@dataclass(frozen=True, slots=True)
class Disk:
    """The image that a disk of the machine gets; always read as ``format``."""

    path: Path
    format: str


def mend(rebuilt: Rebuilt, facts: Facts) -> tuple[str, ...]:
    """Change the description where this host is different; return each change in words.

    Raises ``OperationError`` where no change can help.
    """
    root = rebuilt.root
    changed: list[str] = []
    _mend_machine(root, facts, changed)
    _mend_accelerator(root, facts, changed)
    _mend_size(root, facts, changed)
    _mend_firmware(rebuilt, facts)
    _mend_display(root, facts, changed)
    _mend_interfaces(root, facts, changed)
    _mend_tpm(root, facts, changed)
    _empty_drives(rebuilt, changed)
    return tuple(changed)


def attach(root: etree._Element, disks: Mapping[str, Disk], nvram: Path | None) -> None:
    """Give the disks their images; a disk that has none is removed."""
    for element in list(root.iterfind("devices/disk")):
        target = element.find("target")
        image = None if target is None else disks.get(target.get("dev", ""))
        element.set("type", "file")
        if element.get("device") == "disk" and image is None:
            _remove(element)
        elif image is not None:
            driver = element.find("driver")
            if driver is None:
                driver = E.driver()
                element.insert(0, driver)
            driver.set("name", "qemu")
            driver.set("type", image.format)
            # The empty backing store keeps libvirt from looking into the image for one.
            element.insert(1, E.source(file=str(image.path)))
            element.insert(2, E.backingStore())
        elif element.get("device") == "cdrom":
            element.append(E.readonly())
    os_element = root.find("os")
    if nvram is not None and os_element is not None:
        os_element.append(E.nvram(str(nvram)))


def identify(root: etree._Element, name: str, uuid: str, *, keeps_macs: bool) -> None:
    """Give the machine its name and UUID, and new MAC addresses unless it keeps them."""
    name_element = root.find("name")
    if name_element is not None:
        name_element.text = name
        name_element.addnext(E.uuid(uuid))
    if not keeps_macs:
        for mac in list(root.iterfind("devices/interface/mac")):
            _remove(mac)


def _mend_machine(root: etree._Element, facts: Facts, changed: list[str]) -> None:
    element = root.findall("os/type")[0]  # without one it would not have been rebuilt
    machine = element.get("machine", "")
    devices = root.find("devices")
    if devices is not None:
        devices.insert(0, E.emulator(facts.emulator))
    if machine in facts.machines:
        return
    newest = facts.newest_of_family(machine or DEFAULT_FAMILY)
    if newest is None:
        raise layout.bad(
            _("Machines of the type {machine} can’t run here.").format(machine=machine),
            _("A newer QEMU may know this type."),
        )
    element.set("machine", newest)
    if machine:
        changed.append(
            _("The machine type {old} is not known here; it becomes {new}.").format(
                old=machine, new=newest
            )
        )


def _mend_accelerator(root: etree._Element, facts: Facts, changed: list[str]) -> None:
    if facts.has_kvm and root.get("type") in {"kvm", "hvf"}:
        root.set("type", "kvm")
        return
    if root.get("type") != "qemu":
        root.set("type", "qemu")
        changed.append(_("There is no KVM here; the machine will be emulated, which is slower."))
    # A CPU model needs what the emulation may not have.
    cpu = root.find("cpu")
    if cpu is not None and root.get("type") == "qemu":
        for key in ("match", "check", "migratable"):
            cpu.attrib.pop(key, None)
        cpu.set("mode", "maximum")
        for child in list(cpu):
            if child.tag in {"model", "vendor", "feature", "cache"}:
                cpu.remove(child)
    for name in ("features/hyperv", "features/kvm"):
        element = root.find(name)
        if element is not None:
            _remove(element)


def _mend_size(root: etree._Element, facts: Facts, changed: list[str]) -> None:
    memory = root.find("memory")
    if read_kib(memory) * KIB > facts.offer.memory:
        most = facts.offer.memory // KIB // 1024 * 1024
        changed.append(
            _("The machine has {old} of memory; it becomes {new}, all that there is here.").format(
                old=formatting.memory(read_kib(memory)), new=formatting.memory(most)
            )
        )
        write_kib(memory, most)
        current = root.find("currentMemory")
        if current is not None:
            _remove(current)
    vcpu = root.find("vcpu")
    if vcpu is not None and int(vcpu.text or 1) > facts.offer.max_vcpus:
        changed.append(
            _("The machine has {old}; it becomes {new}.").format(
                old=formatting.cpus(int(vcpu.text or 1)), new=formatting.cpus(facts.offer.cpus)
            )
        )
        vcpu.text = str(facts.offer.cpus)
        vcpu.attrib.pop("current", None)
        for element in root.findall("cpu/topology"):
            _remove(element)


def _mend_firmware(rebuilt: Rebuilt, facts: Facts) -> None:
    if not rebuilt.is_uefi:
        return
    if facts.arch == facts.offer.arch and not facts.offer.has_efi:
        raise layout.bad(
            _("The machine needs UEFI firmware, which is not installed here."),
            _("Install the package ovmf (Debian, Ubuntu) or edk2-ovmf (Fedora) and try again."),
        )
    os_element = rebuilt.root.find("os")
    if os_element is not None:
        os_element.set("firmware", "efi")
        if rebuilt.is_secure and os_element.find("firmware") is None:
            os_element.append(E.loader(secure="yes"))


def _mend_display(root: etree._Element, facts: Facts, changed: list[str]) -> None:
    is_moved = False
    for graphics in root.iterfind("devices/graphics"):
        if graphics.get("type") == "spice" and not facts.offer.has_spice:
            graphics.set("type", "vnc")
            is_moved = True
        graphics.set("autoport", "yes")
        graphics.append(E.listen(type="address", address="127.0.0.1"))
    if is_moved:
        changed.append(_("There is no SPICE here; the display becomes VNC."))
    displays = root.findall("devices/graphics")
    for second in displays[1:]:
        if second.get("type") == displays[0].get("type"):
            _remove(second)
    has_spice = root.find("devices/graphics[@type='spice']") is not None
    if not has_spice:
        for element in root.xpath("devices/*[self::redirdev or self::channel][@type='spicevmc']"):
            _remove(element)
    for model in root.iterfind("devices/video/model"):
        if model.get("type") not in facts.videos:
            changed.append(
                _("The graphics card {old} is not known here; it becomes {new}.").format(
                    old=model.get("type"), new="virtio"
                )
            )
            model.attrib.clear()
            model.set("type", "virtio")


def _mend_interfaces(root: etree._Element, facts: Facts, changed: list[str]) -> None:
    for interface in root.iterfind("devices/interface"):
        source = interface.find("source")
        network = "" if source is None else source.get("network", "")
        if interface.get("type") == "network" and network in facts.networks:
            continue
        if source is not None:
            _remove(source)
        if interface.get("type") != "user":
            interface.set("type", "user")
            named = _("The network {name} is not here").format(name=layout.printable(network))
            what = named if network else _("The old computer’s network is not here")
            changed.append(
                _("{what}; the machine goes through this computer’s own connection.").format(
                    what=what
                )
            )


def _mend_tpm(root: etree._Element, facts: Facts, changed: list[str]) -> None:
    for tpm in list(root.iterfind("devices/tpm")):
        if not facts.has_tpm or tpm.find("backend") is None:
            _remove(tpm)
            changed.append(
                _("The machine’s TPM is left out: swtpm, which emulates it, is not installed here.")
            )


def _empty_drives(rebuilt: Rebuilt, changed: list[str]) -> None:
    for disk in rebuilt.disks:
        if disk.device != "disk" and disk.source_name:
            shown = re.sub(r"[^\w .()+-]", "?", disk.source_name)[: layout.SHOWN]
            changed.append(
                _("The disc {name} is not in the bundle; the drive {target} is empty.").format(
                    name=shown, target=disk.target
                )
            )


def _remove(element: etree._Element) -> None:
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)
