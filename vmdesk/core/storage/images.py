"""One image, whichever way it is reached: a file that this user can open, or a volume of a pool."""

import enum
import os
from collections.abc import Generator
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import libvirt

from vmdesk.core import disk_users
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import chain, qemu_img
from vmdesk.core.image.chain import FileId
from vmdesk.core.job import Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.storage import pools, stream, volumes
from vmdesk.core.storage.pools import OutOfReach
from vmdesk.core.storage.stream import Piece

POSIX_BLOCK = 512
"""Bytes in the unit of ``st_blocks``."""

ImageId = FileId | str
"""A file: device and inode. A volume: its path, or when it was changed."""


class Way(enum.Enum):
    """How vmdesk reaches an image."""

    FILE = "file"
    """By its path: this user can open it."""
    VOLUME = "volume"
    """Through libvirt, which can open what this user can't, or is on another computer."""


class Image(Protocol):
    """An image. Never change one while a machine writes to it. All raise ``OperationError``."""

    @property
    def path(self) -> Path:
        """Its path on the computer where libvirt is: what a domain's description names."""

    @property
    def way(self) -> Way:
        """How vmdesk reaches it."""

    def pool(self) -> str:
        """Return the name of the pool that it is in; empty for a file."""

    def ids(self) -> frozenset[ImageId]:
        """Return what tells it from other images of its kind, whatever they are called.

        Two images are one if they have one of these in common. Empty if it is not there.
        """

    def below(self) -> "list[Image]":
        """Return what it builds on, nearest first, as far as that is there."""

    def used(self) -> int:
        """Return the room in bytes that it takes."""

    def virtual_size(self, job: Job) -> int:
        """Return how many bytes a guest sees."""

    def resize(self, size: int, job: Job) -> None:
        """Grow it to ``size`` bytes. Fewer than it has are refused (invalid value)."""

    def pieces(self) -> Generator[Piece]:
        """Yield what is stored, not what a guest sees, as bytes and holes; close it to stop."""

    def delete(self) -> None:
        """Delete it; that it is gone already is no error. The caller knows that nobody needs it."""


@dataclass(frozen=True, slots=True)
class FileImage:
    """See ``Image``. ``format`` is the one in the description of its machine, never guessed."""

    path: Path
    format: str

    @property
    def way(self) -> Way:
        """A file."""
        return Way.FILE

    def pool(self) -> str:
        """None."""
        return ""

    def ids(self) -> frozenset[ImageId]:
        """Return device and inode."""
        found = chain.identity(self.path)
        return frozenset() if found is None else frozenset({found})

    def below(self) -> list[Image]:
        """Follow the headers."""
        return [FileImage(path, "") for path in chain.files_below(self.path)]

    def used(self) -> int:
        """Count the blocks."""
        return self.path.stat().st_blocks * POSIX_BLOCK

    def virtual_size(self, job: Job) -> int:
        """Ask qemu-img."""
        return qemu_img.info(self.path, self.format, job).virtual_size

    def resize(self, size: int, job: Job) -> None:
        """Let qemu-img grow it."""
        qemu_img.resize(self.path, self.format, size, job)

    def pieces(self) -> Generator[Piece]:
        """Read the file."""
        try:
            yield from stream.pieces_of(self.path)
        except OSError as exc:
            raise _unreachable(self.path, str(exc)) from exc

    def delete(self) -> None:
        """Unlink the file."""
        try:
            self.path.unlink(missing_ok=True)
        except OSError as exc:
            raise OperationError(
                _("The file {path} can’t be deleted.").format(path=self.path),
                details=os.strerror(exc.errno or 0),
            ) from exc


@dataclass(frozen=True, slots=True)
class VolumeImage:
    """See ``Image``. libvirt's handle lives as long as its connection."""

    host: Host
    path: Path
    volume: libvirt.virStorageVol

    @property
    def way(self) -> Way:
        """A volume."""
        return Way.VOLUME

    def pool(self) -> str:
        """Return the name of its pool."""
        with translated():
            return str(self.volume.storagePoolLookupByVolume().name())

    def ids(self) -> frozenset[ImageId]:
        """Return the path, and the times at which the file was changed, to the nanosecond.

        A second name of a file has another path and the same times. On this computer the file is
        seen at times, though it can't be opened.
        """
        stamp = volumes.info(self.volume).stamp
        seen = chain.identity(self.path) if disk_users.are_here(self.host) else None
        return frozenset(one for one in (str(self.path), stamp, seen) if one)

    def below(self) -> list[Image]:
        """Follow what libvirt has read in the headers."""
        images: list[Image] = []
        backing = volumes.info(self.volume).backing
        while backing is not None and len(images) < chain.MAXIMUM_FILES:
            volume = volumes.at(self.host, backing)
            if volume is None:
                break
            images.append(of_volume(self.host, volume))
            backing = volumes.info(volume).backing
        return images

    def used(self) -> int:
        """Ask libvirt."""
        return volumes.info(self.volume).allocation

    def virtual_size(self, job: Job) -> int:
        """Ask libvirt, which reads the header anew."""
        job.check()
        return volumes.info(self.volume).capacity

    def head(self, length: int) -> bytes:
        """Return the first bytes of what is stored, as many as there are."""
        return stream.head(self.host, self.volume, length)

    def resize(self, size: int, job: Job) -> None:
        """Let libvirt grow it."""
        present = self.virtual_size(job)
        qemu_img.refuse_less(present, size)
        if size > present:
            volumes.grow(self.volume, size)

    def pieces(self) -> Generator[Piece]:
        """Have libvirt send it."""
        yield from stream.download(self.host, self.volume)

    def delete(self) -> None:
        """Let libvirt delete it."""
        volumes.delete(self.volume)


def of_volume(host: Host, volume: libvirt.virStorageVol) -> VolumeImage:
    """Return the image that a volume is."""
    with translated():
        return VolumeImage(host, Path(volume.path()), volume)


def behind(host: Host, disk: DiskDevice, mode: int = os.R_OK) -> Image | None:
    """Return the image of a disk or drive; ``None`` for one that is no image, or has none in it.

    Like ``at``; what the description names as a volume is always reached as one.
    """
    if disk.volume is not None:
        volume = volumes.behind(host, disk)
        return None if volume is None else of_volume(host, volume)
    return at(host, disk.path, disk.format or "raw", mode) if disk.path is not None else None


def at(host: Host, path: Path, image_format: str, mode: int = os.R_OK) -> Image:
    """Return the image at a path of the host: a file if this user can open it so, else a volume.

    Where no pool has it, one is made for its folder. ``mode`` is what is to be done with a file
    (``os.W_OK``). Raises ``OutOfReach`` if nobody can reach it.
    """
    if disk_users.are_here(host) and os.access(path, mode):
        return FileImage(path, image_format)
    volume = volumes.at(host, path)
    if volume is None and pools.are_needed(host) and not _is_missing(host, path):
        pools.of_folder(host, path.parent)
        volume = volumes.at(host, path)
    if volume is None:
        raise _unreachable(path, "")
    return of_volume(host, volume)


def pool_of(host: Host, disk: DiskDevice) -> str:
    """Return the pool through which an image is reached; empty for none. Makes and starts none."""
    is_file = disk.volume is None and disk.path is not None and disk_users.are_here(host)
    if is_file and (not pools.are_needed(host) or os.access(disk.path or "", os.R_OK)):
        return ""
    volume = volumes.behind(host, disk)
    return "" if volume is None else of_volume(host, volume).pool()


def _is_missing(host: Host, path: Path) -> bool:
    """Tell whether this user can see that nothing is there."""
    here = disk_users.are_here(host) and os.access(path.parent, os.R_OK | os.X_OK)
    return here and not os.path.lexists(path)


def to_delete(host: Host, disk: DiskDevice) -> Image | None:
    """Return the image of a disk as what would delete it; ``None`` where nobody could.

    A file is not opened for that, but its folder has to be this user's to change.
    """
    if disk.volume is None and disk.path is not None and disk_users.are_here(host):
        folder = disk.path.parent
        if not pools.are_needed(host) or os.access(folder, os.W_OK | os.X_OK):
            return FileImage(disk.path, disk.format)
    try:
        return behind(host, disk)
    except OutOfReach:
        return None


def _unreachable(path: Path, details: str) -> OutOfReach:
    return OutOfReach(
        _("The disk {path} can’t be reached.").format(path=path),
        _("It is missing, or belongs to another user."),
        details,
    )
