"""Take discs out of a machine's CD-ROM drives, put others in, and add a drive."""

from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core.domain import drives as domain_drives
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate
from vmdesk.core.operations.definition import Definition
from vmdesk.core.storage import discs


@dataclass(frozen=True, slots=True)
class DriveChange:
    """What was done to a drive: ``disc`` is what is in it (``None`` for nothing).

    ``is_now`` is false where the running machine has no such drive yet: then it is so from the
    next start.
    """

    target: str
    disc: Path | None
    is_now: bool


def run(host: Host, uuid: str, job: Job, target: str | None = None) -> tuple[DriveChange, ...]:
    """Eject the disc from the drive ``target``, or those of all drives; for the next start too.

    An empty drive stays empty and is not among the changes. Raises ``OperationError`` (wrong
    state) for a machine without a CD-ROM drive.
    """
    job.report(0, 0, _("Ejecting"))
    found = Definition(host, uuid)
    stored, running = found.edited(), found.running()
    targets = _targets(stored, running, target)
    changes = []
    for name in targets:
        views = [_drive(xml, name) for xml in (stored, running) if xml is not None]
        full = [drive for drive in views if drive is not None and not drive.is_empty]
        if full:
            changes.append(name)
        for drive in full:
            drive.eject()
    return _apply(found, stored, running, changes, None)


def insert(
    host: Host, uuid: str, source: str, library: Path, job: Job, target: str | None = None
) -> tuple[DriveChange, ...]:
    """Put a disc into the drive ``target``, or the first empty one, or the first.

    ``source`` is a path or an address; what is fetched is kept in the folder ``library``, and
    copied into a pool where QEMU could not read it there (``discs.fetch``). For the running machine
    and for the next start. Raises ``OperationError``: wrong state for a machine without a CD-ROM
    drive (before anything is fetched), bad input for what is no disc image.
    """
    found = Definition(host, uuid)
    _targets(found.edited(), found.running(), target)
    iso = discs.fetch(host, source, library, "", job).path
    job.report(0, 0, _("Inserting {name}").format(name=iso.name))
    # The machine may have changed while the disc was fetched.
    found = Definition(host, uuid)
    stored, running = found.edited(), found.running()
    name = _targets(stored, running, target)[0]
    for xml in (stored, running):
        drive = _drive(xml, name) if xml is not None else None
        if drive is not None:
            drive.insert_file(iso, "raw")
    return _apply(found, stored, running, [name], iso)


def add_drive(host: Host, uuid: str, job: Job) -> DriveChange:
    """Add an empty CD-ROM drive; a running machine has it from its next start."""
    job.report(0, 0, _("Adding a CD-ROM drive"))
    found = Definition(host, uuid)
    xml = found.edited()
    drive = domain_drives.add_cdrom(xml)
    found.replace(xml)
    return DriveChange(drive.target, None, not found.is_active)


def _targets(stored: DomainXml, running: DomainXml | None, wanted: str | None) -> list[str]:
    """Return the drive that is wanted, or else all: the empty ones first, as they are now."""
    drives = {drive.target: drive for xml in (stored, running) if xml for drive in xml.cdroms}
    if not drives:
        raise OperationError(
            _("This machine has no CD-ROM drive."), _("Add one first."), cause=Cause.WRONG_STATE
        )
    if wanted is None:
        return sorted(drives, key=lambda target: not drives[target].is_empty)
    if wanted not in drives:
        raise OperationError(
            _("This machine has no CD-ROM drive “{target}”.").format(target=wanted),
            _("It has: {targets}.").format(targets=", ".join(drives)),
            cause=Cause.INVALID_VALUE,
        )
    return [wanted]


def _drive(xml: DomainXml, target: str) -> DiskDevice | None:
    return next((drive for drive in xml.cdroms if drive.target == target), None)


def _apply(
    found: Definition,
    stored: DomainXml,
    running: DomainXml | None,
    targets: list[str],
    disc: Path | None,
) -> tuple[DriveChange, ...]:
    # The stored configuration first: a disc ejected only now would be back at the next start.
    found.replace(stored)
    changes = []
    for target in targets:
        drive = _drive(running, target) if running is not None else None
        if drive is not None:
            _change_live(found.domain, drive)
        changes.append(DriveChange(target, disc, running is None or drive is not None))
    return tuple(changes)


def _change_live(domain: libvirt.virDomain, drive: DiskDevice) -> None:
    flags = libvirt.VIR_DOMAIN_AFFECT_LIVE
    try:
        domain.updateDeviceFlags(drive.xml, flags)
    except libvirt.libvirtError:
        # A guest locks the tray while it reads a disc. The user decides, as with a paper clip.
        try:
            domain.updateDeviceFlags(drive.xml, flags | libvirt.VIR_DOMAIN_DEVICE_MODIFY_FORCE)
        except libvirt.libvirtError as error:
            raise translate(error) from error
