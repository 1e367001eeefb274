"""Read a stream on a thread of its own, some pieces ahead of who takes them."""

import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

DEPTH = 4
"""Pieces that may wait."""


class _Stream(Protocol):
    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end."""


@contextmanager
def reading_ahead(stream: _Stream, piece: int) -> Iterator["Ahead"]:
    """Yield what reads the stream through a thread, which asks for ``piece`` bytes at a time.

    What the stream raises is raised where it would be read. The thread has ended when this is
    left; whoever leaves early waits for the one read that is under way.
    """
    ahead = Ahead(stream, piece)
    ahead.start()
    try:
        yield ahead
    finally:
        ahead.stop()


class Ahead:
    """The bytes of a stream, in order."""

    def __init__(self, stream: _Stream, piece: int) -> None:
        self._stream = stream
        self._piece = piece
        self._pieces: queue.Queue[bytes | BaseException] = queue.Queue(DEPTH)
        self._is_left = False
        self._rest = b""
        self._at = 0
        self._thread = threading.Thread(target=self._work, name="unpack", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread."""
        self._is_left = True
        while self._thread.is_alive():
            # It may wait for room.
            while not self._pieces.empty():
                self._pieces.get_nowait()
            self._thread.join(0.01)

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end."""
        if self._at == len(self._rest):
            self._rest, self._at = self._next(), 0
        piece = self._rest[self._at : self._at + size]
        self._at += len(piece)
        return piece

    def _next(self) -> bytes:
        found = self._pieces.get()
        if isinstance(found, BaseException):
            self._pieces.put(found)  # for whoever reads on
            raise found
        if not found:
            self._pieces.put(found)
        return found

    def _work(self) -> None:
        try:
            while not self._is_left and (piece := self._stream.read(self._piece)):
                self._pieces.put(piece)
            self._pieces.put(b"")
        except BaseException as error:  # raised again by who reads
            self._pieces.put(error)
