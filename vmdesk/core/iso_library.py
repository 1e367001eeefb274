"""The library of installation discs: fetch one from anywhere, once, and know if it is genuine."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from vmdesk.core import checksums, kept_discs, lock
from vmdesk.core.download import checksums as download_checksums
from vmdesk.core.download import content, errors, http, names, transfer
from vmdesk.core.download import record as download_record
from vmdesk.core.download.record import Record, Slot
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.kept_discs import Iso, SourceInfo

if TYPE_CHECKING:
    from vmdesk.core.download.http import Patience
    from vmdesk.core.download.part import Part


def fetch(
    source: str,
    library: Path,
    job: Job,
    sha256: str | None = None,
    patience: Patience | None = None,
) -> Iso:
    """Return the disc image that an http, https or file address or a local path names.

    A local file is used where it is. Anything else is downloaded into ``library``, or found
    there: callers with one address, also in other processes, share one download. ``sha256`` is
    compared if given, else the checksum that the server publishes. Raises ``OperationError``.
    """
    expected = checksums.normalised(sha256) if sha256 else None
    path = local_path(source)
    if path is not None:
        return _local(path, job, expected)
    slot = Slot(library, http.parsed(source))
    try:
        download_record.prepare(slot)
        with lock.exclusive(slot.lock, job, lambda: _report_other(slot, job)):
            return _fetch(slot, job, expected, patience or http.Patience())
    except OSError as exc:
        raise errors.from_storage(exc, str(library)) from exc


def probe(source: str, library: Path, job: Job) -> SourceInfo:
    """Say what ``source`` is without fetching it, within seconds. Raises ``OperationError``."""
    path = local_path(source)
    if path is not None:
        _require_local_disc(path)
        return _info(path.name, path.stat().st_size, True)
    slot = Slot(library, http.parsed(source))
    kept = kept_discs.kept(slot)
    if kept is not None:
        return _info(kept.name, kept.length, True)
    remote = http.look(slot.address, job)
    return _info(remote.name, remote.length, False)


def _fetch(slot: Slot, job: Job, expected: str | None, patience: Patience) -> Iso:
    kept = kept_discs.kept(slot)
    if kept is not None:
        if expected == kept.sha256 and kept.checked_with != download_record.GIVEN:
            kept = dataclasses.replace(kept, checked_with=download_record.GIVEN)
            download_record.save(slot.kept, kept)
        if expected == kept.sha256 or (expected is None and _is_current(slot, kept, job)):
            return kept_discs.described(slot.library / kept.name, kept.checked_with)
    part, final_address = transfer.run(slot, kept.name if kept else "", job, patience)
    return _admit(part, final_address, expected, job)


def _admit(part: Part, final_address: str, expected: str | None, job: Job) -> Iso:
    """Verify a complete download and give it its final name."""
    slot = part.slot
    try:
        record = part.finish()
        content.require_whole(content.head_of(part.path), part.size, record.name)
        record = _verified(record, final_address, expected, job)
    except (OperationError, OSError):
        part.discard()
        raise
    finally:
        part.close()
    # The record goes first: a file without one would be downloaded again under another name,
    # while a record without its file is known for what it is.
    download_record.save(slot.kept, record)
    path = part.path.replace(slot.library / record.name)
    download_record.sync_folder(slot.library)
    slot.partial.unlink()
    return kept_discs.described(path, record.checked_with)


def _verified(record: Record, final_address: str, expected: str | None, job: Job) -> Record:
    checked_with = download_record.GIVEN
    if expected is None:
        job.report(0, 0, _("Verifying {name}").format(name=record.name))
        published = download_checksums.published((record.address, final_address), job)
        if published is None:
            return record
        expected, checked_with = published
    require_same(record.sha256, expected, record.name)
    return dataclasses.replace(record, checked_with=checked_with)


def require_same(actual: str, expected: str, name: str) -> None:
    """Raise ``OperationError`` (bad input) if the checksum of a disc is not the expected one."""
    if actual != expected:
        raise OperationError(
            _("The checksum of {name} differs: the file is damaged or not the one meant.").format(
                name=name
            ),
            _("Try again, or download it from another server. Don’t use this file."),
            f"expected {expected}\nfound    {actual}",
            Cause.BAD_INPUT,
        )


def _is_current(slot: Slot, kept: Record, job: Job) -> bool:
    try:
        remote = http.look(slot.address, job)
    except OperationError:
        return True  # a complete copy is better than none
    if remote.length not in (kept.length, None):
        return False
    # The date goes first: mirrors agree about it, while each has ETags of its own.
    if remote.last_modified and kept.last_modified:
        return remote.last_modified == kept.last_modified
    return not remote.etag or not kept.etag or remote.etag == kept.etag


def _report_other(slot: Slot, job: Job) -> None:
    """Report how far another's download of the same address is."""
    record = download_record.load(slot.partial)
    if record is None:
        job.report(0, 0, _("Waiting for another download of the same file"))
        return
    try:
        done = download_record.part_of(slot, record).stat().st_size
    except FileNotFoundError:
        return
    job.report(done, record.length or 0, transfer.progress_text(record.name))


def local_path(source: str) -> Path | None:
    """Return the path if ``source`` names a file of this computer, or nothing."""
    text = source.strip()
    scheme, mark, rest = text.partition("://")
    if not mark:
        return Path(text).expanduser() if text else _refuse(source)
    if scheme.lower() != "file":
        return None
    host, slash, path = rest.partition("/")
    return Path(unquote(slash + path)) if host in ("", "localhost") else _refuse(source)


def _refuse(source: str) -> Path:
    raise errors.bad_address(source)


def _local(path: Path, job: Job, expected: str | None) -> Iso:
    _require_local_disc(path)
    if expected is None:
        return kept_discs.described(path, "")
    text = _("Verifying {name}").format(name=path.name)
    require_same(checksums.of_file(path, job, text), expected, path.name)
    return kept_discs.described(path, download_record.GIVEN)


def _require_local_disc(path: Path) -> None:
    try:
        if not path.is_file():
            raise OperationError(
                _("There is no file {path}.").format(path=path),
                _("Choose an ISO file, or give an address that begins with http:// or https://."),
                cause=Cause.BAD_INPUT,
            )
        head = content.head_of(path)
    except OSError as exc:
        raise OperationError(
            _("{path} can’t be read.").format(path=path),
            _("Check who may read the file."),
            str(exc),
            Cause.BAD_INPUT,
        ) from exc
    content.require_disc(head, path.name)


def _info(file_name: str, size: int | None, is_here: bool) -> SourceInfo:
    return SourceInfo(names.of_machine(file_name), file_name, size, is_here)
