"""Everything that the window tells of one domain beside its row."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import libvirt

from vmdesk.core import disk_users, formatting, kept_discs, uptime
from vmdesk.core.domain import xml as domain_xml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.storage import images

if TYPE_CHECKING:
    from vmdesk.core.domain.devices import DiskDevice
    from vmdesk.core.domain.xml import DomainXml


@dataclass(frozen=True, slots=True)
class DiskDetails:
    """One disk. Sizes in bytes, ``None`` where they can't be told; ``source`` is to be read."""

    target: str
    source: str
    path: Path | None
    virtual_size: int | None
    used: int | None
    pool: str = ""
    """The storage pool through which it is reached; empty for a file that this user can read."""


@dataclass(frozen=True, slots=True)
class DriveDetails:
    """One CD-ROM drive; ``disc`` is empty when no disc is in it.

    ``verification`` says for a disc of the library whether its checksum was compared.
    """

    target: str
    disc: str
    verification: str


@dataclass(frozen=True, slots=True)
class DomainDetails:
    """A snapshot of one domain's equipment."""

    uuid: str
    title: str
    note: str
    uses_kvm: bool
    disks: tuple[DiskDetails, ...]
    cdroms: tuple[DriveDetails, ...]
    network: str
    addresses: tuple[str, ...]
    uptime: float | None = None
    """Seconds since it was switched on, ``None`` where it is off or that isn't known."""
    later: tuple[str, ...] = ()
    """Memory and CPUs that it has from its next start, where they differ from what runs."""


def read(host: Host, uuid: str, library: Path) -> DomainDetails:
    """Describe the equipment of a domain; raise ``OperationError`` if it is gone.

    ``library`` is the folder of installation discs.
    """
    domain = host.domain(uuid)
    with translated():
        xml = domain_xml.DomainXml.parse(domain.XMLDesc())
        is_active = bool(domain.isActive())
        is_stored = is_active and domain.isPersistent()
        stored = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE) if is_stored else ""
    return DomainDetails(
        uuid=uuid,
        title=xml.title,
        note=xml.description,
        uses_kvm=xml.type == "kvm",
        disks=tuple(_disk(host, domain, disk) for disk in xml.disks if disk.device == "disk"),
        cdroms=_drives(xml, library),
        network=_network(xml),
        addresses=_addresses(domain) if is_active else (),
        uptime=uptime.seconds(uuid) if is_active and disk_users.are_here(host) else None,
        later=_later(xml, domain_xml.DomainXml.parse(stored)) if stored else (),
    )


def _later(running: DomainXml, stored: DomainXml) -> tuple[str, ...]:
    memory, cpus = stored.current_memory_kib, stored.current_vcpus
    words = []
    if memory != running.current_memory_kib:
        words.append(formatting.memory(memory))
    if cpus != running.current_vcpus:
        words.append(formatting.cpus(cpus))
    return tuple(words)


def _source(disk: DiskDevice) -> str:
    if disk.volume is not None:
        return "/".join(disk.volume)
    return str(disk.path) if disk.path is not None else disk.network


def _disk(host: Host, domain: libvirt.virDomain, disk: DiskDevice) -> DiskDetails:
    try:
        virtual_size, used, _physical = domain.blockInfo(disk.target)
    except libvirt.libvirtError:
        # A missing or unreadable image: the start says so, here its sizes just aren't known.
        virtual_size = used = None
    if disk.path is not None and disk_users.are_here(host):
        # Where it is another user's file, libvirt's figure stands.
        with contextlib.suppress(OSError):
            used = disk.path.stat().st_blocks * 512
    pool = images.pool_of(host, disk)
    return DiskDetails(disk.target, _source(disk), disk.path, virtual_size, used, pool)


def _drives(xml: DomainXml, library: Path) -> tuple[DriveDetails, ...]:
    inside = [(drive.target, _source(drive)) for drive in xml.cdroms]
    discs = kept_discs.in_library(library) if any(disc for _target, disc in inside) else []
    known = {str(iso.path): iso.description for iso in discs}
    return tuple(DriveDetails(target, disc, known.get(disc, "")) for target, disc in inside)


def _network(xml: DomainXml) -> str:
    if not xml.interfaces:
        return _("No network")
    interface = xml.interfaces[0]
    if interface.type == "user":
        return _("User network: reaches out, can’t be reached")
    return interface.source or interface.type


def _addresses(domain: libvirt.virDomain) -> tuple[str, ...]:
    """Return the guest's addresses from the first source that knows any."""
    for source in (
        libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_LEASE,
        libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_AGENT,
        libvirt.VIR_DOMAIN_INTERFACE_ADDRESSES_SRC_ARP,
    ):
        try:
            interfaces = domain.interfaceAddresses(source)
        except libvirt.libvirtError:
            continue  # no agent in the guest, or no such source in this driver
        found = [
            address["addr"]
            for name, interface in interfaces.items()
            for address in interface["addrs"] or ()
            if name != "lo"
        ]
        if found:
            return tuple(found)
    return ()
