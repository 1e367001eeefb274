"""What this host offers to a new machine: accelerator, emulator, display, memory, CPUs."""

import os
from dataclasses import dataclass
from urllib.parse import urlsplit

import libvirt
from lxml import etree

from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.libvirt_errors import translated

MACHINE = "q35"

# Which of them depends on whether the accelerator, the emulator or the whole driver lacks it.
_NOT_HERE = {
    libvirt.VIR_ERR_INVALID_ARG,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_NO_SUPPORT,
}


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What the host offers. ``memory`` is in bytes, ``cpus`` counts the host's processors."""

    arch: str
    emulator: str
    machine: str
    memory: int
    cpus: int
    max_vcpus: int
    has_kvm: bool
    has_spice: bool
    has_usb_redirection: bool
    has_channel_spicevmc: bool
    has_rng: bool
    has_efi: bool
    is_session: bool


def read(host: Host) -> Capabilities:
    """Ask libvirt what the host offers. libvirt caches the answer, the first one takes seconds.

    Raises ``OperationError`` where there is no emulator for this host's processor.
    """
    connection = host.connection
    arch = os.uname().machine
    with translated():
        model, memory_mib, cpus, *_rest = connection.getInfo()
        arch = model if model in ("x86_64", "aarch64") else arch
        kvm = _domain_capabilities(connection, arch, "kvm")
        tree = kvm if kvm is not None else _domain_capabilities(connection, arch, "qemu")
    if tree is None:
        raise OperationError(
            _("There is no emulator for {arch} machines on this computer.").format(arch=arch),
            _("Install the package qemu-system-x86 (Debian, Ubuntu) or qemu-kvm (Fedora)."),
        )
    return Capabilities(
        arch=arch,
        emulator=tree.findtext("path", ""),
        machine=MACHINE,
        memory=memory_mib * MIB,
        cpus=cpus,
        max_vcpus=int(tree.xpath("number(vcpu/@max)") or 1),
        has_kvm=kvm is not None,
        has_spice=_lists(tree, "devices/graphics", "type", "spice"),
        has_usb_redirection=_lists(tree, "devices/redirdev", "bus", "usb"),
        has_channel_spicevmc=_lists(tree, "devices/channel", "type", "spicevmc"),
        has_rng=_lists(tree, "devices/rng", "model", "virtio"),
        has_efi=_lists(tree, "os", "firmware", "efi"),
        is_session=urlsplit(connection.getURI()).path == "/session",
    )


def _domain_capabilities(
    connection: libvirt.virConnect, arch: str, virt_type: str
) -> etree._Element | None:
    """Return the parsed answer; ``None`` where the host can't run domains of this type.

    /dev/kvm may exist and still not work: libvirt knows, and raises.
    """
    try:
        text = connection.getDomainCapabilities(None, arch, MACHINE, virt_type)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _NOT_HERE:
            return None
        raise
    return etree.fromstring(text)


def _lists(tree: etree._Element, path: str, enum: str, value: str) -> bool:
    element = tree.find(path)
    if element is None or element.get("supported") != "yes":
        return False
    values = element.findall(f"enum[@name='{enum}']/value")
    return any(found.text == value for found in values)
