"""Keep the last descriptions of each machine, so that a change can be taken back.

They are plain XML files in vmdesk's data folder, which ``virsh define`` reads as well. Only their
owner may read them: a description can hold the password of a display.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import paths
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

LIMIT = 20
"""How many descriptions are kept for each machine."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A description that was replaced, at ``saved_at`` (seconds since 1970)."""

    number: int
    saved_at: float
    path: Path


def entries(uuid: str) -> list[Entry]:
    """Return what is kept of a machine, newest first. A number never gets another meaning."""
    return sorted(_stored(uuid), key=lambda entry: -entry.number)


def text(uuid: str, number: int) -> str:
    """Return a kept description; raise ``OperationError`` (invalid value) if it is not there."""
    try:
        return _path(uuid, number).read_bytes().decode()
    except FileNotFoundError as exc:
        raise OperationError(
            _("Version {number} of this machine is not kept.").format(number=number),
            _("The last {limit} versions are.").format(limit=LIMIT),
            cause=Cause.INVALID_VALUE,
        ) from exc


def save(uuid: str, xml: str) -> Entry:
    """Keep a description that is about to be replaced, and let go of the oldest beyond the limit.

    Raises ``OperationError`` where it can't be written: then nothing must be replaced.
    """
    kept = entries(uuid)
    if kept and text(uuid, kept[0].number) == xml:
        return kept[0]
    try:
        entry = _write(uuid, xml, kept[0].number + 1 if kept else 1)
        for old in kept[LIMIT - 1 :]:
            old.path.unlink(missing_ok=True)
    except OSError as exc:
        raise OperationError(
            _("The present state of the machine can’t be kept, so nothing was changed."),
            _("Check the room and the permissions of {folder}.").format(folder=_folder(uuid)),
            str(exc),
        ) from exc
    return entry


def forget(uuid: str) -> None:
    """Drop all that is kept of a machine that was deleted."""
    for entry in _stored(uuid):
        entry.path.unlink(missing_ok=True)
    if _folder(uuid).is_dir():
        _folder(uuid).rmdir()


def _write(uuid: str, xml: str, number: int) -> Entry:
    folder = _folder(uuid)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = folder / f"{os.getpid()}.part"
    try:
        descriptor = os.open(part, os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(xml.encode())
            file.flush()
            os.fsync(file.fileno())
        # Another vmdesk may keep one at the same time: a link never replaces.
        while not _link(part, path := _path(uuid, number)):
            number += 1
    finally:
        part.unlink(missing_ok=True)
    return Entry(number, path.stat().st_mtime, path)


def _link(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return False
    return True


def _stored(uuid: str) -> Iterator[Entry]:
    for path in _folder(uuid).glob("*.xml"):
        if path.stem.isdecimal():
            yield Entry(int(path.stem), path.stat().st_mtime, path)


def _path(uuid: str, number: int) -> Path:
    return _folder(uuid) / f"{number:06}.xml"


def _folder(uuid: str) -> Path:
    return paths.data_dir() / "history" / uuid
