"""Where new images are made: a folder of this user, or a pool of libvirt."""

import os
import shutil
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Job, OperationError
from vmdesk.core.storage import images, pools, volumes
from vmdesk.core.storage.images import FileImage, Image
from vmdesk.core.storage.pools import PoolInfo
from vmdesk.core.storage.stream import Hole, Piece


class Place(Protocol):
    """A place for new images. Its methods raise ``OperationError``."""

    @property
    def pool(self) -> str:
        """The name of the pool; empty for a folder."""

    def path(self, name: str) -> Path:
        """Return the path on the host that an image of this name has."""

    def has(self, name: str) -> bool:
        """Tell whether there is something of this name."""

    def free_room(self) -> int:
        """Return the bytes that can be written there."""

    def create(self, name: str, size: int, job: Job) -> Image:
        """Make an empty qcow2 image of ``size`` bytes; a failure or a cancel leaves nothing."""


@dataclass(frozen=True, slots=True)
class FolderPlace:
    """A folder, which need not be there yet."""

    folder: Path

    @property
    def pool(self) -> str:
        """None."""
        return ""

    def path(self, name: str) -> Path:
        """Return the path in the folder."""
        return self.folder / name

    def has(self, name: str) -> bool:
        """Look for any entry."""
        return os.path.lexists(self.path(name))

    def free_room(self) -> int:
        """Ask the file system."""
        return free_room(self.folder)

    def create(self, name: str, size: int, job: Job) -> Image:
        """Let qemu-img make it."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as exc:
            raise OperationError(
                _("The folder {path} can’t be made.").format(path=self.folder), details=str(exc)
            ) from exc
        qemu_img.create(self.path(name), size, job)
        return FileImage(self.path(name), "qcow2")


@dataclass(frozen=True, slots=True)
class PoolPlace:
    """A pool that is started."""

    host: Host
    info: PoolInfo

    @property
    def pool(self) -> str:
        """Its name."""
        return self.info.name

    def path(self, name: str) -> Path:
        """Return the path on the host that a volume has."""
        return self.info.path / name

    def has(self, name: str) -> bool:
        """Ask libvirt."""
        return volumes.named(self.host, self.pool, name) is not None

    def free_room(self) -> int:
        """What was free when the pool was looked at."""
        return self.info.free

    def create(self, name: str, size: int, job: Job) -> Image:
        """Let libvirt make it."""
        job.check()
        return images.of_volume(self.host, volumes.create(self.host, self.pool, name, size))

    def receive(self, name: str, pieces: Iterable[Piece], size: int, job: Job) -> Image:
        """Make a volume whose file holds ``pieces``, of ``size`` bytes in all, or leave nothing."""
        text = _("Copying {name} into the storage pool “{pool}”").format(name=name, pool=self.pool)
        told = _told(pieces, size, text, job)
        volume = volumes.create_from(self.host, self.pool, name, told)
        return images.of_volume(self.host, volume)


def choose(host: Host, folder: Path, pool: str = "") -> Place:
    """Return where new disks go: the pool that is asked for, else the host's, else ``folder``.

    A pool is started if need be. Raises ``OperationError`` (invalid value) if there is none.
    """
    if pool or pools.are_needed(host):
        return choose_pool(host, pool)
    return FolderPlace(folder)


def choose_pool(host: Host, pool: str) -> PoolPlace:
    """Return the pool of this name, or the host's best one where it is empty."""
    return PoolPlace(host, pools.choose(host, pool, Job()))


def free_room(folder: Path) -> int:
    """Return the bytes that this user can write to ``folder``, which need not exist yet."""
    existing = next(place for place in (folder, *folder.parents) if place.exists())
    return shutil.disk_usage(existing).free


def _told(pieces: Iterable[Piece], size: int, text: str, job: Job) -> Iterator[Piece]:
    """Report how much went by; a cancel is raised here."""
    done = 0
    for piece in pieces:
        job.report(done, size, text)
        yield piece
        done += piece.length if isinstance(piece, Hole) else len(piece)
    job.report(done, size, text)
