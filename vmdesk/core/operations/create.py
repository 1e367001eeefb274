"""Create a machine from the address of an ISO: download, disk, definition, start."""

import enum
import os
import unicodedata
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

import libvirt

from vmdesk.core import capabilities, formatting
from vmdesk.core.capabilities import Capabilities
from vmdesk.core.domain import new_xml
from vmdesk.core.domain.undefine import take_back
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.kept_discs import Iso
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import start_stop
from vmdesk.core.storage import discs, places
from vmdesk.core.storage.images import Image
from vmdesk.core.storage.places import Place

DEFAULT_MEMORY = 4096 * MIB // KIB
"""KiB."""
DEFAULT_VCPUS = 2
DEFAULT_DISK_SIZE = 30 * GIB
MINIMUM_MEMORY = 16 * MIB // KIB
"""KiB: what the smallest guests boot with."""
MINIMUM_DISK_SIZE = 1 * MIB
MAXIMUM_NAME_BYTES = 200
"""A file name has 255 bytes at most, and endings such as ``-vdb.qcow2.part`` come behind it."""


class Accelerator(enum.Enum):
    """What runs the guest's code: the processor itself (KVM), or QEMU's emulation (TCG)."""

    AUTO = "auto"
    KVM = "kvm"
    TCG = "tcg"


@dataclass(frozen=True, slots=True)
class NewDomain:
    """What the user asks for: ``disk_size`` in bytes, ``memory`` in KiB, ``sha256`` in hex."""

    source: str
    name: str
    disk_size: int = DEFAULT_DISK_SIZE
    memory: int = DEFAULT_MEMORY
    vcpus: int = DEFAULT_VCPUS
    sha256: str | None = None
    accelerator: Accelerator = Accelerator.AUTO
    start: bool = True
    pool: str = ""
    """The storage pool for the disk; empty for the folder, or the host's best pool."""
    uuid: str = field(default_factory=lambda: str(uuid4()))


@dataclass(frozen=True, slots=True)
class Created:
    """What was made."""

    uuid: str
    name: str
    disk: Path
    iso: Iso
    uses_kvm: bool
    is_started: bool
    pool: str = ""
    """The storage pool that the disk is in; empty where it is a file of this user."""


@dataclass(frozen=True, slots=True)
class HostLimits:
    """What a new machine can have at most: ``memory`` and ``free_room`` in bytes."""

    memory: int
    cpus: int
    free_room: int
    has_kvm: bool


def limits(host: Host, folders: Folders, pool: str = "") -> HostLimits:
    """Return what this host can give to a new machine whose disk is to be in this pool."""
    offer = capabilities.read(host)
    return HostLimits(
        memory=offer.memory,
        cpus=min(offer.cpus, offer.max_vcpus),
        free_room=places.choose(host, folders.disks, pool).free_room(),
        has_kvm=offer.has_kvm,
    )


def name_problem(name: str) -> str | None:
    """Say why a machine can't be named so, or return ``None``. Quick: no libvirt, no files."""
    if not name.strip():
        return _("A name is needed.")
    if name != name.strip():
        return _("A name can’t begin or end with a space.")
    if "/" in name or name.startswith("."):
        return _("A name can’t hold “/” or begin with a dot.")
    if any(unicodedata.category(character).startswith("C") for character in name):
        return _("A name can’t hold control characters.")
    if len(os.fsencode(name)) > MAXIMUM_NAME_BYTES:
        return _("This name is too long.")
    return None


def unique_name(wanted: str, taken: Collection[str]) -> str:
    """Return ``wanted``, with the first number behind it that makes it unique if it is taken."""
    if wanted not in taken:
        return wanted
    numbered = (f"{wanted}-{number}" for number in range(2, len(taken) + 3))
    return next(name for name in numbered if name not in taken)


def check(host: Host, new: NewDomain, folders: Folders) -> Capabilities:
    """Raise ``OperationError`` if ``new`` can't be made here; return what the host offers."""
    return _check(host, new, places.choose(host, folders.disks, new.pool))


def _check(host: Host, new: NewDomain, place: Place) -> Capabilities:
    offer = capabilities.read(host)
    problem = (
        name_problem(new.name) or _hardware_problem(new, offer) or _place_problem(host, new, place)
    )
    if problem is not None:
        raise OperationError(problem, cause=Cause.INVALID_VALUE)
    if new.accelerator is Accelerator.KVM and not offer.has_kvm:
        raise OperationError(
            _("KVM does not work on this computer."),
            _("Create the machine with automatic acceleration; it will run, but slowly."),
        )
    return offer


def _hardware_problem(new: NewDomain, offer: Capabilities) -> str | None:
    if new.memory < MINIMUM_MEMORY:
        return _("A machine needs {size} of memory at least.").format(
            size=formatting.memory(MINIMUM_MEMORY)
        )
    if new.memory * KIB > offer.memory:
        return _("This computer has {size} of memory; the machine can’t have more.").format(
            size=formatting.size(offer.memory)
        )
    if not 1 <= new.vcpus <= min(offer.cpus, offer.max_vcpus):
        return _("This computer has {cpus}; a machine can have from 1 to that many.").format(
            cpus=formatting.cpus(offer.cpus)
        )
    if new.disk_size < MINIMUM_DISK_SIZE:
        return _("A disk needs {size} at least.").format(size=formatting.size(MINIMUM_DISK_SIZE))
    return None


def _place_problem(host: Host, new: NewDomain, place: Place) -> str | None:
    if new.name in {info.name for info in host.domains()}:
        return _("There is a machine named “{name}” already.").format(name=new.name)
    if place.has(_disk_name(new)):
        disk = place.path(_disk_name(new))
        return _("The disk file {path} exists already. Choose another name.").format(path=disk)
    return None


def _disk_name(new: NewDomain) -> str:
    return f"{new.name}.qcow2"


def run(host: Host, new: NewDomain, folders: Folders, job: Job) -> Created:
    """Make the machine that ``new`` describes, and start it if it says so.

    Nothing is defined until its parts are there. A failure or a cancel leaves no domain and no
    disk; the ISO stays in the library, whole or resumable. Raises ``OperationError``.
    """
    job.report(0, 0, _("Checking"))
    place = places.choose(host, folders.disks, new.pool)
    offer = _check(host, new, place)
    iso = discs.fetch(host, new.source, folders.isos, new.pool, job, new.sha256)
    job.report(0, 0, iso.description)
    job.report(0, 0, _("Making the disk"))
    disk = place.create(_disk_name(new), new.disk_size, job)
    is_whole = False
    try:
        created = _define_and_start(host, new, iso, disk, offer, job)
        is_whole = True
    finally:
        if not is_whole:
            # Should this fail too, the disk stays: better a whole machine than a broken one.
            take_back(host, new.uuid)
            disk.delete()
    return created


def _define_and_start(
    host: Host, new: NewDomain, iso: Iso, disk: Image, offer: Capabilities, job: Job
) -> Created:
    use_kvm = new.accelerator is not Accelerator.TCG and offer.has_kvm
    hardware = new_xml.Hardware(
        uuid=new.uuid,
        name=new.name,
        memory=new.memory,
        vcpus=new.vcpus,
        disk=disk.path,
        disc=iso.path,
        use_kvm=use_kvm,
    )
    job.report(0, 0, _("Defining the machine"))
    with translated():
        host.connection.defineXMLFlags(
            new_xml.build(hardware, offer), libvirt.VIR_DOMAIN_DEFINE_VALIDATE
        )
    if new.start:
        start_stop.start(host, new.uuid, job)
    job.check()
    return Created(new.uuid, new.name, disk.path, iso, use_kvm, new.start, disk.pool())
