"""The server itself: waitress behind the guard, on one socket, until it is told to stop."""

import json
import socket
import tempfile
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser
from waitress.server import create_server
from waitress.utilities import Error

from vmdesk.api import app, guard
from vmdesk.api.endpoints import UPLOADS
from vmdesk.api.guard import Guard, Head, Refusal
from vmdesk.api.jobs import MAXIMUM_RUNNING, Jobs
from vmdesk.api.live_host import LiveHost
from vmdesk.api.services import Services
from vmdesk.core.folders import Folders
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.storage import places

HEAD_TIMEOUT = 20
"""Seconds that a client has for its headers."""
IDLE_TIMEOUT = 60
"""Seconds without a byte after which a connection is closed that waits for no answer."""
IDLE_LOOK_INTERVAL = 5
"""Seconds between two looks for such connections."""
CONNECTIONS = 500
_CHUNK = 64 * 1024
END_TIMEOUT = 5
"""Seconds that answers have to get out when the server stops."""


class _RefusedError(Error):  # type: ignore[misc]
    """An answer of waitress's own kind, as JSON."""

    def __init__(self, refusal: Refusal) -> None:
        self.code = refusal.status.value
        self.reason = refusal.status.phrase
        super().__init__({"error": refusal.error, "hint": refusal.hint})

    def to_response(self, ident: str | None = None) -> tuple[str, list[tuple[str, str]], bytes]:
        """Return status, headers and body."""
        headers = [("Content-Type", "application/json"), ("Connection", "close")]
        if self.code == HTTPStatus.UNAUTHORIZED:
            headers.append(("WWW-Authenticate", "Bearer"))
        return f"{self.code} {self.reason}", headers, json.dumps(self.body).encode()


class _Parser(HTTPRequestParser):  # type: ignore[misc]
    """Reads a request, and asks the guard as soon as its head is there."""

    guard: Guard
    error: Any

    def __init__(self, settings: object) -> None:
        super().__init__(settings)
        self._began = time.monotonic()
        self._header_count = 0
        self._is_looked_at = False

    def parse_header(self, header_plus: bytes) -> None:
        """Parse the head, and count its lines."""
        self._header_count = header_plus.count(b"\n") - 1
        super().parse_header(header_plus)

    def received(self, data: bytes) -> int:
        """Take the next bytes, and return how many of them belong to this request."""
        consumed = int(super().received(data))
        if self.error is not None:
            self._refuse(Refusal(HTTPStatus(self.error.code), f"{self.error.reason}."))
        elif not self.headers_finished:
            if time.monotonic() - self._began > HEAD_TIMEOUT:
                self._refuse(Refusal(HTTPStatus.REQUEST_TIMEOUT, _("The headers took too long.")))
        elif not self._is_looked_at and not self.empty:
            self._is_looked_at = True
            refusal = self.guard.look_at(self._head())
            if refusal is not None:
                self._refuse(refusal)
        return consumed

    def _head(self) -> Head:
        return Head(
            method=self.command,
            path=self.path,
            headers=self.headers,
            header_count=self._header_count,
            length=self.content_length,
            is_chunked=self.chunked,
        )

    def _refuse(self, refusal: Refusal) -> None:
        if isinstance(self.error, _RefusedError):
            return
        self.error = _RefusedError(refusal)
        self.completed = True
        # Else waitress would ask for the body.
        self.expect_continue = False


class Server:
    """Answers on a socket that is bound already."""

    def __init__(
        self, listener: socket.socket, uri: str, token: str, hosts: set[str], folders: Folders
    ) -> None:
        self._live = LiveHost(uri)
        self._jobs = Jobs()
        self._stopping = threading.Event()
        self._map: dict[int, Any] = {}
        # Waitress keeps bodies in unnamed files until they are whole; here there is room for them.
        folders.disks.mkdir(parents=True, exist_ok=True)
        tempfile.tempdir = str(folders.disks)
        self._waitress = create_server(
            app.build(Services(self._live, self._jobs, folders)),
            map=self._map,
            sockets=[listener],
            threads=2 * MAXIMUM_RUNNING,
            ident="vmdesk",
            connection_limit=CONNECTIONS,
            channel_timeout=IDLE_TIMEOUT,
            cleanup_interval=IDLE_LOOK_INTERVAL,
            recv_bytes=_CHUNK,
            max_request_header_size=guard.MAXIMUM_HEAD,
            # The guard knows how large a body may be.
            max_request_body_size=2**62,
            asyncore_use_poll=True,
        )
        # For a moment an upload is there twice: as a body, and as the file that was in it.
        watch = Guard(token, hosts, UPLOADS, lambda: places.free_room(folders.disks) // 2)
        parser = type("Parser", (_Parser,), {"guard": watch})
        self._waitress.channel_class = type("Channel", (HTTPChannel,), {"parser_class": parser})

    def run(self, job: Job, is_listening: Callable[[], object]) -> None:
        """Answer until ``job`` is cancelled; then cancel what goes on, and raise ``Cancelled``."""
        with job.stopping_with(self._stop):
            try:
                is_listening()
                while not self._stopping.is_set():
                    wasyncore.loop(timeout=1, use_poll=True, map=self._map, count=1)
            finally:
                self._end()

    def _stop(self) -> None:
        self._stopping.set()
        self._waitress.pull_trigger()

    def _end(self) -> None:
        self._jobs.stop()
        self._waitress.task_dispatcher.shutdown(timeout=END_TIMEOUT)
        wasyncore.close_all(self._map)
        self._live.close()
