"""Write a file while its digest and its way to the disk are worked on beside it."""

import hashlib
import os
from collections import deque
from concurrent.futures import Future, ThreadPoolExecutor
from typing import BinaryIO

from vmdesk.core.formatting import MIB

_MOST_UNDIGESTED = 8
_SYNC_AFTER = 64 * MIB
"""Bytes after which the disk begins with them: all at the end would be a long silent wait."""


class Sink:
    """An unbuffered file that is written from its beginning to its end, and its SHA-256.

    Neither the digest nor the sync holds the writer up unless they fall behind. One thread uses
    a sink; it must be closed.
    """

    def __init__(self, file: BinaryIO) -> None:
        self.size = 0
        self._file = file
        self._digest = hashlib.sha256()
        self._undigested: deque[Future[None]] = deque()
        self._digesting = ThreadPoolExecutor(1, "sha256")
        self._syncing = ThreadPoolExecutor(1, "sync")
        self._sync: Future[None] | None = None
        self._sync_asked_at = 0

    def append(self, data: bytes) -> None:
        """Write ``data``. Raises ``OSError``, also for what was written some time before."""
        view = memoryview(data)
        while view:
            view = view[self._file.write(view) :]
        self.count(data)
        if self.size - self._sync_asked_at >= _SYNC_AFTER and self._is_synced():
            self._sync_asked_at = self.size
            # With a descriptor of its own, so that closing the sink needn't wait for the disk.
            self._sync = self._syncing.submit(_sync_and_close, os.dup(self._file.fileno()))

    def count(self, data: bytes) -> None:
        """Take ``data`` into the size and the digest; it is in the file already."""
        self.size += len(data)
        self._undigested.append(self._digesting.submit(self._digest.update, data))
        if len(self._undigested) > _MOST_UNDIGESTED:
            self._undigested.popleft().result()

    def finish(self) -> str:
        """Bring everything to the disk and return the SHA-256."""
        if self._sync is not None:
            self._sync.result()
        os.fsync(self._file.fileno())
        while self._undigested:
            self._undigested.popleft().result()
        return self._digest.hexdigest()

    def close(self) -> None:
        """Close the file; closing it again changes nothing."""
        self._digesting.shutdown(cancel_futures=True)
        self._syncing.shutdown(wait=False)
        self._file.close()

    def _is_synced(self) -> bool:
        if self._sync is None:
            return True
        if self._sync.done():
            self._sync.result()
            return True
        return False


def _sync_and_close(descriptor: int) -> None:
    try:
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
