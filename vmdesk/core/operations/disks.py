"""Add disks to a machine and take them away, running or off."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core import disk_users
from vmdesk.core.domain import drives
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import header as image_header
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import is_lost_connection, translate, translated
from vmdesk.core.operations.definition import Definition


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


def add_new(host: Host, uuid: str, folder: Path, size: int, job: Job) -> AddedDisk:
    """Make an empty qcow2 disk of ``size`` bytes in ``folder`` and add it.

    A failure or a cancel leaves no file.
    """
    disk_users.require_here(host)
    job.report(0, 0, _("Making the disk"))
    found = Definition(host, uuid)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise OperationError(
            _("The folder {path} can't be made.").format(path=folder), details=str(exc)
        ) from exc
    path = _free_path(folder, found.edited().name)
    qemu_img.create(path, size, job)
    is_whole = False
    try:
        added = _attach(found, path, "qcow2")
        is_whole = True
    finally:
        if not is_whole:
            path.unlink()
    return added


def add_existing(host: Host, uuid: str, path: Path, job: Job) -> AddedDisk:
    """Add a disk image that is there already; its format is told by its content.

    Raises ``OperationError``: bad input for one that is unreadable, damaged or refers to other
    files, wrong state for one that a machine uses already.
    """
    disk_users.require_here(host)
    job.report(0, 0, _("Looking at {name}").format(name=path.name))
    try:
        with path.open("rb") as file:
            header = image_header.check_file(file.fileno())
            identity = disk_users.file_id(os.fstat(file.fileno()))
    except OSError as exc:
        raise OperationError(
            _("The disk image {path} can't be read.").format(path=path),
            details=str(exc),
            cause=Cause.BAD_INPUT,
        ) from exc
    found = Definition(host, uuid)
    users = disk_users.files_of_others(host, "", job)
    if identity in users:
        raise OperationError(
            _("“{name}” uses this disk already.").format(name=users[identity]),
            _("Two machines that write to one disk destroy what is on it. Use a copy."),
            cause=Cause.WRONG_STATE,
        )
    return _attach(found, path.absolute(), header.format)


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


def _free_path(folder: Path, name: str) -> Path:
    number = 2
    while os.path.lexists(path := folder / f"{name}-disk{number}.qcow2"):
        number += 1
    return path


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
    """Delete the file of a disk that was removed; if it must stay, return why."""
    if not disk_users.are_here(host):
        return _("it is on another computer")
    needed = disk_users.files_of_others(host, uuid, job)
    reason = disk_users.reason_to_keep(disk, needed)
    if reason is not None or disk.path is None:
        return reason or ""
    with translated():
        own = disk_users.files_of(host, host.domain(uuid))
    identity = disk_users.file_id(disk.path.stat())
    if identity in {disk_users.file_id(path.stat()) for path in own if path.exists()}:
        return _("the machine or one of its snapshots needs it")
    try:
        disk.path.unlink()
    except OSError as exc:
        return str(exc)
    return ""
