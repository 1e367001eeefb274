"""What this host offers to a new machine: accelerator, emulator, display, memory, CPUs."""

import os
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import libvirt
from lxml import etree

from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.libvirt_errors import translated

MACHINE = "q35"

_DEFAULT_NETWORK = "default"
"""The network that libvirt brings along."""

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
    network: str = field(default="", kw_only=True)
    """The network that a new machine is plugged into; empty for one of its own (user mode)."""


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
        is_session = urlsplit(connection.getURI()).path == "/session"
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
        is_session=is_session,
        network="" if is_session else _network(connection),
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


def _network(connection: libvirt.virConnect) -> str:
    """Return the network of everybody, running or not, else the first that runs."""
    try:
        networks = {network.name(): network.isActive() for network in connection.listAllNetworks()}
    except libvirt.libvirtError:
        return ""  # no network driver here
    if _DEFAULT_NETWORK in networks:
        return _DEFAULT_NETWORK
    return min((name for name, is_active in networks.items() if is_active), default="")


def _lists(tree: etree._Element, path: str, enum: str, value: str) -> bool:
    element = tree.find(path)
    if element is None or element.get("supported") != "yes":
        return False
    values = element.findall(f"enum[@name='{enum}']/value")
    return any(found.text == value for found in values)
