"""A local socket that the user's other programs say one line to; others are not heard."""

import logging
import os
import socket
import struct
from pathlib import Path

from PySide6.QtCore import QObject, QSocketNotifier, QTimer, Signal

MAXIMUM_MESSAGE = 256 * 1024
"""Bytes of one message, which may name files: more than a command line of many has."""
MAXIMUM_CONNECTIONS = 8
PATIENCE = 5.0
"""Seconds after which either side takes the other for dead."""
_PEER = struct.Struct("3i")  # struct ucred of unix(7): process, user, group

_log = logging.getLogger(__name__)


class Listener(QObject):
    """Accepts callers at a socket that listens already; it owns the socket."""

    called = Signal(object)
    """A ``Caller`` that has said its line: answer it, and hang up."""

    def __init__(self, listener: socket.socket, parent: QObject) -> None:
        super().__init__(parent)
        listener.setblocking(False)
        self._listener = listener
        self._callers: set[Caller] = set()
        notifier = QSocketNotifier(listener.fileno(), QSocketNotifier.Type.Read, self)
        notifier.activated.connect(self._accept)
        self._notifier = notifier

    def close(self) -> None:
        """Listen no more, and take the socket away."""
        self._notifier.setEnabled(False)
        for caller in tuple(self._callers):
            caller.close()
        Path(self._listener.getsockname()).unlink(missing_ok=True)
        self._listener.close()

    def _accept(self) -> None:
        try:
            connection, _address = self._listener.accept()
        except OSError:
            return  # it has gone away again
        if len(self._callers) >= MAXIMUM_CONNECTIONS or _user_of(connection) != os.geteuid():
            connection.close()
            return
        caller = Caller(connection, self)
        caller.said.connect(self.called)
        self._callers.add(caller)
        caller.closed.connect(self._callers.discard)


class Caller(QObject):
    """One program at the other end. It has a moment to say its line, and may wait for an answer."""

    said = Signal(object)
    """This caller, once its ``line`` is whole."""
    closed = Signal(object)
    """This caller, whoever has hung up."""

    def __init__(self, connection: socket.socket, parent: QObject) -> None:
        super().__init__(parent)
        connection.setblocking(False)
        self._connection = connection
        self._heard = bytearray()
        self._notifier = QSocketNotifier(connection.fileno(), QSocketNotifier.Type.Read, self)
        self._notifier.activated.connect(self._read)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.close)
        self._timer.start(round(PATIENCE * 1000))

    @property
    def line(self) -> bytes:
        """What was said."""
        return bytes(self._heard)

    def answer(self, words: bytes) -> None:
        """Say something back."""
        try:
            self._connection.send(words)
        except OSError:
            _log.info("A caller did not wait for the answer")

    def close(self) -> None:
        """Hang up."""
        if self._connection.fileno() < 0:
            return
        self._timer.stop()
        self._notifier.setEnabled(False)
        self._connection.close()
        self.closed.emit(self)
        self.deleteLater()

    def _read(self) -> None:
        try:
            piece = self._connection.recv(MAXIMUM_MESSAGE)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        is_waiting = self._heard.endswith(b"\n")
        self._heard += piece
        if not piece or is_waiting or len(self._heard) > MAXIMUM_MESSAGE:
            self.close()
        elif self._heard.endswith(b"\n"):
            self._timer.stop()
            self.said.emit(self)


def _user_of(connection: socket.socket) -> int:
    """Return the user at the other end, as the kernel knows him."""
    peer = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _PEER.size)
    return int(_PEER.unpack(peer)[1])
