"""What all imports have in common: options, results, names, and the last step, the definition."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import libvirt
from lxml import etree

from vmdesk.core import causes
from vmdesk.core.bundle import layout
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.untrusted_xml import Dropped
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import create
from vmdesk.core.staging import Stage

_NOT_ITS_FAULT = frozenset({libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_NO_MEMORY})
"""Codes of libvirt that say nothing of a description; for a bad one it has more than ten."""


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """What the user chose. ``folder`` is for the disks; ``name`` is None for the machine's own.

    ``pool`` is the storage pool for the disks instead; without one, vmdesk takes the usual one
    where a folder will not do.

    ``uuid`` is the one that the machine gets if it is free. Without it, it's the machine's own
    for the same identity, or a random one.
    """

    folder: Path
    name: str | None = None
    same_identity: bool = False
    start: bool = False
    uuid: str | None = None
    pool: str = ""


@dataclass(frozen=True, slots=True)
class PreviewDisk:
    """A disk of the machine; sizes in bytes, None where only the whole file would tell."""

    target: str
    format: str
    virtual_size: int | None
    stored_size: int | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What an import would make: for a window to show, and to be agreed to.

    ``required_bytes`` of ``free_bytes`` will be used in the folder for disks. ``is_verified``
    says that all checksums were compared. ``identity`` is the UUID that the machine would keep
    with the same identity: empty where somebody here has it, and None where the file has none.
    """

    path: Path
    content: Content
    name: str
    memory_kib: int
    vcpus: int
    is_uefi: bool
    disks: tuple[PreviewDisk, ...]
    dropped: tuple[Dropped, ...]
    changed: tuple[str, ...]
    required_bytes: int
    free_bytes: int
    is_verified: bool
    identity: str | None = None


@dataclass(frozen=True, slots=True)
class ImportResult:
    """The machine that was made. ``is_verified`` says that the bundle's checksums were right."""

    uuid: str
    name: str
    files: tuple[Path, ...]
    dropped: tuple[Dropped, ...]
    changed: tuple[str, ...]
    is_verified: bool
    is_started: bool


def disc_preview(path: Path) -> Preview:
    """Describe an installation disc, from which a new machine can be made."""
    name = layout.stem(path.stem)
    return Preview(path, Content.DISC, name, 0, 0, False, (), (), (), 0, 0, False)


def free_name(host: Host, options: ImportOptions, foreign_name: str) -> str:
    """Return the name for the machine: as asked for, or its own with a number if it is taken."""
    taken = {info.name for info in host.domains()}
    if options.name is not None:
        problem = create.name_problem(options.name)
        if problem is None and options.name in taken:
            problem = _("There is a machine named “{name}” already.").format(name=options.name)
        if problem is not None:
            raise OperationError(problem, cause=Cause.INVALID_VALUE)
        return options.name
    printable = "".join(letter if letter.isprintable() else "_" for letter in foreign_name)
    return create.unique_name(layout.stem(printable).strip() or "machine", taken)


def choose_uuid(host: Host, options: ImportOptions, foreign_uuid: str) -> str:
    """Return the UUID for the machine: the wanted one, or its own if it is to keep it, if free."""
    own = foreign_uuid if options.same_identity else ""
    candidates = (options.uuid or "", own)
    return next((uuid for uuid in candidates if is_free(host, uuid)), str(uuid4()))


def free_path(wanted: Path, taken: set[Path]) -> Path:
    """Return ``wanted``, with a number in its name if there's something already."""
    path, number = wanted, 1
    while path in taken or os.path.lexists(path):
        number += 1
        path = wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")
    return path


def is_free(host: Host, uuid: str) -> bool:
    """Say whether no machine here has this UUID."""
    return bool(uuid) and host.domain_info(uuid) is None


def macs(root: etree._Element) -> set[str]:
    """Return the MAC addresses in a description."""
    return {str(mac).lower() for mac in root.xpath("devices/interface/mac/@address")}


def macs_of_all(host: Host) -> set[str]:
    """Return the MAC addresses of all machines here."""
    found: set[str] = set()
    with translated():
        for domain in host.connection.listAllDomains():
            found |= macs(etree.fromstring(domain.XMLDesc()))
    return found


def define(host: Host, stage: Stage, root: etree._Element, uuid: str) -> None:
    """Define the machine, the last step; on a failure its files go, once it's sure to be absent."""
    try:
        with translated(), _blamed_on_the_file():
            host.connection.defineXML(etree.tostring(root, encoding="unicode"))
    except OperationError:
        stage.is_left_to_sweep = not _is_absent(host, uuid)
        raise


@contextmanager
def _blamed_on_the_file() -> Iterator[None]:
    # The rules for what a description may hold let through what is harmless, sense or not.
    try:
        yield
    except libvirt.libvirtError as error:
        if error.get_error_code() in _NOT_ITS_FAULT or causes.of_libvirt(error) is not None:
            raise
        raise layout.bad(
            _("libvirt does not accept the description of the machine."),
            _("It contradicts itself or asks for what is not here. Details has libvirt’s words."),
            error.get_error_message() or str(error),
        ) from error


def _is_absent(host: Host, uuid: str) -> bool:
    try:
        return host.domain_info(uuid) is None
    except OperationError:
        return False  # the daemon is gone: a later sweep will know


@contextmanager
def in_words(folder: Path) -> Iterator[None]:
    """Make sure that the folder for disks is there, and explain what the system refuses."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as exc:
        free = shutil.disk_usage(folder).free if folder.is_dir() else 0
        raise OperationError(
            _("The import can’t be written to {folder}: {reason}.").format(
                folder=folder, reason=os.strerror(exc.errno or 0)
            ),
            _("Make room or choose another folder."),
            f"{exc}; {free} bytes free",
        ) from exc
