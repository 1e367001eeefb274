"""Delete a machine with its disks, and nothing that another one needs.

Order: stop, undefine, then the files, so that a machine never stands there without its disk.
"""

import os
import stat
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import libvirt
from lxml import etree

from vmdesk.core import image_chain, xml_tree
from vmdesk.core.domain_devices import DiskDevice
from vmdesk.core.domain_xml import DomainXml
from vmdesk.core.host import DomainState, Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.undefine import undefine

BLOCK = 512
"""Bytes in the unit of ``st_blocks``, by POSIX."""

FileId = tuple[int, int]
"""A file whatever it is called: device and inode."""


@dataclass(frozen=True, slots=True)
class DoomedFile:
    """A file that goes with the machine; ``used`` is the room in bytes that it frees."""

    path: Path
    used: int


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file or other source that stays, and why."""

    source: str
    reason: str


@dataclass(frozen=True, slots=True)
class DeletionPlan:
    """What a deletion would do."""

    uuid: str
    name: str
    state: DomainState
    deleted: tuple[DoomedFile, ...]
    kept: tuple[KeptFile, ...]


@dataclass(frozen=True, slots=True)
class Deleted:
    """What a deletion did."""

    name: str
    deleted: tuple[Path, ...]
    kept: tuple[KeptFile, ...]


def plan(host: Host, uuid: str, job: Job) -> DeletionPlan:
    """Look what would go and what would stay, without changing anything."""
    info = host.domain_info(uuid)
    if info is None:
        raise OperationError(
            _("This virtual machine does not exist any more."), cause=Cause.NOT_FOUND
        )
    job.report(0, 0, _("Looking for shared disks"))
    needed = _files_of_others(host, uuid, job)
    deleted: dict[FileId, DoomedFile] = {}
    kept: list[KeptFile] = []
    for disk in _disks(host.domain(uuid)):
        reason = _reason_to_keep(disk, needed)
        if reason is not None:
            kept.append(KeptFile(_source(disk), reason))
        elif disk.path is not None:
            status = disk.path.stat()
            used = status.st_blocks * BLOCK
            deleted[_file_id(status)] = DoomedFile(disk.path, used)
            below = image_chain.files_below(disk.path)
            kept += [KeptFile(str(path), _("the disk builds on it")) for path in below]
    return DeletionPlan(
        uuid, info.name, info.state, tuple(deleted.values()), tuple(dict.fromkeys(kept))
    )


def run(host: Host, uuid: str, approved: Collection[Path], force_off: bool, job: Job) -> Deleted:
    """Delete the machine, and those of its disk files that are in ``approved``.

    What the rules allow is found out anew: a file that another machine has taken up since the
    user saw the plan stays. Raises ``OperationError`` (wrong state) for a machine that is not off
    unless ``force_off``.
    """
    fresh = plan(host, uuid, job)
    if fresh.state.is_active and not force_off:
        raise OperationError(
            _("“{name}” is running.").format(name=fresh.name),
            _("Shut it down first, or agree that it is forced off."),
            cause=Cause.WRONG_STATE,
        )
    domain = host.domain(uuid)
    job.report(0, 0, _("Deleting"))
    with translated():
        is_persistent = domain.isPersistent()
        if fresh.state.is_active:
            domain.destroy()
    if is_persistent:
        undefine(domain)
    doomed = [file.path for file in fresh.deleted if file.path in approved]
    spared = [file.path for file in fresh.deleted if file.path not in approved]
    _unlink(fresh.name, doomed)
    kept = (*fresh.kept, *(KeptFile(str(path), _("you wanted to keep it")) for path in spared))
    return Deleted(fresh.name, tuple(doomed), kept)


def _unlink(name: str, doomed: list[Path]) -> None:
    failures = []
    for path in doomed:
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            failures.append(f"{path}: {error.strerror}")
    if failures:
        raise OperationError(
            _("“{name}” is deleted, but not all of its disk files are.").format(name=name),
            _("Delete the files that Details names by hand."),
            "\n".join(failures),
        )


def _disks(domain: libvirt.virDomain) -> list[DiskDevice]:
    """Return the disks of the stored and of the running configuration."""
    return [disk for xml in _configurations(domain) for disk in xml.disks if not disk.is_empty]


def _configurations(domain: libvirt.virDomain) -> list[DomainXml]:
    with translated():
        texts = {domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain.XMLDesc()}
    return [DomainXml.parse(text) for text in texts]


def _source(disk: DiskDevice) -> str:
    return str(disk.path or disk.network or "/".join(disk.volume or ()))


def _reason_to_keep(disk: DiskDevice, needed: dict[FileId, str]) -> str | None:
    """Say why what is behind ``disk`` must stay, or return ``None`` if it may go."""
    if disk.is_cdrom:
        return _("an installation disc")
    if disk.device != "disk":
        return _("not a disk of its own")
    if disk.path is None:
        return _("not a file on this computer")
    if disk.readonly:
        return _("the machine may only read it")
    if disk.shareable:
        return _("meant to be shared between machines")
    try:
        status = disk.path.stat(follow_symlinks=False)
    except OSError:
        return _("not there, or not yours to see")
    if not stat.S_ISREG(status.st_mode):
        return _("not a regular file")
    if (owner := needed.get(_file_id(status))) is not None:
        return _("“{name}” uses it too").format(name=owner)
    return None


def _file_id(status: os.stat_result) -> FileId:
    return status.st_dev, status.st_ino


def _files_of_others(host: Host, uuid: str, job: Job) -> dict[FileId, str]:
    """Return every file that any other domain names, or builds on, with that domain's name."""
    with translated():
        others = [d for d in host.connection.listAllDomains() if d.UUIDString() != uuid]
    needed: dict[FileId, str] = {}
    for other in others:
        job.check()
        try:
            paths = _files_of(host, other)
        except OperationError as error:
            if error.cause is not Cause.NOT_FOUND:
                raise
            continue  # deleted meanwhile
        for path in paths:
            try:
                needed[_file_id(path.stat())] = other.name()
            except OSError:
                continue  # nothing there that could be deleted
    return needed


def _files_of(host: Host, domain: libvirt.virDomain) -> set[Path]:
    with translated():
        snapshots = [snapshot.getXMLDesc() for snapshot in _snapshots(domain)]
    named: set[Path] = set()
    for xml in _configurations(domain):
        named |= _paths_in(xml.root)
        named |= {_volume_path(host, disk.volume) for disk in xml.disks if disk.volume}
    for text in snapshots:
        named |= _paths_in(xml_tree.XmlDocument(text).root)
    below = {file for path in named if path.is_file() for file in image_chain.files_below(path)}
    return named | below


def _snapshots(domain: libvirt.virDomain) -> list[libvirt.virDomainSnapshot]:
    try:
        return list(domain.listAllSnapshots())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return []
        raise


def _volume_path(host: Host, volume: tuple[str, str]) -> Path:
    pool, name = volume
    with translated():
        found = host.connection.storagePoolLookupByName(pool).storageVolLookupByName(name)
        return Path(found.path())


def _paths_in(root: etree._Element) -> set[Path]:
    """Return everything in a description that reads like a file: better one too many."""
    values = (
        value
        for element in root.iter(etree.Element)
        for value in (element.text or "", *element.attrib.values())
    )
    return {Path(value.strip()) for value in values if value.strip().startswith("/")}
