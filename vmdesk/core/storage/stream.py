"""Read and write volumes through libvirt's streams: holes stay holes, and memory stays small.

https://libvirt.org/html/libvirt-libvirt-stream.html
"""

import os
from collections.abc import Generator, Iterable
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
"""Bytes asked for at once: libvirt's packets hold no more, and what is asked for is zeroed first
(``virStreamRecvFlags`` in libvirt-python), which takes as long as receiving if it is four times as
much."""

WINDOW = 32 * 1024**2
"""Bytes that are asked for in one go.

The thread that drives libvirt's events takes in whatever the daemon sends, however slowly it is
used here: without a limit a whole image would pile up in memory (measured with libvirt 9.0).
"""

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

    Never more than ``WINDOW`` ahead of who asks. Close the generator to break it off. Raises
    ``OperationError``, also for a volume that becomes shorter meanwhile.
    """
    with translated():
        size = volume.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)[2]
    for start in range(0, size, WINDOW):
        yield from _window(host, volume, start, min(WINDOW, size - start))


def head(host: Host, volume: libvirt.virStorageVol, length: int) -> bytes:
    """Return the first bytes of a volume as it is stored, as many as there are."""
    with translated():
        size = volume.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)[2]
    pieces = _window(host, volume, 0, min(length, size)) if size else iter(())
    return b"".join(bytes(p.length) if isinstance(p, Hole) else p for p in pieces)


def _window(host: Host, volume: libvirt.virStorageVol, start: int, length: int) -> Generator[Piece]:
    with translated():
        stream = host.connection.newStream()
        volume.download(stream, start, length, libvirt.VIR_STORAGE_VOL_DOWNLOAD_SPARSE_STREAM)
    is_whole = False
    try:
        while True:
            with translated():
                piece = _receive(stream)
            if piece is None:
                break
            length -= piece.length if isinstance(piece, Hole) else len(piece)
            yield piece
        with translated():
            stream.finish()
        is_whole = True
    finally:
        if not is_whole:
            _abort(stream)
    if length:
        raise OperationError(
            _("The disk became shorter while it was read."),
            _("Wait until nothing writes to it any more and try again."),
        )


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
