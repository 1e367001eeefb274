"""Read the UEFI variables of a machine that is off, also where only libvirt may open their file."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Lock

from vmdesk.core import disk_users
from vmdesk.core.bundle import layout
from vmdesk.core.domain import guest_state
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.storage import pools, stream, volumes
from vmdesk.core.storage.pools import PoolInfo

_locks: defaultdict[str, Lock] = defaultdict(Lock)
"""One for each libvirt: the first of several exports would take the pool from the others."""


@dataclass(frozen=True, slots=True)
class Variables:
    """The file's bytes. There are none where nothing ``is_lost`` before the first start."""

    data: bytes | None = None
    is_lost: bool = False


def read(host: Host, xml: DomainXml) -> Variables:
    """Read them here, or else as a volume; what neither can read ``is_lost``.

    The bytes may be those of a qcow2 image, as Fedora has them. Raises ``OperationError`` for a
    file that is too large.
    """
    path = guest_state.nvram_path(host.uri, xml)
    if path is None:
        return Variables()
    if disk_users.are_here(host):
        try:
            _check(path, path.stat().st_size)
            return Variables(path.read_bytes())
        except FileNotFoundError:
            return Variables()  # it was never started
        except PermissionError:
            pass  # in the system instance not even the folder can be looked into
    try:
        with _locks[host.uri], _pool_of(host, path.parent) as pool:
            return _from_pool(host, pool, path)
    except pools.OutOfReach:
        return Variables(is_lost=True)


def _from_pool(host: Host, pool: PoolInfo, path: Path) -> Variables:
    volume = volumes.named(host, pool.name, path.name)
    if volume is None:
        return Variables()  # the folder was looked into, and it was never started
    _check(path, volumes.info(volume).physical)
    return Variables(stream.head(host, volume, layout.MAX_NVRAM_BYTES))


@contextmanager
def _pool_of(host: Host, folder: Path) -> Iterator[PoolInfo]:
    """Have a pool for a while: one that stayed might be taken for a place for disks."""
    is_known = any(pool.path == folder for pool in pools.every(host, Job()))
    pool = pools.of_folder(host, folder)
    try:
        yield pool
    finally:
        if not is_known:
            with translated():
                host.connection.storagePoolLookupByName(pool.name).destroy()


def _check(path: Path, size: int) -> None:
    if size > layout.MAX_NVRAM_BYTES:
        raise OperationError(_("The file {path} is too large.").format(path=path))
