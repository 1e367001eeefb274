"""What this host offers to a machine that comes from another one."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import libvirt
from lxml import etree

from vmdesk.core import capabilities
from vmdesk.core.bundle import layout
from vmdesk.core.capabilities import Capabilities
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.libvirt_errors import translated

_FAMILIES = (("pc-q35", "q35"), ("pc", "pc"), ("virt", "virt"), ("pseries", "pseries"))
"""How the names of a family of machine types start, and its name for the newest of them."""


@dataclass(frozen=True, slots=True)
class Facts:
    """The host, seen by a guest of one architecture.

    ``machines`` maps each machine type to the one that it stands for (mostly itself).
    """

    offer: Capabilities
    arch: str
    emulator: str
    machines: Mapping[str, str]
    has_kvm: bool
    has_tpm: bool
    videos: frozenset[str]
    networks: frozenset[str]

    def newest_of_family(self, machine: str) -> str | None:
        """Return the newest machine type here of the same family, or None without a family."""
        for start, newest in _FAMILIES:
            if machine.startswith((start, newest)):
                return self.machines.get(newest)
        return None


def read(host: Host, arch: str) -> Facts:
    """Ask libvirt about the host; raises ``OperationError`` if it can't run this architecture."""
    offer = capabilities.read(host)
    connection = host.connection
    has_kvm = offer.has_kvm and arch == offer.arch
    with translated():
        machines = _machines(connection, arch)
        if not machines:
            raise layout.bad(
                _("The machine has a processor of the kind {arch}; no emulator here has.").format(
                    arch=arch
                ),
                _("Install the package of QEMU for {arch} and try again.").format(arch=arch),
            )
        domain_type = "kvm" if has_kvm else "qemu"
        tree = etree.fromstring(connection.getDomainCapabilities(None, arch, None, domain_type))
        networks = connection.listAllNetworks() if not offer.is_session else []
        names = frozenset(network.name() for network in networks)
    return Facts(
        offer=offer,
        arch=arch,
        emulator=tree.findtext("path", ""),
        machines=MappingProxyType(machines),
        has_kvm=has_kvm,
        has_tpm="emulator" in _values(tree, "devices/tpm/enum[@name='backendModel']"),
        videos=frozenset(_values(tree, "devices/video/enum[@name='modelType']")),
        networks=names,
    )


def _machines(connection: libvirt.virConnect, arch: str) -> dict[str, str]:
    tree = etree.fromstring(connection.getCapabilities())
    machines: dict[str, str] = {}
    for guest in tree.iterfind("guest"):
        if guest.findtext("os_type") != "hvm":
            continue
        for found in guest.iterfind("arch"):
            if found.get("name") == arch:
                for machine in found.iterfind("machine"):
                    name = machine.text or ""
                    machines[name] = machine.get("canonical", name)
    return machines


def _values(tree: etree._Element, path: str) -> list[str]:
    return [value.text or "" for value in tree.iterfind(f"{path}/value")]
