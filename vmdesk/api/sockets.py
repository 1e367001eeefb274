"""Where the server listens: a port of this computer, or a UNIX socket of the user's own."""

import contextlib
import errno
import ipaddress
import os
import socket
import stat
from pathlib import Path

from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError


def require_private(address: str) -> None:
    """Raise ``OperationError`` (invalid value) unless ``address`` is one of this computer alone."""
    try:
        is_private = ipaddress.ip_address(address).is_loopback
    except ValueError:
        is_private = False
    if not is_private:
        raise OperationError(
            _("Without a certificate the server listens on this computer alone."),
            _("Use --certificate and --key, or --address 127.0.0.1."),
            cause=Cause.INVALID_VALUE,
        )


def port(address: str, number: int) -> socket.socket:
    """Return a socket bound to a port; 0 is one that is free. Raises ``OperationError``."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((address, number))
    except (OSError, OverflowError) as exc:
        listener.close()
        raise _taken(f"{address}:{number}", str(exc)) from exc
    return listener


def unix(path: Path) -> socket.socket:
    """Return a socket bound to ``path``, which this user alone may connect to.

    One that a dead server has left there is replaced. Raises ``OperationError``.
    """
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        _remove_dead(path)
        before = os.umask(0o177)
        try:
            listener.bind(str(path))
        finally:
            os.umask(before)
    except OSError as exc:
        listener.close()
        raise _taken(str(path), str(exc)) from exc
    return listener


def _remove_dead(path: Path) -> None:
    with contextlib.suppress(FileNotFoundError), socket.socket(socket.AF_UNIX) as probe:
        if not stat.S_ISSOCK(path.lstat().st_mode):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path))
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _taken(place: str, details: str) -> OperationError:
    return OperationError(
        _("The server can’t listen on {place}.").format(place=place),
        _("Is it running already? Choose another place with --port or --socket."),
        details,
    )
