"""A real web server on loopback that can be told to fail as the servers of the world do.

    with IsoServer() as server:
        page = server.add("/debian.iso", make_iso(1_000_000))
        page.faults.append(Fault(cut_after=300_000))  # the next GET only; then all is well
        download(server.url("/debian.iso"))
        assert [r.status for r in server.requests_for("/debian.iso")] == [200, 206]

It speaks HTTP/1.1 with Range, If-Range, ETag, Last-Modified and conditional requests, one thread
for each connection, and can be reached from other processes too. ``IsoServer(tls=True)`` speaks
https with a certificate that nobody trusts.
"""

import random
import shlex
import socket
import ssl
import subprocess
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from hashlib import sha256
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self

SECTOR = 2048
DEADLINE = 20.0
"""Seconds after which a wait for the server gives up."""


def make_iso(size: int, seed: int = 0) -> bytes:
    """Return ``size`` bytes (whole sectors, 17 or more) that have an ISO 9660 volume descriptor.

    What follows it is noise made from ``seed``, so that a misplaced byte shows.
    """
    sectors = size // SECTOR
    descriptor = bytearray(SECTOR)
    descriptor[0:7] = b"\x01CD001\x01"
    descriptor[80:88] = sectors.to_bytes(4, "little") + sectors.to_bytes(4, "big")
    noise = random.Random(seed).randbytes((sectors - 17) * SECTOR)
    return bytes(16 * SECTOR) + bytes(descriptor) + noise


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one answer. Figures count the bytes of this answer's body."""

    cut_after: int | None = None
    stall_after: int | None = None
    hang_up: bool = False
    """Close the connection without an answer."""
    silent: bool = False
    """Take the request and never answer."""
    status: int | None = None
    redirect_to: str = ""
    claim_length: int | None = None
    """The size of the file that the headers lie about."""
    pace: int | None = None
    """Bytes for each second."""
    ignore_range: bool = False
    ignore_if_range: bool = False
    """Send a part though the file is not the one that the client has a part of."""
    shift_range: int = 0
    """Begin so many bytes after the asked place, and say so."""
    chunked: bool = False
    """Send no Content-Length."""


@dataclass(slots=True)
class Page:
    """What the server has under one path. Change it at any time; the next request sees it."""

    content: bytes | Path
    etag: str = ""
    last_modified: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    allows_head: bool = True
    faults: deque[Fault] = field(default_factory=deque)
    """One for each coming GET, in order; after them comes ``always``."""
    always: Fault = Fault()

    @property
    def size(self) -> int:
        content = self.content
        return len(content) if isinstance(content, bytes) else content.stat().st_size

    def replace(self, content: bytes) -> None:
        """Put another file in its place, with its own ETag and a later date."""
        self.content = content
        self.etag = f'"{sha256(content).hexdigest()[:16]}"'
        self.last_modified = formatdate(time.time() + random.randint(10, 10**6), usegmt=True)


@dataclass(slots=True)
class Request:
    """A request that the server got, and what became of it."""

    method: str
    path: str
    headers: dict[str, str]
    status: int = 0
    sent: int = 0
    """Bytes of the body that were sent so far."""
    stalled: bool = False


class IsoServer:
    """The server; a context manager that listens while inside."""

    def __init__(self, tls: bool = False) -> None:
        self.pages: dict[str, Page] = {}
        self.requests: list[Request] = []
        self.changed = threading.Condition()
        self.closing = threading.Event()
        self.connections: set[socket.socket] = set()
        self._tls = _untrusted_certificate() if tls else b""
        self._http: ThreadingHTTPServer | None = None
        self._thread: threading.Thread | None = None
        self.port = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, exc: BaseException | None, tb: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Listen, after a ``stop`` on the same port as before."""
        self.closing.clear()
        handler = type("Handler", (_Handler,), {"iso_server": self})
        self._http = _Http(("127.0.0.1", self.port), handler)
        self.port = self._http.server_address[1]
        if self._tls:
            self._http.socket = _context(self._tls).wrap_socket(
                self._http.socket, server_side=True, do_handshake_on_connect=False
            )
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,))
        self._thread.start()

    def stop(self) -> None:
        """Cut every connection and refuse new ones, until ``start``."""
        if self._http is None or self._thread is None:
            return
        self.closing.set()
        self._http.shutdown()
        self._thread.join()
        with self.changed:
            for connection in self.connections:
                _shut(connection)
        self._http.server_close()
        self._http = None

    def add(self, path: str, content: bytes | Path, always: Fault | None = None) -> Page:
        """Serve ``content`` under ``path`` with an ETag and a date; return it to be changed."""
        page = Page(content, always=always or Fault())
        page.etag = f'"{sha256(str(content).encode()).hexdigest()[:16]}"'
        page.last_modified = formatdate(1_700_000_000, usegmt=True)
        self.pages[path] = page
        return page

    def url(self, path: str) -> str:
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}{path}"

    def certificate(self, folder: Path) -> Path:
        """Write the certificate into ``folder``, for a client that is to trust it."""
        path = folder / "certificate.pem"
        path.write_bytes(self._tls)
        return path

    def requests_for(self, path: str, method: str = "GET") -> list[Request]:
        with self.changed:
            return [r for r in self.requests if (r.method, r.path) == (method, path)]

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Block until ``condition`` holds; it is looked at after whatever the server does."""
        with self.changed:
            assert self.changed.wait_for(condition, DEADLINE), self.requests

    def wait_for_bytes(self, path: str, count: int) -> None:
        """Block until ``count`` bytes of ``path`` were sent, over all GETs together."""
        self.wait_until(lambda: sum(r.sent for r in self.requests if r.path == path) >= count)

    def wait_for_stall(self, path: str) -> None:
        """Block until an answer for ``path`` has stalled."""
        self.wait_until(lambda: any(r.stalled for r in self.requests if r.path == path))


class _Http(ThreadingHTTPServer):
    daemon_threads = False
    request_queue_size = 64

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of clients that went away or refused the certificate."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    iso_server: IsoServer
    connection: socket.socket

    def setup(self) -> None:
        with self.iso_server.changed:
            self.iso_server.connections.add(self.request)
        super().setup()

    def finish(self) -> None:
        with self.iso_server.changed:
            self.iso_server.connections.discard(self.request)
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
        """Keep the test output clean."""

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self._answer()

    def _answer(self) -> None:
        request = Request(self.command, self.path, {k.lower(): v for k, v in self.headers.items()})
        page = self.iso_server.pages.get(self.path)
        with self.iso_server.changed:
            self.iso_server.requests.append(request)
            take_fault = page is not None and page.faults and self.command == "GET"
            fault = (
                page.faults.popleft() if page and take_fault else (page.always if page else Fault())
            )
        try:
            if fault.hang_up:
                self.close_connection = True
            elif fault.silent:
                self._stall(request)
            elif page is None:
                self._short(request, HTTPStatus.NOT_FOUND)
            elif self.command == "HEAD" and not page.allows_head:
                self._short(request, HTTPStatus.METHOD_NOT_ALLOWED)
            elif fault.redirect_to:
                self._short(request, HTTPStatus.FOUND, {"Location": fault.redirect_to})
            elif fault.status:
                self._short(request, fault.status)
            else:
                self._file(request, page, fault)
        except OSError:
            self.close_connection = True

    def _short(self, request: Request, status: int, headers: dict[str, str] | None = None) -> None:
        body = f"<html><h1>{status}</h1></html>".encode()
        self._head(request, status, {"Content-Length": str(len(body)), **(headers or {})})
        if self.command != "HEAD":
            self.wfile.write(body)

    def _head(self, request: Request, status: int, headers: dict[str, str]) -> None:
        with self.iso_server.changed:
            request.status = status
            self.iso_server.changed.notify_all()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def _file(self, request: Request, page: Page, fault: Fault) -> None:
        size = fault.claim_length if fault.claim_length is not None else page.size
        headers = dict(page.headers)
        if page.etag:
            headers["ETag"] = page.etag
        if page.last_modified:
            headers["Last-Modified"] = page.last_modified
        if page.etag and request.headers.get("if-none-match") == page.etag:
            self._head(request, HTTPStatus.NOT_MODIFIED, headers)
            return
        start = None if fault.ignore_range else self._range_start(request, page, fault)
        if start is not None and start >= page.size:
            headers["Content-Range"] = f"bytes */{page.size}"
            self._short(request, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers)
            return
        status, end = HTTPStatus.OK, size
        if start is not None:
            status = HTTPStatus.PARTIAL_CONTENT
            end = self._range_end(request, size)
            headers["Content-Range"] = f"bytes {start}-{end - 1}/{size}"
        if fault.chunked:
            headers["Transfer-Encoding"] = "chunked"
        else:
            headers["Content-Length"] = str(end - (start or 0))
        self._head(request, status, headers)
        if self.command != "HEAD":
            self._body(request, page, fault, start or 0, min(end, page.size))
            self.close_connection = self.close_connection or end > page.size

    def _range_start(self, request: Request, page: Page, fault: Fault) -> int | None:
        wanted = request.headers.get("range", "")
        is_same = request.headers.get("if-range") in (None, page.etag, page.last_modified)
        if not wanted or not (is_same or fault.ignore_if_range):
            return None
        return int(wanted.removeprefix("bytes=").split("-")[0]) + fault.shift_range

    def _range_end(self, request: Request, size: int) -> int:
        last = request.headers["range"].split("-")[1]
        return min(int(last) + 1, size) if last else size

    def _body(self, request: Request, page: Page, fault: Fault, start: int, end: int) -> None:
        limits = [n for n in (fault.cut_after, fault.stall_after) if n is not None]
        stop = min([end, *(start + n for n in limits)])
        block = max(1, fault.pace // 20) if fault.pace else 256 * 1024
        while start < stop and not self.iso_server.closing.is_set():
            count = min(block, stop - start)
            self._send(page, start, count, fault)
            start += count
            with self.iso_server.changed:
                request.sent += count
                self.iso_server.changed.notify_all()
            if fault.pace:
                self.iso_server.closing.wait(count / fault.pace)
        if fault.stall_after is not None:
            self._stall(request)
        if limits:
            _shut(self.connection)
            self.close_connection = True
        elif fault.chunked:
            self.wfile.write(b"0\r\n\r\n")

    def _stall(self, request: Request) -> None:
        with self.iso_server.changed:
            request.stalled = True
            self.iso_server.changed.notify_all()
        self.iso_server.closing.wait()
        self.close_connection = True

    def _send(self, page: Page, start: int, count: int, fault: Fault) -> None:
        if fault.chunked:
            self.wfile.write(f"{count:x}\r\n".encode())
        if isinstance(page.content, bytes):
            self.wfile.write(page.content[start : start + count])
        else:
            with page.content.open("rb") as file:
                self.connection.sendfile(file, start, count)
        if fault.chunked:
            self.wfile.write(b"\r\n")


def _shut(connection: socket.socket) -> None:
    try:
        connection.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # it is closed already


def _untrusted_certificate() -> bytes:
    """Make a key and a certificate for 127.0.0.1 that no authority has signed, as PEM."""
    made = subprocess.run(
        shlex.split(
            "openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1"
            " -addext subjectAltName=IP:127.0.0.1 -keyout - -out -"
        ),
        check=True,
        capture_output=True,
    )
    return made.stdout


def _context(certificate: bytes) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile() as file:
        file.write(certificate)
        file.flush()
        context.load_cert_chain(file.name)
    return context
