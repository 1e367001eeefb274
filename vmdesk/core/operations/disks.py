"""Add disks to a machine and take them away, running or off."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core.domain import drives
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import header as image_header
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.lost_connection import is_lost_connection
from vmdesk.core.operations.definition import Definition
from vmdesk.core.storage import images, keeping, places, pools, volumes
from vmdesk.core.storage.images import FileImage, Image, VolumeImage, Way
from vmdesk.core.storage.keeping import Users
from vmdesk.core.storage.places import Place


@dataclass(frozen=True, slots=True)
class AddedDisk:
    """A disk that was added; ``is_now`` is false where it is there from the next start."""

    target: str
    path: Path
    is_now: bool


@dataclass(frozen=True, slots=True)
class RemovedDisk:
    """A disk that was removed.

    ``is_now`` is false where the running machine has not let go of it: then it is gone from the
    next start. ``deleted`` is the file that went with it; ``kept_because`` says why it did not.
    """

    target: str
    is_now: bool
    deleted: Path | None
    kept_because: str


def add_new(host: Host, uuid: str, folder: Path, size: int, job: Job, pool: str = "") -> AddedDisk:
    """Make an empty qcow2 disk of ``size`` bytes and add it.

    It is made in ``pool``, or else in the host's best one, or in ``folder``: see
    ``places.choose``. A failure or a cancel leaves nothing.
    """
    job.report(0, 0, _("Making the disk"))
    found = Definition(host, uuid)
    place = places.choose(host, folder, pool)
    image = place.create(_free_name(place, found.edited().name), size, job)
    return _attach_new(found, image, "qcow2")


def add_existing(host: Host, uuid: str, path: Path, job: Job) -> AddedDisk:
    """Add a disk image that is there already; its format is told by its content.

    ``path`` is one on the host. Where QEMU could not open a file of this user, a copy of it in
    the host's best pool is added. Raises ``OperationError``: bad input for one that is
    unreadable, damaged or refers to other files, wrong state for one that a machine uses already.
    """
    job.report(0, 0, _("Looking at {name}").format(name=path.name))
    found = Definition(host, uuid)
    image, image_format = _existing(host, path.absolute())
    user = Users(host, "", job).of(image)
    if user is not None:
        raise OperationError(
            _("“{name}” uses this disk already.").format(name=user),
            _("Two machines that write to one disk destroy what is on it. Use a copy."),
            cause=Cause.WRONG_STATE,
        )
    if image.way is Way.VOLUME or not pools.are_needed(host):
        return _attach(found, image.path, image_format)
    place = places.choose_pool(host, "")
    name = _free_name(place, found.edited().name)
    copy = place.receive(name, image.pieces(), image.path.stat().st_size, job)
    return _attach_new(found, copy, image_format)


def remove(host: Host, uuid: str, target: str, job: Job, delete_file: bool = False) -> RemovedDisk:
    """Take a disk out of a machine, and delete its file if that is wanted and harmless.

    The file stays where another machine, a snapshot or another disk needs it, and while the
    running machine has not let go of it. Raises ``OperationError`` (invalid value) for a target
    that the machine doesn't have.
    """
    job.report(0, 0, _("Removing the disk {target}").format(target=target))
    found = Definition(host, uuid)
    stored, running = found.edited(), found.running()
    live = (
        next((disk for disk in running.disks if disk.target == target), None) if running else None
    )
    is_stored = any(disk.target == target for disk in stored.disks)
    disk = live if live is not None and not is_stored else drives.drive(stored, target)
    if is_stored:
        drives.remove(stored, target)
        found.replace(stored)
    is_now = live is None or _detach_live(found, live)
    reason = ""
    if delete_file:
        reason = _delete(host, uuid, disk, job) if is_now else _("the machine still uses it")
    is_deleted = delete_file and not reason
    return RemovedDisk(target, is_now, disk.path if is_deleted else None, reason)


def _existing(host: Host, path: Path) -> tuple[Image, str]:
    """Return an image that is whole in itself, and its format."""
    volume = volumes.at(host, path) if pools.are_needed(host) else None
    image: Image = FileImage(path, "raw")
    if volume is not None:
        image = images.of_volume(host, volume)
    elif pools.are_needed(host):
        image = images.at(host, path, "raw")
    if isinstance(image, VolumeImage):
        info = volumes.info(image.volume)
        image_header.check_head(image.head(image_header.HEAD), info.physical, info.format or "raw")
        return image, info.format or "raw"
    try:
        with path.open("rb") as file:
            return image, image_header.check_file(file.fileno()).format
    except OSError as exc:
        raise OperationError(
            _("The disk image {path} can’t be read.").format(path=path),
            details=str(exc),
            cause=Cause.BAD_INPUT,
        ) from exc


def _free_name(place: Place, name: str) -> str:
    number = 2
    while place.has(f"{name}-disk{number}.qcow2"):
        number += 1
    return f"{name}-disk{number}.qcow2"


def _attach_new(found: Definition, image: Image, image_format: str) -> AddedDisk:
    """Attach an image that was made for this, and delete it if that fails."""
    is_whole = False
    try:
        added = _attach(found, image.path, image_format)
        is_whole = True
    finally:
        if not is_whole:
            image.delete()
    return added


def _attach(found: Definition, path: Path, image_format: str) -> AddedDisk:
    xml, running = found.edited(), found.running()
    taken = [disk.target for disk in running.disks] if running is not None else []
    disk = drives.add_disk(xml, path, image_format, taken)
    found.replace(xml)
    is_now = running is None or (
        disk.bus in drives.HOT_PLUG_BUSES and _tried(found.domain.attachDeviceFlags, disk.xml)
    )
    return AddedDisk(disk.target, path, is_now)


def _detach_live(found: Definition, disk: DiskDevice) -> bool:
    """Ask the guest to let go of a disk; return whether it did.

    libvirt waits some seconds for the guest, then returns whatever it says.
    """
    if not _tried(found.domain.detachDeviceFlags, disk.xml):
        return False
    left = found.running()
    return left is None or all(other.target != disk.target for other in left.disks)


def _tried(call: Callable[[str, int], object], xml: str) -> bool:
    """Try what only some buses, boards and guests allow while they run."""
    try:
        call(xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
    except libvirt.libvirtError as error:
        if is_lost_connection(error):
            raise translate(error) from error
        return False
    return True


def _delete(host: Host, uuid: str, disk: DiskDevice, job: Job) -> str:
    """Delete the image of a disk that was removed; if it must stay, return why."""
    image = images.to_delete(host, disk)
    reason = keeping.reason(disk, image, Users(host, uuid, job))
    if reason is not None or image is None:
        return reason or ""
    with translated():
        own = keeping.needed_by(host, host.domain(uuid))
    if not own.isdisjoint(image.ids()):
        return _("the machine or one of its snapshots needs it")
    try:
        image.delete()
    except OperationError as error:
        return error.details or error.summary
    return ""
