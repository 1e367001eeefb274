"""Copy between files so that holes stay holes and blocks are shared where the file system can."""

import errno
import fcntl
import os
import struct
from collections.abc import Callable, Iterator
from typing import NamedTuple

BLOCK = 4096
"""Bytes: both ends of a copy must be a multiple of it for XFS and btrfs to share blocks."""

CHUNK = 1024**2
"""Bytes moved at once when they pass through this program."""

KERNEL_CHUNK = 32 * 1024**2
"""Bytes that the kernel moves at once; a cancel waits for one of these."""

WRITEBACK = 32 * 1024**2
"""Bytes after which the disk is told to begin, so that little is left for the sync at the end."""

PIECE = 64 * 1024
"""Bytes written at once: for longer pieces ext4 takes longer runs of free memory, which cost up to
five times the time of the writing (Linux 6.18 as a guest whose host takes back free memory).
"""

HOLE = 64 * 1024
"""Bytes: zeros are looked for, and left out, in pieces of this size."""

_ZEROS = bytes(HOLE)
_FICLONERANGE = 0x4020940D  # linux/fs.h: _IOW(0x94, 13, struct file_clone_range)
_NOT_BY_KERNEL = {errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.ENOSYS, errno.ETXTBSY}


class Extent(NamedTuple):
    """A part of a file that holds data, in bytes."""

    start: int
    length: int

    @property
    def end(self) -> int:
        """The first byte behind it."""
        return self.start + self.length


def data_extents(descriptor: int, size: int) -> Iterator[Extent]:
    """Yield the parts of an open file that aren't holes, in order; leaves the position moved.

    A file system that knows no holes has one extent.
    """
    position = 0
    while position < size:
        try:
            start = os.lseek(descriptor, position, os.SEEK_DATA)
            position = min(os.lseek(descriptor, start, os.SEEK_HOLE), size)
        except OSError as exc:
            if exc.errno == errno.ENXIO:  # only a hole is left, or it was cut short meanwhile
                return
            raise
        if position <= start:  # all that is left lies behind ``size``
            return
        yield Extent(start, position - start)


def coarse_extents(descriptor: int, size: int, most: int) -> tuple[Extent, ...]:
    """Return the data extents with small holes filled in, so that there are at most ``most``."""
    gap = HOLE
    found = _merged(data_extents(descriptor, size), gap)
    while len(found) > most:
        gap *= 2
        found = _merged(iter(found), gap)
    return tuple(found)


def _merged(extents: Iterator[Extent], gap: int) -> list[Extent]:
    merged: list[Extent] = []
    for extent in extents:
        if merged and extent.start - merged[-1].end < gap:
            merged[-1] = Extent(merged[-1].start, extent.end - merged[-1].start)
        else:
            merged.append(extent)
    return merged


def can_share(source: int, target: int) -> bool:
    """Say whether the kernel can let two open files share blocks; ``target`` must be empty."""
    if os.fstat(source).st_size < BLOCK:
        return False
    try:
        fcntl.ioctl(target, _FICLONERANGE, struct.pack("qQQQ", source, 0, BLOCK, 0))
    except OSError:
        return False
    os.ftruncate(target, 0)
    return True


def copy_range(
    source: int, start: int, target: int, at: int, length: int, on_bytes: Callable[[int], object]
) -> None:
    """Copy bytes between open files, by the kernel where it can (it then shares blocks).

    ``on_bytes`` is told after each piece how many bytes are done in all. Raises ``EOFError`` if
    the source ends too early.
    """
    done = 0
    by_kernel = True
    while done < length:
        # The last, odd piece goes by itself, or it would keep its neighbours from being shared.
        whole = (length - done) // BLOCK * BLOCK or length - done
        copied = 0
        if by_kernel:
            piece = min(whole, KERNEL_CHUNK)
            try:
                copied = os.copy_file_range(source, target, piece, start + done, at + done)
            except OSError as exc:
                if exc.errno not in _NOT_BY_KERNEL:
                    raise
                by_kernel = False
                continue
        else:
            copied = write_all(target, os.pread(source, min(whole, CHUNK), start + done), at + done)
        if copied == 0:
            raise EOFError
        done += copied
        begin_writeback(target, at + done, copied)
        on_bytes(done)


def begin_writeback(target: int, end: int, length: int) -> None:
    """Let the disk write what was just written up to ``end``, if that fills another piece.

    Linux begins to write dirty pages that nobody is said to need, and does not wait for them.
    """
    if end // WRITEBACK > (end - length) // WRITEBACK:
        start = max(0, end // WRITEBACK - 1) * WRITEBACK
        os.posix_fadvise(target, start, WRITEBACK, os.POSIX_FADV_DONTNEED)


def write_all(target: int, data: bytes | memoryview, at: int) -> int:
    """Write all of ``data`` at a position and return its length."""
    view = memoryview(data)
    done = 0
    while done < len(view):
        done += os.pwrite(target, view[done : done + PIECE], at + done)
    return done


def write_sparse(target: int, data: bytes, at: int) -> None:
    """Write ``data`` at a position of a new file, leaving holes where long runs are zero.

    The caller sets the file's length at the end, for a hole there.
    """
    view = memoryview(data)
    for start in range(0, len(data), HOLE):
        if not data.startswith(_ZEROS, start):
            write_all(target, view[start : start + HOLE], at + start)
