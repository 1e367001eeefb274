"""Grow a disk of a machine, running or off; never shrink one."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core.domain import drives
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations.definition import Definition
from vmdesk.core.storage import images
from vmdesk.core.storage.images import POSIX_BLOCK, Image
from vmdesk.core.storage.keeping import Users


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
        used = path.stat().st_blocks * POSIX_BLOCK
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
        qemu_img.refuse_less(present, size)
        if size > present:
            domain.blockResize(target, size, libvirt.VIR_DOMAIN_BLOCK_RESIZE_BYTES)
    return present


def _grow_stored(host: Host, uuid: str, disk: DiskDevice, size: int, job: Job) -> int:
    image = images.behind(host, disk, os.R_OK | os.W_OK)
    if image is None:
        raise OperationError(
            _("This disk can’t be grown from here."),
            _("It is no image that libvirt could reach. Grow it where it is kept."),
        )
    _require_unused(host, uuid, image, job)
    present = image.virtual_size(job)
    image.resize(size, job)
    return present


def _require_unused(host: Host, uuid: str, image: Image, job: Job) -> None:
    """Never let qemu-img near an image that QEMU may have open."""
    owner = Users(host, uuid, job).of(image)
    if owner is not None:
        raise OperationError(
            _("“{name}” uses this disk too.").format(name=owner),
            _("Remove it there first."),
            cause=Cause.WRONG_STATE,
        )
