"""Grow a disk of a machine, running or off; never shrink one."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core import disk_users, formatting
from vmdesk.core.domain import drives
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations.definition import Definition

_POSIX_BLOCK = 512
"""Bytes in the unit of ``st_blocks``."""


@dataclass(frozen=True, slots=True)
class Grown:
    """What became of a disk's size, in bytes."""

    target: str
    before: int
    after: int


def room_missing(path: Path, size: int) -> int:
    """Return how many bytes the file system lacks if a disk of ``size`` bytes fills up.

    0 where it has them. A disk that grows takes no room at once, so this is worth a warning.
    """
    try:
        used = path.stat().st_blocks * _POSIX_BLOCK
        free = shutil.disk_usage(path.parent).free
    except OSError:
        return 0  # not ours to see, so nothing can be said
    return max(0, size - used - free)


def grow(host: Host, uuid: str, target: str, size: int, job: Job) -> Grown:
    """Give the disk ``target`` a virtual size of ``size`` bytes, rounded up to a sector.

    The guest sees it at once; its partitions and file systems are its own business. Raises
    ``OperationError``: invalid value for less than the disk has, wrong state for a machine that
    is saved or whose disk another one uses, invalid value for a target that is not there.
    """
    job.report(0, 0, _("Growing the disk {target}").format(target=target))
    wanted = -(-size // qemu_img.SECTOR) * qemu_img.SECTOR
    found = Definition(host, uuid)
    running = found.running()
    live = [disk for disk in running.disks if disk.target == target] if running else []
    disk = live[0] if live else drives.drive(found.edited(), target)
    if disk.device != "disk" or disk.readonly:
        raise OperationError(
            _("“{target}” is no disk that the machine writes to.").format(target=target),
            cause=Cause.INVALID_VALUE,
        )
    if live:
        before = _grow_live(found.domain, target, wanted)
    else:
        if not found.is_active:
            found.require_off("")
        before = _grow_stored(host, uuid, disk, wanted, job)
    return Grown(target, before, wanted)


def _grow_live(domain: libvirt.virDomain, target: str, size: int) -> int:
    with translated():
        present = int(domain.blockInfo(target)[0])
        # libvirt itself would shrink the disk of a running guest without a word.
        refuse_less(present, size)
        if size > present:
            domain.blockResize(target, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
    return present


def _grow_stored(host: Host, uuid: str, disk: DiskDevice, size: int, job: Job) -> int:
    is_here = disk.type == "file" and disk_users.are_here(host)
    if disk.path is not None and is_here and os.access(disk.path, os.W_OK):
        _require_unused(host, uuid, disk.path, job)
        image_format = disk.format or "raw"
        present = qemu_img.info(disk.path, image_format, job).virtual_size
        qemu_img.resize(disk.path, image_format, size, job)
        return present
    volume = _volume(host, disk)
    if volume is None:
        raise OperationError(
            _("This disk can't be grown from here."),
            _("It is not a file that you may write to. Grow it where it is kept."),
        )
    with translated():
        present = int(volume.info()[1])
        refuse_less(present, size)
        if size > present:
            volume.resize(size)
    return present


def _require_unused(host: Host, uuid: str, path: Path, job: Job) -> None:
    """Never let qemu-img near an image that QEMU may have open."""
    owner = disk_users.files_of_others(host, uuid, job).get(disk_users.file_id(path.stat()))
    if owner is not None:
        raise OperationError(
            _("“{name}” uses this disk too.").format(name=owner),
            _("Remove it there first."),
            cause=Cause.WRONG_STATE,
        )


def _volume(host: Host, disk: DiskDevice) -> libvirt.virStorageVol | None:
    """Return the volume of a libvirt pool behind a disk: libvirt may write where we may not."""
    try:
        if disk.volume is not None:
            pool, name = disk.volume
            return host.connection.storagePoolLookupByName(pool).storageVolLookupByName(name)
        return host.connection.storageVolLookupByPath(str(disk.path)) if disk.path else None
    except libvirt.libvirtError:
        return None


def refuse_less(present: int, wanted: int) -> None:
    """Raise ``OperationError`` (invalid value) for fewer bytes than the disk has."""
    if wanted < present:
        raise OperationError(
            _("The disk has {present}; it can't be made smaller.").format(
                present=formatting.size(present)
            ),
            _("Choose {present} or more. Shrinking would destroy data.").format(
                present=formatting.size(present)
            ),
            cause=Cause.INVALID_VALUE,
        )
