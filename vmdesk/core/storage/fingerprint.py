"""Tell whether two disks hold the same, however their holes are stored."""

import hashlib
from collections.abc import Generator, Iterable

from vmdesk.core.sparse import HOLE
from vmdesk.core.storage.stream import Hole, Piece

_ZEROS = bytes(HOLE)


class Fingerprint:
    """A hash of a disk that comes in pieces; runs of zeros count as holes."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._size = 0
        self._rest = bytearray()

    def through(self, pieces: Iterable[Piece]) -> Generator[Piece]:
        """Pass pieces on, and take them in."""
        for piece in pieces:
            self.add(piece)
            yield piece

    def add(self, piece: Piece) -> None:
        """Take in the next piece."""
        if isinstance(piece, Hole):
            self._add_hole(piece.length)
        else:
            self._rest += piece
            self._take_blocks()

    def digest(self) -> str:
        """Return the hash of all that came; nothing more may come."""
        size = self._size + len(self._rest)
        self._add_hole(-len(self._rest) % HOLE)
        self._hash.update(size.to_bytes(8, "big"))
        return self._hash.hexdigest()

    def _add_hole(self, length: int) -> None:
        if self._rest:
            filling = min(length, HOLE - len(self._rest))
            self._rest += _ZEROS[:filling]
            length -= filling
            self._take_blocks()
        self._size += length // HOLE * HOLE
        self._rest += _ZEROS[: length % HOLE]

    def _take_blocks(self) -> None:
        whole = len(self._rest) // HOLE * HOLE
        for at in range(0, whole, HOLE):
            block = self._rest[at : at + HOLE]
            if block != _ZEROS:
                self._hash.update(self._size.to_bytes(8, "big"))
                self._hash.update(block)
            self._size += HOLE
        del self._rest[:whole]
