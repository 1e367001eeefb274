"""What is remembered of a downloaded file, in a small JSON file for each address."""

import dataclasses
import hashlib
import json
import os
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import file_format

RECORDS = ".records"
"""The folder inside the library that holds the records and the locks."""


@dataclass(frozen=True, slots=True)
class Record:
    """Where a file came from and what its server said; lengths in bytes."""

    address: str
    name: str
    length: int | None
    etag: str
    last_modified: str
    source: str
    """Where the address redirected to: another mirror may have another version."""
    sha256: str = ""
    """Empty as long as the file isn't complete."""
    checked_with: str = ""
    """What the file was verified with: ``GIVEN``, the address of a list, or nothing."""
    mtime_ns: int = 0

    @property
    def validator(self) -> str:
        """What ``If-Range`` may carry (RFC 9110, 13.1.5): a strong ETag, or a date."""
        if self.etag and not self.etag.startswith("W/"):
            return self.etag
        return self.last_modified

    @property
    def is_resumable(self) -> bool:
        """Whether a server can be asked if it still has this very file."""
        return bool(self.validator) and bool(self.length)


GIVEN = "given"
"""``Record.checked_with`` for a checksum that the user gave."""


@dataclass(frozen=True, slots=True)
class Slot:
    """The place in a library for what comes from one address."""

    library: Path
    address: str

    @property
    def lock(self) -> Path:
        """The file that is locked while someone works on this slot."""
        return self._file("lock")

    @property
    def kept(self) -> Path:
        """The record of the complete file."""
        return self._file("json")

    @property
    def partial(self) -> Path:
        """The record of the file that is being downloaded."""
        return self._file("part.json")

    def _file(self, suffix: str) -> Path:
        key = hashlib.sha256(self.address.encode()).hexdigest()[:20]
        return self.library / RECORDS / f"{key}.{suffix}"


def prepare(slot: Slot) -> None:
    """Make the folders of a slot. The records are private: an address may hold a password."""
    slot.library.mkdir(parents=True, exist_ok=True)
    slot.lock.parent.mkdir(mode=0o700, exist_ok=True)
    file_format.admit(slot.lock.parent)


def part_of(slot: Slot, record: Record) -> Path:
    """Return the path of the begun file that ``record`` is about."""
    return slot.library / f"{record.name}.part"


def load(path: Path) -> Record | None:
    """Read a record; ``None`` if there is none or if it is damaged."""
    try:
        values = json.loads(path.read_text())
        record = Record(**values)
    except (OSError, ValueError, TypeError):
        return None
    numbers = ("length", "mtime_ns")
    is_sound = (
        all(isinstance(text, str) for key, text in values.items() if key not in numbers)
        and isinstance(record.length, int | None)
        and isinstance(record.mtime_ns, int)
        and Path(record.name).name == record.name != ""
    )
    return record if is_sound else None


def save(path: Path, record: Record) -> None:
    """Write a record so that a crash leaves the old one or the new one, never a half."""
    beside = path.with_name(path.name + ".new")
    with beside.open("w") as file:
        json.dump(dataclasses.asdict(record), file, indent=1)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
