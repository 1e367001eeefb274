"""Folders for half-made things, and a journal so that what a crash leaves is cleared away."""

import fcntl
import json
import os
import re
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vmdesk.core import paths
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

_FOLDER = ".vmdesk-{token}"
_STAGE = re.compile(re.escape(_FOLDER).replace(r"\{token\}", "[0-9a-f]{16}"))
_JOURNAL = re.compile(r"([0-9a-f]{16})\.(journal|new)")

_NEW_SECONDS = 60.0

_Identity = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a sweep cleared away: in words what it was, when it began, and the files it took.

    ``size`` is the room in bytes that they took.
    """

    text: str
    started: float
    removed: tuple[Path, ...]
    size: int


class Stage:
    """A folder beside the target, and what was already put in place from it."""

    def __init__(self, folder: Path, journal: int) -> None:
        self.folder = folder
        self._journal = journal
        self._placed: list[tuple[Path, _Identity]] = []
        self._undo: list[Callable[[], object]] = []
        self.is_left_to_sweep = False

    def sync(self, files: Iterable[Path]) -> None:
        """Sync files: ahead of ``place``, where that must not take long, or after ``create``."""
        for source in files:
            _sync(source)

    def place(self, files: Mapping[Path, Path], uri: str = "", uuid: str = "") -> None:
        """Sync files of the folder and give them their final names; none is ever overwritten.

        With a ``uuid`` they belong to a machine that is defined next: if that never happens, they
        are removed again, by this stage or by a later sweep.
        """
        for source in files:
            _sync(source)
        entries = [(target, _identity(source)) for source, target in files.items()]
        written = [[str(target), *identity] for target, identity in entries]
        _append(self._journal, {"placed": written, "uri": uri, "uuid": uuid})
        for (source, target), entry in zip(files.items(), entries, strict=True):
            _move(source, target)
            self._placed.append(entry)
        for folder in {target.parent for target in files.values()}:
            _sync(folder)

    def create(self, target: Path, uri: str, uuid: str) -> None:
        """Make an empty file that is then filled in its final place, another file system for one.

        Otherwise like ``place``: the journal knows it before there is anything in it.
        """
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        os.close(os.open(target, flags, 0o600))
        identity = _identity(target)[:2]  # its size and time change with what is written
        _append(self._journal, {"placed": [[str(target), *identity]], "uri": uri, "uuid": uuid})
        self._placed.append((target, identity))

    def note_volume(
        self, pool: str, name: str, uri: str, uuid: str, delete: Callable[[], object]
    ) -> None:
        """Like ``place`` for a volume that was just made in a pool; ``delete`` removes it again."""
        _append(self._journal, {"placed": [], "volume": [pool, name], "uri": uri, "uuid": uuid})
        self._undo.append(delete)

    def replace(self, source: Path, target: Path) -> None:
        """Like ``place`` for one file, writing over what is there."""
        _sync(source)
        source.replace(target)
        _sync(target.parent)

    def take_back(self) -> None:
        """Remove what was put in place."""
        _remove_placed(self._placed)
        try:
            for delete in self._undo:
                delete()
        except OperationError:
            self.is_left_to_sweep = True  # libvirt can't be reached now


@contextmanager
def opened(folder: Path, text: str) -> Iterator[Stage]:
    """Yield a stage inside ``folder`` for the work that ``text`` names; it's gone afterwards.

    An error inside also takes back what was put in place, unless ``is_left_to_sweep`` is set.
    """
    token = os.urandom(8).hex()
    place = folder / _FOLDER.format(token=token)
    journal_path = _journals() / f"{token}.journal"
    journal = _open_journal(journal_path)
    stage = Stage(place, journal)
    try:
        _append(journal, {"text": text, "folder": str(place), "started": time.time()})
        place.mkdir(mode=0o700)
        try:
            yield stage
        except BaseException:
            if not stage.is_left_to_sweep:
                stage.take_back()
            raise
    finally:
        shutil.rmtree(place, ignore_errors=True)
        if not stage.is_left_to_sweep:
            journal_path.unlink()
        os.close(journal)


def chosen_folder(folder: Path) -> Path:
    """Return the folder that the user knows: for that of a stage the one in which it is."""
    return folder.parent if _STAGE.fullmatch(folder.name) else folder


def sweep(
    uri: str,
    is_defined: Callable[[str], bool],
    delete_volume: Callable[[str, str], object] = lambda _pool, _name: None,
) -> tuple[Leftover, ...]:
    """Clear away what died in the middle: at the start, and after a daemon came back.

    Files that were put in place for a machine stay if ``is_defined`` knows its UUID; those of
    another connection than ``uri`` wait for their own. Work that is still going on
    is left alone. ``delete_volume`` gets the pool and the name of a volume that was made for a
    machine that is not there.
    """
    leftovers = []
    for journal_path in sorted(_journals().iterdir()):
        match = _JOURNAL.fullmatch(journal_path.name)
        journal = None if match is None else _take_over(journal_path)
        if match is None or journal is None:
            continue
        try:
            leftover = _clear(_read(journal), match[1], uri, is_defined, delete_volume)
            if leftover is not None:
                journal_path.unlink(missing_ok=True)
                leftovers.append(leftover)
        finally:
            os.close(journal)
    return tuple(leftovers)


def _take_over(path: Path) -> int | None:
    """Open and lock the journal of a dead process; None if it is alive or has just finished."""
    try:
        journal = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(journal, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(journal)
        return None
    status = os.fstat(journal)
    # Without a name, it was finished (or swept) before it was locked: what it placed shall stay.
    is_finished = status.st_nlink == 0
    # Whoever makes a new one may not have come to lock it yet.
    is_new = path.suffix == ".new" and time.time() - status.st_mtime < _NEW_SECONDS
    if is_finished or is_new:
        os.close(journal)
        return None
    return journal


def _clear(
    entries: list[dict[str, Any]],
    token: str,
    uri: str,
    is_defined: Callable[[str], bool],
    delete_volume: Callable[[str, str], object],
) -> Leftover | None:
    placed = [entry for entry in entries if "placed" in entry]
    if any(entry["uri"] not in {"", uri} for entry in placed):
        return None
    removed: list[Path] = []
    size = 0
    for entry in placed:
        if not entry["uuid"] or not is_defined(entry["uuid"]):
            files = [(Path(path), tuple(identity)) for path, *identity in entry["placed"]]
            size += sum(_room(path) for path, identity in files if _is(path, identity))
            removed += _remove_placed(files)
            if "volume" in entry:
                delete_volume(*entry["volume"])
    head = entries[0] if entries else {}
    folder = Path(head.get("folder", ""))
    if folder.name == _FOLDER.format(token=token) and folder.is_dir() and not folder.is_symlink():
        removed.append(folder)
        size += sum(_room(path) for path in folder.iterdir())
        shutil.rmtree(folder, ignore_errors=True)
    return Leftover(head.get("text", ""), head.get("started", 0.0), tuple(removed), size)


def _remove_placed(files: list[tuple[Path, _Identity]]) -> list[Path]:
    removed = []
    for path, identity in files:
        if _is(path, identity):
            path.unlink()
            removed.append(path)
    return removed


def _is(path: Path, identity: _Identity) -> bool:
    # Somebody may have put another file there in the meantime.
    return path.exists() and not path.is_symlink() and _identity(path)[: len(identity)] == identity


def _room(path: Path) -> int:
    return path.stat(follow_symlinks=False).st_blocks * 512


def _journals() -> Path:
    folder = paths.state_dir() / "staging"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def _open_journal(path: Path) -> int:
    # A sweep must never see the journal without its lock.
    new = path.with_suffix(".new")
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC
    descriptor = os.open(new, flags, 0o600)
    fcntl.flock(descriptor, fcntl.LOCK_EX)
    new.rename(path)
    _sync(path.parent)  # or a power cut could take the journal and leave what it knows of
    return descriptor


def _append(journal: int, entry: dict[str, Any]) -> None:
    os.write(journal, json.dumps(entry).encode() + b"\n")
    os.fsync(journal)


def _read(journal: int) -> list[dict[str, Any]]:
    entries = []
    with os.fdopen(os.dup(journal), "rb") as file:
        for line in file:
            try:
                entries.append(json.loads(line))
            except ValueError:
                break  # the power was cut in the middle of this line
    return entries


def _move(source: Path, target: Path) -> None:
    try:
        os.link(source, target, follow_symlinks=False)
    except FileExistsError as exc:
        raise OperationError(
            _("The file {path} exists already.").format(path=target),
            _("Choose another name."),
            cause=Cause.INVALID_VALUE,
        ) from exc
    except PermissionError:  # such as FAT, which has no links
        if os.path.lexists(target):
            raise
        source.rename(target)
    else:
        source.unlink()


def _identity(path: Path) -> _Identity:
    # A file system gives the inode number of a removed file to the next one.
    status = path.stat(follow_symlinks=False)
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
