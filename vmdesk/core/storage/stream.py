"""Read and write volumes through libvirt's streams: holes stay holes, and memory stays small.

https://libvirt.org/html/libvirt-libvirt-stream.html
"""

import os
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path

import libvirt

from vmdesk.core import sparse
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.libvirt_errors import translated

CHUNK = 1024**2
"""Bytes read from a file of this computer at once."""

PACKET = 256 * 1024
"""Bytes asked for at once: as many as the daemon reads at once, and sends in two packets. What is
asked for is zeroed first (``virStreamRecvFlags`` in libvirt-python), so that four times as much
takes as long as receiving it."""

WINDOW = 16 * 1024**2
"""Bytes that are asked for in one go.

The thread that drives libvirt's events takes in whatever the daemon sends, however slowly it is
used here: without a limit a whole image would pile up in memory (measured with libvirt 9.0).
"""

AHEAD = 2
"""Windows that are open at once, so that the daemon need not wait for the next question."""

_IS_HOLE = -3
"""What ``virStreamRecvFlags`` returns instead of bytes where a hole begins."""


@dataclass(frozen=True, slots=True)
class Hole:
    """So many bytes of nothing."""

    length: int


Piece = bytes | Hole
"""A part of a volume, in the order in which they follow each other."""


def download(host: Host, volume: libvirt.virStorageVol) -> Generator[Piece]:
    """Yield a volume as it is stored: the bytes of its image file, not those that a guest sees.

    Never more than ``AHEAD`` times ``WINDOW`` ahead of who asks. Close the generator to break it
    off. Raises ``OperationError``, also for a volume that becomes shorter meanwhile.
    """
    return _pieces(host, volume, _stored_size(volume))


def head(host: Host, volume: libvirt.virStorageVol, length: int) -> bytes:
    """Return the first bytes of a volume as it is stored, as many as there are."""
    pieces = _pieces(host, volume, min(length, _stored_size(volume)))
    return b"".join(bytes(p.length) if isinstance(p, Hole) else p for p in pieces)


def _stored_size(volume: libvirt.virStorageVol) -> int:
    with translated():
        size: int = volume.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)[2]
    return size


def _pieces(host: Host, volume: libvirt.virStorageVol, size: int) -> Generator[Piece]:
    """Yield the first bytes of a volume."""
    windows: deque[_Window] = deque()
    try:
        for start in range(0, size, WINDOW):
            windows.append(_Window(host, volume, start, min(WINDOW, size - start)))
            if len(windows) == AHEAD:
                yield from windows[0].pieces()
                windows.popleft()
        while windows:
            yield from windows[0].pieces()
            windows.popleft()
    finally:
        for window in windows:
            window.abort()


class _Window:
    """A part of a volume that the daemon has been asked for."""

    def __init__(self, host: Host, volume: libvirt.virStorageVol, start: int, length: int) -> None:
        self._missing = length
        with translated():
            self._stream = host.connection.newStream()
            flags = libvirt.VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM
            volume.download(self._stream, start, length, flags)

    def pieces(self) -> Iterator[Piece]:
        """Yield all of it, once."""
        while (piece := self._next()) is not None:
            self._missing -= piece.length if isinstance(piece, Hole) else len(piece)
            yield piece
        with translated():
            self._stream.finish()
        if self._missing:
            raise OperationError(
                _("The disk became shorter while it was read."),
                _("Wait until nothing writes to it any more and try again."),
            )

    def abort(self) -> None:
        """Break it off."""
        _abort(self._stream)

    def _next(self) -> Piece | None:
        with translated():
            return _receive(self._stream)


def _receive(stream: libvirt.virStream) -> Piece | None:
    data = stream.recvFlags(PACKET, libvirt.VIR_STREAM_RECV_STOP_AT_HOLE)
    if data == _IS_HOLE:
        return Hole(stream.recvHole())
    return data or None


def upload(host: Host, volume: libvirt.virStorageVol, pieces: Iterable[Piece]) -> int:
    """Write a volume anew from its first byte on, and return how many bytes that were.

    What it had behind the last piece stays. If ``pieces`` raises, or libvirt does, the volume is
    left half written: delete it. Raises ``OperationError``.
    """
    with translated():
        stream = host.connection.newStream()
        volume.upload(stream, 0, 0, libvirt.VIR_STORAGE_VOL_UPLOAD_SPARSE_STREAM)
    is_whole = False
    length = 0
    try:
        for piece in pieces:
            with translated():
                _send(stream, piece)
            length += piece.length if isinstance(piece, Hole) else len(piece)
        with translated():
            stream.finish()
        is_whole = True
    finally:
        if not is_whole:
            _abort(stream)
    return length


def _send(stream: libvirt.virStream, piece: Piece) -> None:
    if isinstance(piece, Hole):
        stream.sendHole(piece.length)
        return
    while piece:
        piece = piece[stream.send(piece) :]


def _abort(stream: libvirt.virStream) -> None:
    # One that has ended already did so with an error that is told elsewhere.
    with suppress(libvirt.libvirtError):
        stream.abort()


def pieces_of(path: Path) -> Generator[Piece]:
    """Yield a file of this computer, holes as holes. Raises ``OSError``."""
    with path.open("rb", buffering=0) as file:
        size = os.fstat(file.fileno()).st_size
        at = 0
        for extent in sparse.data_extents(file.fileno(), size):
            if extent.start > at:
                yield Hole(extent.start - at)
            for position in range(extent.start, extent.end, CHUNK):
                length = min(CHUNK, extent.end - position)
                yield os.pread(file.fileno(), length, position)
            at = extent.end
        if at < size:
            yield Hole(size - at)


def save(pieces: Generator[Piece], descriptor: int) -> int:
    """Write pieces into an empty open file, holes as holes; return its size in bytes."""
    at = 0
    with closing(pieces):
        for piece in pieces:
            if isinstance(piece, Hole):
                at += piece.length
            else:
                at += sparse.write_all(descriptor, piece, at)
    os.ftruncate(descriptor, at)
    return at
