"""Ask web servers for files so that a cancel is felt at once, whatever the network does."""

import contextlib
import os
import re
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from urllib.parse import urldefrag, urlsplit

import requests
import urllib3

from vmdesk.core.download import errors
from vmdesk.core.download import names as download_names
from vmdesk.core.job import Job

_FAILURES = (requests.RequestException, urllib3.exceptions.HTTPError, OSError, ValueError)
_MAX_REDIRECTS = 10
_CONTENT_RANGE = re.compile(r"bytes (?:(\d+)-\d+|\*)/(\d+)")
# A transfer coding would make ranges and lengths count something other than the file.
_HEADERS = {"Accept-Encoding": "identity", "User-Agent": "vmdesk"}


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for a server, in seconds; ``pauses`` come before one more try each."""

    connect: float = 10
    stall: float = 30
    pauses: tuple[float, ...] = (0.5, 1, 2, 4, 8, 16)


SHORT_PATIENCE = Patience(connect=5, stall=5, pauses=())
"""For a look at a file, while someone waits."""


@dataclass(frozen=True, slots=True)
class Remote:
    """What an answer says about a file; lengths and positions in bytes."""

    status: int
    address: str
    """After all redirects."""
    name: str
    length: int | None
    """Of the whole file, also where the answer holds a part of it."""
    start: int
    """Where in the file the body begins."""
    etag: str
    last_modified: str


def parsed(address: str) -> str:
    """Return an address in its usual form; ``OperationError`` if it isn't one of the web."""
    try:
        text = urldefrag(address.strip()).url
        parts = urlsplit(text)
        prepared = requests.Request("GET", text).prepare().url
    except ValueError as exc:
        raise errors.bad_address(address, str(exc)) from exc
    if parts.scheme.lower() not in ("http", "https") or not parts.hostname or not prepared:
        raise errors.bad_address(address)
    return prepared


@contextlib.contextmanager
def opened(
    method: str, address: str, headers: dict[str, str], job: Job, patience: Patience
) -> Iterator[requests.Response]:
    """Yield the answer to a request, redirects followed, its body unread.

    A status that means a failure is not raised: see ``require_success``. A cancel is felt at
    once while connecting, and while inside it ends the connection. Raises ``OperationError``.
    """
    answer: Future[requests.Response] = Future()
    request = requests.Request(method, address, headers=_HEADERS | headers)
    with requests.Session() as session, contextlib.ExitStack() as stack:
        # The lookup of a name can't be broken off: it gets a thread that can be left behind.
        asking = threading.Thread(target=_ask, args=(answer, session, request, patience))
        asking.daemon = True
        asking.start()
        with job.stopping_with(answer.cancel):
            try:
                response = stack.enter_context(contextlib.closing(answer.result()))
            except _FAILURES as exc:
                raise errors.from_exception(exc, address) from exc
        with _breakable(response, job):
            yield response


def read(response: requests.Response, size: int) -> bytes:
    """Return what of the body is there, at most ``size`` bytes; nothing at its end.

    Raises ``PassingError`` if the connection is cut or stalls.
    """
    try:
        data: bytes = response.raw.read1(size, decode_content=False)
    except _FAILURES as exc:
        raise errors.from_exception(exc, response.url) from exc
    return data or b""


def look(address: str, job: Job) -> Remote:
    """Ask for a file's length and version without its content. Raises ``OperationError``."""
    with opened("HEAD", address, {}, job, SHORT_PATIENCE) as response:
        if response.ok:
            return remote_of(response, address)
    # Some servers know no HEAD and answer it with all sorts of errors.
    with opened("GET", address, {"Range": "bytes=0-0"}, job, SHORT_PATIENCE) as response:
        require_success(response, address)
        return remote_of(response, address)


def require_success(response: requests.Response, address: str) -> None:
    """Raise ``OperationError`` unless the answer brings a file or the asked part of it."""
    if response.status_code not in (200, 206):
        raise errors.from_status(response.status_code, address)


def remote_of(response: requests.Response, address: str) -> Remote:
    """Return what the headers of an answer say."""
    headers = response.headers
    start, length = 0, _number(headers.get("Content-Length"))
    if span := _CONTENT_RANGE.fullmatch(headers.get("Content-Range", "").strip()):
        start, length = int(span[1] or 0), int(span[2])
    elif response.status_code == 206:
        start, length = -1, None
    if "Transfer-Encoding" in headers and response.status_code == 200:
        length = None
    names = (address, response.url)
    name = download_names.of_download(names, headers.get("Content-Disposition", ""))
    etag, date = headers.get("ETag", "").strip(), headers.get("Last-Modified", "").strip()
    return Remote(response.status_code, response.url, name, length, start, etag, date)


def _ask(
    answer: "Future[requests.Response]",
    session: requests.Session,
    request: requests.Request,
    patience: Patience,
) -> None:
    timeout = (patience.connect, patience.stall)
    session.max_redirects = _MAX_REDIRECTS
    try:
        prepared = session.prepare_request(request)
        settings = session.merge_environment_settings(prepared.url or "", {}, True, None, None)
        response = session.send(prepared, timeout=timeout, allow_redirects=True, **settings)
    except _FAILURES as exc:
        if answer.set_running_or_notify_cancel():
            answer.set_exception(exc)
        return
    if answer.set_running_or_notify_cancel():
        answer.set_result(response)
    else:
        response.close()
        session.close()


@contextlib.contextmanager
def _breakable(response: requests.Response, job: Job) -> Iterator[None]:
    """While inside, a cancel ends the connection that the body comes through."""
    # A descriptor of our own, below TLS: shutting Python's TLS socket down while another thread
    # reads from it makes that thread read what is still encrypted.
    with socket.socket(fileno=os.dup(response.raw.fileno())) as connection:

        def break_off() -> None:
            with contextlib.suppress(OSError):  # it may be closed already
                connection.shutdown(socket.SHUT_RDWR)

        with job.stopping_with(break_off):
            yield


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() else None
