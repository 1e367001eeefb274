"""Put the server together with the place that it listens on, and run it."""

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vmdesk.api import relay, sockets
from vmdesk.api.server import Server
from vmdesk.core.folders import Folders
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError

_LOCAL_NAMES = ("localhost", "127.0.0.1", "[::1]")
_DEFAULT_PORTS = (80, 443)


@dataclass(frozen=True, slots=True)
class Place:
    """Where to listen: on ``socket`` if it is given, else on a port; with a certificate, by TLS.

    ``names`` are further ones that clients may call the server by, such as ``HOST`` or
    ``HOST:PORT``.
    """

    address: str
    port: int
    socket: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    names: tuple[str, ...] = ()


def serve(
    uri: str,
    token: str,
    place: Place,
    folders: Folders,
    job: Job,
    is_listening: Callable[[str], object],
) -> None:
    """Answer requests until ``job`` is cancelled, which raises ``Cancelled``.

    ``is_listening`` gets the address once there. Raises ``OperationError``: invalid value for a
    place that isn't this computer alone and has no certificate.
    """
    with ExitStack() as stack:
        if place.socket is not None:
            server = stack.enter_context(_on_socket(place.socket, uri, token, place, folders))
            url = f"unix:{place.socket}"
        elif place.certificate is not None:
            server, url = stack.enter_context(_behind_tls(uri, token, place, folders))
        else:
            sockets.require_private(place.address)
            listener = sockets.port(place.address, place.port)
            port = listener.getsockname()[1]
            server = Server(listener, uri, token, _names(place, port), folders)
            url = f"http://{_bracketed(place.address)}:{port}"
        server.run(job, lambda: is_listening(url))


@contextmanager
def _on_socket(
    path: Path, uri: str, token: str, place: Place, folders: Folders
) -> Iterator[Server]:
    listener = sockets.unix(path)
    try:
        yield Server(listener, uri, token, {"localhost", *map(str.lower, place.names)}, folders)
    finally:
        path.unlink(missing_ok=True)


@contextmanager
def _behind_tls(
    uri: str, token: str, place: Place, folders: Folders
) -> Iterator[tuple[Server, str]]:
    if place.certificate is None or place.key is None:
        raise OperationError(
            _("A certificate needs its key."), _("Name it with --key."), cause=Cause.INVALID_VALUE
        )
    tls = relay.context(place.certificate, place.key)
    with tempfile.TemporaryDirectory(prefix="vmdesk-") as folder:
        inner = Path(folder) / "inner"
        listener = sockets.unix(inner)
        outer = relay.Relay(place.address, place.port, tls, inner)
        try:
            server = Server(listener, uri, token, _names(place, outer.port), folders)
            yield server, f"https://{_bracketed(place.address)}:{outer.port}"
        finally:
            outer.close()


def _names(place: Place, port: int) -> set[str]:
    names = (*_LOCAL_NAMES, _bracketed(place.address), *place.names)
    with_port = {name if _has_port(name) else f"{name}:{port}" for name in names}
    without = set(names) if port in _DEFAULT_PORTS else set()
    return {name.lower() for name in with_port | without}


def _has_port(name: str) -> bool:
    return name.rpartition(":")[2].isdigit() and not name.endswith("]")


def _bracketed(address: str) -> str:
    return f"[{address}]" if ":" in address else address
