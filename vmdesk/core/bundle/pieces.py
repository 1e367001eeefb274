"""What is stored of a disk that comes in pieces: its data, and holes only where they must be."""

from collections.abc import Generator, Iterator
from contextlib import closing

from vmdesk.core import sparse
from vmdesk.core.bundle import layout
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.sparse import Extent
from vmdesk.core.storage.stream import Hole, Piece

_ZEROS = bytes(sparse.CHUNK)


def changed() -> OperationError:
    """Make the error for a disk that is not the same from one look to the next."""
    return OperationError(
        _("The disk was changed while it was exported."),
        _("Make sure that no other program uses it and try again."),
    )


def extents_of(pieces: Generator[Piece]) -> tuple[Extent, ...]:
    """Read a disk to its end for the sake of where its data is."""
    mapped = Mapped(pieces, layout.MAX_SPARSE_EXTENTS - 1)
    for _data in mapped:
        pass
    return tuple(mapped.extents)


def stored(
    pieces: Generator[Piece], extents: tuple[Extent, ...] | None, size: int
) -> Iterator[bytes]:
    """Yield what is stored of a disk: all of it, or what is in ``extents``, holes there as zeros.

    Raises ``OperationError`` if there is data anywhere else, or another number of bytes.
    """
    wanted = iter((Extent(0, size),) if extents is None else extents)
    extent = next(wanted, None)
    at = 0
    with closing(pieces):
        for piece in pieces:
            start, end = at, at + (piece.length if isinstance(piece, Hole) else len(piece))
            while at < end:
                while extent is not None and at >= extent.end:
                    extent = next(wanted, None)
                if extent is not None and at >= extent.start:
                    until = min(end, extent.end)
                    yield from _part(piece, at - start, until - start)
                else:
                    until = end if extent is None else min(end, extent.start)
                    if not isinstance(piece, Hole):
                        raise changed()
                at = until
    if at != size:
        raise changed()


def _part(piece: Piece, start: int, end: int) -> Iterator[bytes]:
    if not isinstance(piece, Hole):
        yield piece[start:end]
        return
    for at in range(start, end, sparse.CHUNK):
        yield _ZEROS[: min(sparse.CHUNK, end - at)]


class Mapped:
    """An iterator over the data of a disk that comes in pieces, which notes where it was.

    There are ``most`` extents in the end, and small holes are filled with zeros.
    """

    def __init__(self, pieces: Generator[Piece], most: int) -> None:
        self.extents: list[Extent] = []
        self.size = 0
        self._pieces = pieces
        self._most = most

    def __iter__(self) -> Iterator[bytes]:
        start = 0
        with closing(self._pieces):
            for piece in self._pieces:
                length = piece.length if isinstance(piece, Hole) else len(piece)
                if isinstance(piece, Hole) and self._is_left_out(length):
                    self._end(start)
                    start = self.size + length
                else:
                    yield from _part(piece, 0, length)
                self.size += length
        self._end(start)
        if not self.extents or self.extents[-1].end < self.size:
            # GNU tar marks a hole at the end by an empty extent.
            self.extents.append(Extent(self.size, 0))

    def _end(self, start: int) -> None:
        if start < self.size:
            self.extents.append(Extent(start, self.size - start))

    def _is_left_out(self, length: int) -> bool:
        # Two more may follow: that behind the hole, and the mark of a hole at the end.
        return length >= sparse.HOLE and len(self.extents) + 3 <= self._most
