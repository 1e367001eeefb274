"""libvirt's storage pools: which there are, what room they have, and how one is made ready."""

import enum
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

import libvirt
from lxml import etree
from lxml.builder import E

from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.lost_connection import is_lost_connection

DEFAULT = "default"
"""The pool that other tools make first."""

SYSTEM_FOLDER = "/var/lib/libvirt/images"
"""Where the system instance's own pool is, by the convention of the other tools."""

FOLDER_TYPES = frozenset({"dir", "fs", "netfs"})
"""Types of pools whose volumes are files, so that a volume can be an image of any format."""


class OutOfReach(OperationError):  # noqa: N818 - a state of things, as in job.Cancelled
    """Neither this user nor libvirt gets at something, or it is not there."""


class PoolState(enum.IntEnum):
    """A pool's state, by libvirt's numbers (``virStoragePoolState``)."""

    INACTIVE = libvirt.VIR_STORAGE_POOL_INACTIVE
    BUILDING = libvirt.VIR_STORAGE_POOL_BUILDING
    RUNNING = libvirt.VIR_STORAGE_POOL_RUNNING
    DEGRADED = libvirt.VIR_STORAGE_POOL_DEGRADED
    INACCESSIBLE = libvirt.VIR_STORAGE_POOL_INACCESSIBLE


@dataclass(frozen=True, slots=True)
class PoolInfo:
    """A snapshot of one pool. Sizes in bytes, 0 while it is not started."""

    name: str
    type: str
    state: PoolState
    path: Path
    capacity: int
    free: int

    @property
    def holds_files(self) -> bool:
        """Whether new images can be made in it."""
        return self.type in FOLDER_TYPES

    @property
    def is_running(self) -> bool:
        """Whether it is started, and its room known."""
        return self.state is PoolState.RUNNING


def are_needed(host: Host) -> bool:
    """Tell whether new images belong into a pool rather than into a folder of the user.

    They do where the machines are on another computer, and in the system instance: QEMU runs as
    somebody else there and may not enter a home folder. https://libvirt.org/uri.html
    """
    with translated():
        address = urlsplit(host.connection.getURI())
    return bool(address.hostname) or _is_system(address)


def _is_system(address: SplitResult) -> bool:
    return address.scheme.startswith("qemu") and address.path == "/system"


def every(host: Host, job: Job) -> list[PoolInfo]:
    """Return every pool, started or not, by name. Raises ``OperationError``."""
    job.report(0, 0, _("Looking at the storage pools"))
    with translated():
        found = host.connection.listAllStoragePools()
    return sorted(map(_info, found), key=lambda pool: pool.name)


def for_images(host: Host, job: Job) -> tuple[PoolInfo, ...]:
    """Return the pools that new images can go to, the best one first.

    Those that are started have been looked at anew. There is none where a folder of the user is
    the usual place. Raises ``OperationError``.
    """
    if not are_needed(host):
        return ()
    found = [pool for pool in every(host, job) if pool.holds_files]
    fresh = [start(host, pool.name) if pool.is_running else pool for pool in found]
    return tuple(sorted(fresh, key=_worth, reverse=True))


def _worth(pool: PoolInfo) -> tuple[bool, int]:
    return pool.name == DEFAULT, pool.free


def choose(host: Host, name: str, job: Job) -> PoolInfo:
    """Return the pool ``name``, or the best one for new images where it is empty; started.

    The best one is that of everybody (``default``), else the one with the most room. A system
    instance that has none gets that of everybody. Raises ``OperationError`` (invalid value) if
    there is none of this name, or none at all.
    """
    candidates = [pool for pool in every(host, job) if pool.name == name or not name]
    files = [pool for pool in candidates if pool.holds_files]
    if files:
        return start(host, max(files, key=_worth).name)
    with translated():
        is_system = _is_system(urlsplit(host.connection.getURI()))
    if not name and is_system:
        return _define(host, DEFAULT, SYSTEM_FOLDER)
    raise OperationError(
        _("There is no storage pool “{name}” for images.").format(name=name)
        if name
        else _("There is no storage pool for images."),
        _("“vmdeskctl pools” shows those that there are; “virsh pool-define-as” makes one."),
        cause=Cause.INVALID_VALUE,
    )


def of_folder(host: Host, folder: Path) -> PoolInfo:
    """Return a pool whose volumes are the files of ``folder``, started and looked at anew.

    Where there is none, one is made that libvirt forgets when its computer is switched off.
    Raises ``OutOfReach`` where that can't be, as for a folder that isn't there.
    """
    found = every(host, Job())
    known = next((pool for pool in found if pool.path == folder and pool.holds_files), None)
    if known is not None:
        return start(host, known.name)
    name, number = folder.name or DEFAULT, 1
    while name in {pool.name for pool in found}:
        number += 1
        name = f"{folder.name}-{number}"
    try:
        return _info(host.connection.storagePoolCreateXML(_xml(name, str(folder))))
    except libvirt.libvirtError as error:
        if is_lost_connection(error):
            raise translate(error) from error
        raise OutOfReach(
            _("libvirt can’t look into the folder {path}.").format(path=folder),
            _("Details has its words."),
            error.get_error_message() or str(error),
        ) from error


def _define(host: Host, name: str, folder: str) -> PoolInfo:
    with translated():
        pool = host.connection.storagePoolDefineXML(_xml(name, folder))
        pool.setAutostart(True)
    return start(host, name)


def _xml(name: str, folder: str) -> str:
    pool = E.pool(E.name(name), E.target(E.path(folder)), type="dir")
    return etree.tostring(pool, encoding="unicode")


def start(host: Host, name: str) -> PoolInfo:
    """Start a pool unless it is, and have libvirt look at its volumes anew."""
    with translated():
        pool = host.connection.storagePoolLookupByName(name)
        if not pool.isActive():
            pool.create(libvirt.VIR_STORAGE_POOL_CREATE_WITH_BUILD)
        pool.refresh()
    return _info(pool)


def _info(pool: libvirt.virStoragePool) -> PoolInfo:
    with translated():
        state, capacity, _allocation, free = pool.info()
        root = etree.fromstring(pool.XMLDesc())
        path = Path(root.findtext("target/path", ""))
        return PoolInfo(pool.name(), root.get("type", ""), PoolState(state), path, capacity, free)
