"""Delete a machine with its disks, and nothing that another one needs.

Order: stop, undefine, then the files, so that a machine never stands there without its disk.
"""

import fcntl
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core import history
from vmdesk.core.domain import undefine
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import DomainState, Host
from vmdesk.core.i18n import _
from vmdesk.core.image.chain import FileId, identity
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.storage import keeping
from vmdesk.core.storage.images import Image, Way
from vmdesk.core.storage.keeping import KeptFile, Users


@dataclass(frozen=True, slots=True)
class DoomedFile:
    """A file that goes with the machine; ``used`` is the room in bytes that it frees.

    ``pool`` is the storage pool through which libvirt deletes it; empty where vmdesk does.
    """

    path: Path
    used: int
    pool: str = ""


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
    return _plan(host, uuid, job)[0]


def _plan(host: Host, uuid: str, job: Job) -> tuple[DeletionPlan, list[Image]]:
    info = host.domain_info(uuid)
    if info is None:
        raise OperationError(
            _("This virtual machine does not exist any more."), cause=Cause.NOT_FOUND
        )
    job.report(0, 0, _("Looking for shared disks"))
    configurations = _configurations(host.domain(uuid))
    disks = [disk for xml in configurations for disk in xml.disks if not disk.is_empty]
    users = Users(host, uuid, job)
    doomed, kept = keeping.sort_out(host, disks, users)
    kept += [shared for xml in configurations for shared in _shared_nvram(xml, users.files)]
    deleted = [DoomedFile(image.path, image.used(), image.pool()) for image in doomed]
    kept = list(dict.fromkeys(kept))
    return DeletionPlan(uuid, info.name, info.state, tuple(deleted), tuple(kept)), doomed


def _configurations(domain: libvirt.virDomain) -> list[DomainXml]:
    """Return the stored and the running configuration: a disk may be in one of them alone."""
    with translated():
        texts = (domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain.XMLDesc())
    return [DomainXml.parse(text) for text in texts]


def _shared_nvram(xml: DomainXml, needed: dict[FileId, str]) -> Iterator[KeptFile]:
    """Yield the file with the UEFI variables if libvirt must not delete it with the machine."""
    file = identity(Path(xml.nvram)) if xml.nvram else None
    if file is not None and file in needed:
        yield KeptFile(xml.nvram, _("“{name}” uses it too").format(name=needed[file]))


def run(host: Host, uuid: str, approved: Collection[Path], force_off: bool, job: Job) -> Deleted:
    """Delete the machine, and those of its disk files that are in ``approved``.

    What the rules allow is found out anew: a file that another machine has taken up since the
    user saw the plan stays. Raises ``OperationError`` (wrong state) for a machine that is not off
    unless ``force_off``.
    """
    domain = host.domain(uuid)
    fresh, images = _plan(host, uuid, job)
    nvrams = {xml.nvram for xml in _configurations(domain)}
    keep_nvram = any(file.source in nvrams for file in fresh.kept)
    job.report(0, 0, _("Deleting"))
    with translated():
        is_persistent = domain.isPersistent()
        if domain.isActive():
            if not force_off:
                raise _running(fresh.name)
            undefine.force_off(domain)
    if is_persistent:
        undefine.undefine(domain, keep_nvram)
        _require_off(host, fresh)
    history.forget(uuid)
    return _delete_files(fresh, images, approved)


def _running(name: str) -> OperationError:
    return OperationError(
        _("“{name}” is running.").format(name=name),
        _("Shut it down first, or agree that it is forced off."),
        cause=Cause.WRONG_STATE,
    )


def _require_off(host: Host, fresh: DeletionPlan) -> None:
    """Raise if somebody has started the machine just now: it lives on without a definition."""
    if host.domain_info(fresh.uuid) is not None:
        raise OperationError(
            _("“{name}” was started by another program just now.").format(name=fresh.name),
            _("Its disks are kept. Force it off and delete it again."),
            cause=Cause.WRONG_STATE,
        )


def _delete_files(fresh: DeletionPlan, images: list[Image], approved: Collection[Path]) -> Deleted:
    spared = {
        image.path: _("you wanted to keep it") for image in images if image.path not in approved
    }
    staying = keeping.with_below(image for image in images if image.path in spared)
    doomed = []
    for image in images:
        if image.path in spared:
            continue
        if not staying.isdisjoint(image.ids()):
            spared[image.path] = _("a disk that you wanted to keep builds on it")
        elif image.way is Way.FILE and _is_in_use(image.path):
            spared[image.path] = _("another program uses it")
        else:
            doomed.append(image)
    _delete_images(fresh.name, doomed)
    kept = (*fresh.kept, *(KeptFile(str(path), reason) for path, reason in spared.items()))
    return Deleted(fresh.name, tuple(image.path for image in doomed), kept)


def _is_in_use(path: Path) -> bool:
    """Tell whether a QEMU has the image open: one of another libvirt, or one without any.

    QEMU holds locks on single bytes of its images; nobody else can then lock all of them.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):
        return True
    except OSError:
        return False  # a file system without locks
    finally:
        os.close(descriptor)
    return False


def _delete_images(name: str, doomed: list[Image]) -> None:
    failures = []
    for image in doomed:
        try:
            image.delete()
        except OperationError as error:
            failures.append(f"{image.path}: {error.details or error.summary}")
    if failures:
        raise OperationError(
            _("“{name}” is deleted, but not all of its disk files are.").format(name=name),
            _("Delete the files that Details names by hand."),
            "\n".join(failures),
        )
