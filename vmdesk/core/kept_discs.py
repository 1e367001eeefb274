"""The installation discs in the library: which there are, and whether they are genuine.

How one gets there is the matter of ``iso_library``, which needs requests, 9 MiB in a tenth of a
second: whoever only wants to know what is here does without it.
"""

from __future__ import annotations

import enum
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from vmdesk.core.download import content
from vmdesk.core.download import record as download_record
from vmdesk.core.i18n import _

if TYPE_CHECKING:
    from vmdesk.core.download.record import Record, Slot


class Verification(enum.Enum):
    """Whether a disc image was compared with a checksum, and was the same."""

    VERIFIED = "verified"
    NOT_VERIFIED = "not verified"


@dataclass(frozen=True, slots=True)
class Iso:
    """A disc image on this computer; ``size`` in bytes."""

    path: Path
    size: int
    verification: Verification
    checked_with: str = ""
    """The address of the list that had its checksum, or nothing if the user gave it."""

    @property
    def description(self) -> str:
        """How it was verified, as a sentence for the user."""
        if self.verification is Verification.NOT_VERIFIED:
            return _("Not verified: no checksum of it is known.")
        if not self.checked_with:
            return _("Verified with the checksum that you gave.")
        parts = urlsplit(self.checked_with)
        return _("Verified with {file} of {host}.").format(
            file=unquote(parts.path.rpartition("/")[2]), host=parts.hostname
        )


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What can be said about a source before it is fetched; ``size`` in bytes, if known."""

    name: str
    """A name for a machine that is made from it."""
    file_name: str
    size: int | None
    is_here: bool
    """Whether nothing has to be downloaded."""


def in_library(library: Path) -> list[Iso]:
    """Return the disc images in the library by name, also those that a user put there."""
    records = [download_record.load(path) for path in library.glob(f"{download_record.RECORDS}/*")]
    known = {record.name: record for record in records if record and record.sha256}
    found = []
    for path in sorted(library.glob("[!.]*")):
        if path.suffix == ".part" or not path.is_file() or not os.access(path, os.R_OK):
            continue
        if content.is_disc(content.head_of(path)):
            record = known.get(path.name)
            is_same = record is not None and is_untouched(path, record)
            checked_with = record.checked_with if record is not None and is_same else ""
            found.append(described(path, checked_with))
    return found


def kept(slot: Slot) -> Record | None:
    """Return the record of the slot's complete file if it is there as it was downloaded."""
    record = download_record.load(slot.kept)
    if record is None or not record.sha256:
        return None
    return record if is_untouched(slot.library / record.name, record) else None


def is_untouched(path: Path, record: Record) -> bool:
    """Say whether a file is as it was when its record was written."""
    try:
        status = path.stat()
    except OSError:
        return False
    return (status.st_size, status.st_mtime_ns) == (record.length, record.mtime_ns)


def described(path: Path, checked_with: str) -> Iso:
    """Describe a disc; ``checked_with`` is what its record has, or nothing."""
    given = checked_with == download_record.GIVEN
    state = Verification.VERIFIED if checked_with else Verification.NOT_VERIFIED
    return Iso(path, path.stat().st_size, state, "" if given else checked_with)
