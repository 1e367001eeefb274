"""Everything that a dialog of properties shows of one machine, in one snapshot."""

import shutil
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core import disk_users
from vmdesk.core.domain import wiring
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import changes, modify
from vmdesk.core.operations.changes import Bounds, Field, Network
from vmdesk.core.operations.definition import Definition
from vmdesk.core.storage.images import POSIX_BLOCK


@dataclass(frozen=True, slots=True)
class Sizes:
    """Memory in KiB and CPUs: what there is now, and the most without a new start."""

    memory_kib: int
    maximum_kib: int
    vcpus: int
    maximum_vcpus: int


@dataclass(frozen=True, slots=True)
class DiskState:
    """A disk or CD-ROM drive; sizes in bytes, ``None`` where they can't be told.

    ``source`` is to be read: a path, a volume or an address; empty for an empty drive. ``used``
    is the room taken on the file system, ``free`` what the file system has left.
    """

    target: str
    bus: str
    is_cdrom: bool
    source: str
    path: Path | None
    format: str
    virtual_size: int | None
    used: int | None
    free: int | None


@dataclass(frozen=True, slots=True)
class Properties:
    """A machine's settings as they are stored; ``running`` has the sizes of a running one.

    ``base`` goes into ``Changes.base``: a change is refused if it is outdated by then. ``pending``
    has the fields that differ from what runs. ``networks`` has the cards, ``host_networks`` the
    names of the virtual networks that this host offers.
    """

    uuid: str
    base: str
    name: str
    title: str
    description: str
    autostart: bool
    uses_kvm: bool
    is_active: bool
    is_saved: bool
    stored: Sizes
    running: Sizes | None
    bounds: Bounds
    display: str
    disks: tuple[DiskState, ...]
    networks: tuple[Network, ...]
    host_networks: tuple[str, ...]
    pending: frozenset[Field]


def read(host: Host, uuid: str) -> Properties:
    """Take the snapshot; raise ``OperationError`` if the machine is gone or temporary."""
    found = Definition(host, uuid)
    stored, running = found.edited(), found.running()
    shown = [graphics.type for graphics in stored.graphics]
    with translated():
        autostart = bool(found.domain.autostart())
        is_saved = bool(found.domain.hasManagedSaveImage())
    return Properties(
        uuid=uuid,
        base=found.text,
        name=stored.name,
        title=stored.title,
        description=stored.description,
        autostart=autostart,
        uses_kvm=stored.type == "kvm",
        is_active=found.is_active,
        is_saved=is_saved,
        stored=_sizes(stored),
        running=None if running is None else _sizes(running),
        bounds=changes.bounds(host),
        display=next((kind for kind in shown if kind in wiring.DISPLAYS), ""),
        disks=tuple(_disk(host, found.domain, disk) for disk in stored.disks),
        networks=tuple(
            Network(card.mac, card.type, card.source, card.model) for card in stored.interfaces
        ),
        host_networks=_host_networks(host),
        pending=modify.pending(host, uuid),
    )


def _sizes(xml: DomainXml) -> Sizes:
    return Sizes(xml.current_memory_kib, xml.memory_kib, xml.current_vcpus, xml.vcpus)


def _disk(host: Host, domain: libvirt.virDomain, disk: DiskDevice) -> DiskState:
    path = disk.path
    virtual_size = used = free = None
    if not disk.is_empty:
        try:
            virtual_size, used, _physical = domain.blockInfo(disk.target)
        except libvirt.libvirtError:
            virtual_size = None  # a missing image, or one that the running machine has not yet
    if path is not None and disk_users.are_here(host):
        try:
            used = path.stat().st_blocks * POSIX_BLOCK
            free = shutil.disk_usage(path.parent).free
        except OSError:
            free = None  # another user's file: libvirt's figure stands
    return DiskState(
        target=disk.target,
        bus=disk.bus,
        is_cdrom=disk.is_cdrom,
        source=str(path or disk.network or "/".join(disk.volume or ())),
        path=path,
        format=disk.format,
        virtual_size=virtual_size,
        used=used,
        free=free,
    )


def _host_networks(host: Host) -> tuple[str, ...]:
    try:
        return tuple(sorted(network.name() for network in host.connection.listAllNetworks()))
    except libvirt.libvirtError:
        return ()  # no network driver, as in a session without one
