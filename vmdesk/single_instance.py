"""One window for each connection: a second start hands its files to the first and ends.

Whoever holds the lock beside the socket is the first. Both are in the user's runtime folder, which
nobody else can enter; without such a folder, each start has its own window.
"""

import fcntl
import json
import logging
import os
import socket
import stat
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from vmdesk.core import connections
from vmdesk.local_socket import MAXIMUM_CONNECTIONS, MAXIMUM_MESSAGE, PATIENCE, Caller, Listener

_TAKEN_IN = b"ok\n"
_KEYS = {"files": list, "new": bool, "token": str}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wish:
    """What a start was asked to show. ``token`` lets a Wayland window come to the front."""

    files: tuple[str, ...] = ()
    new: bool = False
    token: str = ""


def socket_path(uri: str) -> Path | None:
    """Return the socket of the window for a connection, or ``None`` without a safe folder."""
    folder = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    try:
        found = folder.stat()
    except OSError:
        return None
    # https://specifications.freedesktop.org/basedir-spec/latest/: mode 0700, owned by the user
    if not folder.is_absolute() or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        return None
    # The path of a socket has 107 bytes at most, and an address may have more.
    return folder / f"vmdesk-{connections.file_name(uri)}.socket"


def hand_over(path: Path, wish: Wish) -> bool:
    """Have the window behind ``path`` show what is wished; tell whether it has taken that in."""
    message = json.dumps(asdict(wish)).encode() + b"\n"
    with socket.socket(socket.AF_UNIX) as client:
        client.settimeout(PATIENCE)
        try:
            client.connect(str(path))
            client.sendall(message)
            return client.recv(len(_TAKEN_IN)) == _TAKEN_IN
        except OSError:
            return False


@dataclass(frozen=True, slots=True)
class Claim:
    """What makes a process the first: the lock's descriptor, and a socket that listens."""

    lock: int
    listener: socket.socket


def claim(path: Path) -> Claim | None:
    """Become the first, or return ``None`` if there is one, or nobody can be."""
    lock = os.open(path.with_suffix(".lock"), os.O_RDWR | os.O_CREAT, 0o600)
    listener = socket.socket(socket.AF_UNIX)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Only the holder of the lock gets here, so a socket that is left is a dead one's.
        path.unlink(missing_ok=True)
        listener.bind(str(path))
        path.chmod(stat.S_IRUSR | stat.S_IWUSR)
        listener.listen(MAXIMUM_CONNECTIONS)
    except OSError as exc:
        if not isinstance(exc, BlockingIOError):
            _log.warning("Later starts can't be heard: %s", exc)
        listener.close()
        os.close(lock)
        return None
    return Claim(lock, listener)


class FirstInstance(QObject):
    """Listens for later starts while this process lives."""

    wished = Signal(object)
    """A ``Wish``; an empty one is a wish to see the window."""

    def __init__(self, claim: Claim, parent: QObject) -> None:
        super().__init__(parent)
        self._lock = claim.lock
        self._listener = Listener(claim.listener, self)
        self._listener.called.connect(self._hear)

    def close(self) -> None:
        """Listen no more; the next start is the first."""
        self._listener.close()
        os.close(self._lock)

    def _hear(self, caller: Caller) -> None:
        wish = parse(caller.line)
        if wish is not None:
            caller.answer(_TAKEN_IN)
        caller.close()
        if wish is not None:
            self.wished.emit(wish)


def parse(line: bytes) -> Wish | None:
    """Read a message; ``None`` for one that is too long or no wish."""
    if len(line) > MAXIMUM_MESSAGE:
        return None
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.keys() != _KEYS.keys():
        return None
    if not all(isinstance(said[key], kind) for key, kind in _KEYS.items()):
        return None
    if not all(isinstance(file, str) for file in said["files"]):
        return None
    return Wish(tuple(said["files"]), said["new"], said["token"])


def absolute(sources: Sequence[str]) -> tuple[str, ...]:
    """Return files by their full names, for a process in another folder; addresses as they are."""
    return tuple(s if "://" in s else str(Path(s).absolute()) for s in sources)
