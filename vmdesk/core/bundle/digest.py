"""Compute a SHA-256 on a thread of its own, beside the reading and writing."""

import hashlib
import queue
import threading
from types import TracebackType

DEPTH = 4
"""Pieces that may wait; each is as large as the caller makes it."""


class Digest:
    """A hash that is fed while inside its ``with`` block and read behind it."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self._pieces: queue.Queue[bytes | None] = queue.Queue(DEPTH)
        self._thread = threading.Thread(target=self._work, name="digest", daemon=True)

    def __enter__(self) -> "Digest":
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pieces.put(None)
        self._thread.join()

    def update(self, piece: bytes) -> None:
        """Add bytes, which must not change any more."""
        self._pieces.put(piece)

    def hexdigest(self) -> str:
        """Return the hash of all that was added."""
        return self._hash.hexdigest()

    def _work(self) -> None:
        while (piece := self._pieces.get()) is not None:
            self._hash.update(piece)
