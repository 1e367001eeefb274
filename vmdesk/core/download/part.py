"""The begun file of a download: what is there of it, its digest, and the record beside it."""

import dataclasses
import os
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

from vmdesk.core.download import content, names
from vmdesk.core.download import record as download_record
from vmdesk.core.download.http import Remote
from vmdesk.core.download.record import Record, Slot
from vmdesk.core.download.sink import Sink
from vmdesk.core.formatting import MIB
from vmdesk.core.i18n import _
from vmdesk.core.job import Job


class Part:
    """A ``.part`` file open for writing at its end, and the SHA-256 of what is in it.

    Whoever uses one holds the lock of its slot, and closes or discards it.
    """

    def __init__(self, slot: Slot, record: Record, file: BinaryIO) -> None:
        self.slot = slot
        self.record = record
        self._file = file
        self._sink = Sink(file)

    @classmethod
    def create(cls, slot: Slot, remote: Remote, replaced: str) -> Self:
        """Begin an empty part under a name that nothing else in the library has.

        ``replaced`` is the name of an older copy from the same address, which may be taken.
        """
        for name in _candidates(remote.name, replaced):
            record = Record(
                slot.address,
                name,
                remote.length,
                remote.etag,
                remote.last_modified,
                remote.address,
            )
            path = download_record.part_of(slot, record)
            try:
                file = path.open("x+b", buffering=0)
            except FileExistsError:
                continue
            # Looked at with the part in place: whoever comes next keeps away from this name.
            if name == replaced or not (slot.library / name).exists():
                break
            file.close()
            path.unlink()
        part = cls(slot, record, file)
        download_record.save(slot.partial, record)
        return part

    @classmethod
    def found(cls, slot: Slot, job: Job) -> Self | None:
        """Open the part that an earlier download left behind, if there is one to go on with."""
        record = download_record.load(slot.partial)
        if record is None:
            return None
        path = download_record.part_of(slot, record)
        try:
            part = cls(slot, record, path.open("r+b", buffering=0))
        except FileNotFoundError:
            slot.partial.unlink()
            return None
        try:
            part._digest_rest(job)
        except BaseException:
            part.close()
            raise
        if part.size:
            return part
        part.discard()
        return None

    @property
    def size(self) -> int:
        """Bytes that are there."""
        return self._sink.size

    @property
    def path(self) -> Path:
        """Where the part is."""
        return download_record.part_of(self.slot, self.record)

    @property
    def head(self) -> bytes:
        """The beginning of what is there."""
        return os.pread(self._file.fileno(), content.HEAD_SIZE, 0)

    def is_of(self, remote: Remote) -> bool:
        """Tell whether a server's file is the one that this is a part of."""
        record = self.record
        return (
            record.is_resumable
            and remote.length == record.length
            and remote.etag in (record.etag, "")
            and remote.last_modified in (record.last_modified, "")
        )

    def append(self, data: bytes) -> None:
        """Write more of the file. Raises ``OSError`` when there is no room."""
        self._sink.append(data)

    def finish(self) -> Record:
        """Bring all to the disk, close the part and return the record of a complete file."""
        sha256 = self._sink.finish()
        mtime_ns = os.fstat(self._file.fileno()).st_mtime_ns
        self.close()
        return dataclasses.replace(self.record, length=self.size, sha256=sha256, mtime_ns=mtime_ns)

    def leave(self) -> None:
        """Close the part; it stays if a later download can go on with it."""
        if self.size and self.record.is_resumable:
            self.close()
        else:
            self.discard()

    def close(self) -> None:
        """Close the file; closing it again changes nothing."""
        self._sink.close()

    def discard(self) -> None:
        """Remove the part and its record."""
        self.close()
        self.path.unlink(missing_ok=True)
        self.slot.partial.unlink(missing_ok=True)

    def _digest_rest(self, job: Job) -> None:
        there = os.fstat(self._file.fileno()).st_size
        if not self.record.is_resumable or self.record.length is None:
            return
        # A byte is always left to ask for: only an answer with it shows that the file is the same.
        total = min(there, self.record.length - 1)
        text = _("Checking what is there of {name}").format(name=self.record.name)
        while self.size < total and (data := self._file.read(min(MIB, total - self.size))):
            self._sink.count(data)
            job.report(self.size, total, text)
        self._file.truncate(self.size)
        self._file.seek(self.size)


def _candidates(name: str, replaced: str) -> Iterator[str]:
    if replaced:
        yield replaced
    number = 1
    while True:
        yield names.numbered(name, number)
        number += 1
