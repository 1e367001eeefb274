"""What becomes of the disks of a machine that goes to another host while it runs."""

import enum
from dataclasses import dataclass
from pathlib import Path

import libvirt
from lxml import etree

from vmdesk.core import formatting
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.storage import pools, volumes

_COPIED_FORMATS = frozenset({"raw", "qcow2"})

_SHARED_POOLS = frozenset(
    {"netfs", "gluster", "rbd", "iscsi", "iscsi-direct", "sheepdog", "vstorage"}
)
"""Kinds of pools that two hosts can see at once."""


class Storage(enum.Enum):
    """Whether both hosts see the same disks. ``AUTO`` copies those that aren't known to be."""

    AUTO = "auto"
    SHARED = "shared"
    COPIED = "copied"


@dataclass(frozen=True, slots=True)
class CopiedDisk:
    """A disk that is copied while the machine runs; ``there`` is its path on the other host."""

    target: str
    here: Path
    there: Path


@dataclass(frozen=True, slots=True)
class StoragePlan:
    """The disks that are copied, and the name of the pool that takes the copies."""

    copied: tuple[CopiedDisk, ...] = ()
    pool: str = ""

    @property
    def targets(self) -> list[str]:
        """The disks that are copied by their names in the guest's description, such as ``vda``."""
        return [disk.target for disk in self.copied]


def plan(
    source: Host, target: Host, domain: libvirt.virDomain, storage: Storage, pool: str, job: Job
) -> StoragePlan:
    """Decide for each disk; raises ``OperationError`` for one that can't be shared or copied."""
    with translated():
        xml = DomainXml.parse(domain.XMLDesc(libvirt.VIR_DOMAIN_XML_SECURE))
    local = [
        disk
        for disk in xml.disks
        if _is_written(disk) and not _is_shared(source, target, disk, storage)
    ]
    if not local:
        return StoragePlan()
    paths = [_copyable(disk) for disk in local]
    with translated():
        needed = sum(domain.blockInfo(disk.target)[1] for disk in local)
    chosen = pools.choose(target, pool, job)
    if chosen.free < needed:
        raise OperationError(
            _("There is not enough room: {needed} are needed, {free} are free.").format(
                needed=formatting.size(needed), free=formatting.size(chosen.free)
            ),
            _("Make room in the storage pool “{pool}” there.").format(pool=chosen.name),
        )
    copied: list[CopiedDisk] = []
    for disk, path in zip(local, paths, strict=True):
        taken = {other.there.name for other in copied}
        name = volumes.free_name(target, chosen.name, path.name, taken)
        copied.append(CopiedDisk(disk.target, path, chosen.path / name))
    return StoragePlan(tuple(copied), chosen.name)


def take_back(target: Host, found: StoragePlan) -> None:
    """Delete what was copied; nobody uses it."""
    if found.copied:
        pools.start(target, found.pool)  # libvirt may not know of them yet
    for disk in found.copied:
        volume = volumes.named(target, found.pool, disk.there.name)
        if volume is not None:
            volumes.delete(volume)


def pointed_to_copies(text: str, found: StoragePlan) -> str:
    """Return a description in which the copied disks are where they will be."""
    xml = DomainXml.parse(text)
    copies = {disk.target: disk.there for disk in found.copied}
    for disk in xml.disks:
        if disk.target in copies:
            disk.insert_file(copies[disk.target])
            for mirror in disk.element.findall("mirror"):
                disk.element.remove(mirror)
    return xml.text


def describe(found: StoragePlan) -> tuple[str, ...]:
    """Say what the user should know of the copies."""
    return tuple(
        _("The disk {target} is copied to {path} there; the one here, {old}, stays.").format(
            target=disk.target, path=disk.there, old=disk.here
        )
        for disk in found.copied
    )


def _is_written(disk: DiskDevice) -> bool:
    return disk.device in {"disk", "lun"} and not disk.readonly


def _copyable(disk: DiskDevice) -> Path:
    if disk.path is None or disk.device == "lun" or disk.format not in _COPIED_FORMATS:
        raise OperationError(
            _("The disk {target} can’t be copied while the machine runs.").format(
                target=disk.target
            ),
            _("Keep it where both computers can reach it, or shut the machine down and move it."),
        )
    if disk.element.find(".//encryption") is not None:
        raise OperationError(
            _("The disk {path} is encrypted.").format(path=disk.path),
            _("Its key is not on the other computer."),
        )
    return disk.path


def _is_shared(source: Host, target: Host, disk: DiskDevice, storage: Storage) -> bool:
    if storage is not Storage.AUTO:
        return storage is Storage.SHARED
    if disk.network:
        return True
    here, there = _pool_source(source, disk), _pool_source(target, disk)
    return here is not None and here == there


def _pool_source(host: Host, disk: DiskDevice) -> bytes | None:
    """Return what the pool of a disk is made of, if it is of a kind that hosts can share."""
    volume = volumes.behind(host, disk)
    if volume is None:
        return None
    with translated():
        root = etree.fromstring(volume.storagePoolLookupByVolume().XMLDesc())
    element = root.find("source")
    if root.get("type") not in _SHARED_POOLS or element is None:
        return None
    return etree.tostring(element, with_tail=False)
