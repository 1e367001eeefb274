"""The controller's part for changing machines: settings, disks, discs, and earlier versions."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from vmdesk.core import capabilities, details, history, kept_discs
from vmdesk.core.domain import difference
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.operations import disks, edit, eject, properties, revert
from vmdesk.core.storage import places
from vmdesk.tasks import Task
from vmdesk.work import Work

if TYPE_CHECKING:
    from vmdesk.core.details import DomainDetails
    from vmdesk.core.domain.difference import Line
    from vmdesk.core.operations.edit import Edit
    from vmdesk.core.operations.properties import Properties


@dataclass(frozen=True, slots=True)
class Version:
    """A description that was replaced at ``saved_at`` (seconds since 1970).

    ``changed_then`` says what replaced it; ``changes`` and ``lines`` what bringing it back does.
    """

    number: int
    saved_at: float
    changed_then: tuple[str, ...]
    changes: tuple[str, ...]
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Settings:
    """A machine's properties, its earlier versions newest first, and what the host can do.

    ``has_kvm`` and ``has_spice`` are ``None`` where libvirt can't tell; ``free_room`` has the
    bytes that there are for new disks.
    """

    properties: Properties
    versions: tuple[Version, ...]
    has_kvm: bool | None
    has_spice: bool | None
    free_room: int


class Hardware(QObject):
    """What the views ask for when a user looks at a machine's equipment or changes it."""

    disc_left_in = Signal(object)
    """The UUID of a machine that has restarted with its installation disc: offer ``eject``."""

    def __init__(self, work: Work, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._host = work.host
        self._restarted: set[str] = set()

    def follow_reboot(self, uuid: str) -> None:
        """Have an eject offered after the first restart of a machine that vmdesk has made."""
        if uuid not in self._restarted:
            self._restarted.add(uuid)
            task = self._work.ask(
                lambda _job: details.read(self._host, uuid, self._work.folders.isos)
            )
            task.succeeded.connect(self._look_for_disc)

    def _look_for_disc(self, found: DomainDetails) -> None:
        homes = {disk.path.parent for disk in found.disks if disk.path is not None}
        if self._work.folders.disks in homes and any(drive.disc for drive in found.cdroms):
            self.disc_left_in.emit(found.uuid)

    def settings(self, uuid: str) -> Task:
        """Ask for all that can be changed; the task's result is a ``Settings``."""
        return self._work.ask(lambda _job: read_settings(self._host, uuid, self._work.folders))

    def discs(self) -> Task:
        """Ask for the installation discs that are kept; the result is a list of ``Iso``."""
        return self._work.ask(lambda _job: kept_discs.in_library(self._work.folders.isos))

    def edit(self, uuid: str, wanted: Edit) -> Task:
        """Apply changes; the task's result is an ``Applied``."""
        return self._work.operate(
            self._work.titled(_("Change {name}"), uuid),
            partial(edit.run, self._host, uuid, wanted),
            uuid,
            lambda: self.edit(uuid, wanted),
        )

    def add_new_disk(self, uuid: str, size: int) -> Task:
        """Add an empty disk of ``size`` bytes; the task's result is an ``AddedDisk``."""
        folder = self._work.folders.disks
        return self._work.operate(
            self._work.titled(_("Add a disk to {name}"), uuid),
            partial(disks.add_new, self._host, uuid, folder, size),
            uuid,
            lambda: self.add_new_disk(uuid, size),
        )

    def add_existing_disk(self, uuid: str, path: Path) -> Task:
        """Add a disk image; the task's result is an ``AddedDisk``."""
        return self._work.operate(
            self._work.titled(_("Add a disk to {name}"), uuid),
            partial(disks.add_existing, self._host, uuid, path),
            uuid,
            lambda: self.add_existing_disk(uuid, path),
        )

    def remove_disk(self, uuid: str, target: str, delete_file: bool) -> Task:
        """Take a disk out, with its file or without; the task's result is a ``RemovedDisk``."""
        return self._work.operate(
            self._work.titled(_("Remove a disk of {name}"), uuid),
            lambda job: disks.remove(self._host, uuid, target, job, delete_file),
            uuid,
            lambda: self.remove_disk(uuid, target, delete_file),
        )

    def eject(self, uuid: str, target: str = "") -> Task:
        """Take the disc out of the drive ``target``, or out of all drives."""
        return self._work.operate(
            self._work.titled(_("Eject the disc of {name}"), uuid),
            lambda job: eject.run(self._host, uuid, job, target or None),
            uuid,
            lambda: self.eject(uuid, target),
        )

    def insert(self, uuid: str, source: str, target: str = "") -> Task:
        """Put the disc at ``source``, a path or an address, into a drive."""
        library = self._work.folders.isos
        return self._work.operate(
            self._work.titled(_("Insert a disc into {name}"), uuid),
            lambda job: eject.insert(self._host, uuid, source, library, job, target or None),
            uuid,
            lambda: self.insert(uuid, source, target),
        )

    def add_drive(self, uuid: str) -> Task:
        """Add an empty CD-ROM drive; the task's result is a ``DriveChange``."""
        return self._work.on_domain(_("Add a CD-ROM drive to {name}"), eject.add_drive, uuid)

    def revert(self, uuid: str, number: int) -> Task:
        """Bring an earlier version back; the task's result is a ``Reverted``."""
        return self._work.operate(
            self._work.titled(_("Bring back an earlier version of {name}"), uuid),
            partial(revert.run, self._host, uuid, number),
            uuid,
            lambda: self.revert(uuid, number),
        )


def read_settings(host: Host, uuid: str, folders: Folders) -> Settings:
    """Take the snapshot; raise ``OperationError`` if the machine is gone or temporary."""
    found = properties.read(host, uuid)
    has_kvm = has_spice = None
    # A driver without an emulator, as libvirt's test driver, can't tell.
    with contextlib.suppress(OperationError):
        offered = capabilities.read(host)
        has_kvm, has_spice = offered.has_kvm, offered.has_spice
    room = 0
    # A host without a pool has no place for a new disk.
    with contextlib.suppress(OperationError):
        room = places.choose(host, folders.disks).free_room()
    return Settings(found, _versions(found), has_kvm, has_spice, room)


def _versions(present: Properties) -> tuple[Version, ...]:
    versions = []
    later = present.base
    for entry in history.entries(present.uuid):
        text = history.text(present.uuid, entry.number)
        versions.append(
            Version(
                number=entry.number,
                saved_at=entry.saved_at,
                changed_then=tuple(difference.in_words(text, later)),
                changes=tuple(difference.in_words(present.base, text)),
                lines=tuple(difference.lines(present.base, text)),
            )
        )
        later = text
    return tuple(versions)
