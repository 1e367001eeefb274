"""Say in plain words why a download failed."""

import errno
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests

from vmdesk.core import causes
from vmdesk.core.causes import Known
from vmdesk.core.formatting import size
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


class PassingError(OperationError):
    """A trouble of the network or the server that may be over in a moment."""


class ContactError(PassingError):
    """No connection came about: it may pass, but at the first try the address is the suspect."""


_KINDS: dict[str, type[OperationError]] = {
    **dict.fromkeys(("proxy", "no name server", "name unknown", "no route"), ContactError),
    **dict.fromkeys(("connection refused", "not connected in time"), ContactError),
    **dict.fromkeys(("no answer", "server busy", "connection cut"), PassingError),
}
"""Which causes may be over in a moment."""


def from_exception(exc: BaseException, address: str) -> OperationError:
    """Turn what ``requests`` and what lies below it raise into an error in words."""
    errors = list(chain(exc))
    known = causes.of_network(errors, _where(address))
    unverified = (one for one in errors if isinstance(one, ssl.SSLCertVerificationError))
    words = next((one.verify_message for one in unverified), "") or str(exc)
    return _raised(known, words)


def from_status(status: int, address: str) -> OperationError:
    """Turn a status of HTTP that brings no file into an error in words."""
    known = causes.of_status(status, _where(address))
    return _raised(known, f"HTTP {status}, {without_secrets(address)}")


def broken_off(address: str, details: str = "") -> OperationError:
    """Return the error for a connection that ended too early."""
    return from_exception(EOFError(details), address)


def bad_address(address: str, details: str = "") -> OperationError:
    """Return the error for an address that nothing can be downloaded from."""
    return from_exception(requests.exceptions.InvalidURL(details), address)


def changed(address: str) -> OperationError:
    """Return the error for a file that is another one each time it is asked for."""
    return OperationError(
        _("The file on {host} changes while it is being downloaded.").format(host=host_of(address)),
        _("Try again later, or try another server."),
    )


def lied(address: str, announced: int, there: int) -> OperationError:
    """Return the error for a server whose file isn't as long as it said; lengths in bytes."""
    return OperationError(
        _("{host} announced {announced} but has {there}.").format(
            host=host_of(address), announced=size(announced), there=size(there)
        ),
        _("The server’s copy is damaged. Try another server."),
        cause=Cause.BAD_INPUT,
    )


def no_room(folder: str, needed: int, free: int) -> OperationError:
    """Return the error for ``needed`` bytes that don't fit into the ``free`` ones of a folder."""
    return OperationError(
        _("There is no room for the download: it needs {needed}, and {free} are free.").format(
            needed=size(needed), free=size(free)
        ),
        _("Free some space where {folder} is, or choose another folder in the settings.").format(
            folder=folder
        ),
    )


def from_storage(exc: OSError, folder: str) -> OperationError:
    """Turn a failure to write into the folder of downloads into an error in words."""
    if exc.errno in _NO_ROOM:
        summary = _("There is no room left for the download.")
        hint = _("Free some space where {folder} is, or choose another folder in the settings.")
    else:
        summary = _("The download can’t be written: {reason}.").format(reason=exc.strerror)
        hint = _("Check the folder {folder}, or choose another one in the settings.")
    return OperationError(summary, hint.format(folder=folder), str(exc))


def host_of(address: str) -> str:
    """Return the host of an address, as messages name it."""
    try:
        return urlsplit(address).hostname or address
    except ValueError:
        return address


def without_secrets(address: str) -> str:
    """Return an address without the user, the password and the query that it may hold."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _raised(known: Known, details: str) -> OperationError:
    kind = _KINDS.get(known.key, OperationError)
    return kind(known.summary, known.hint, details, known.cause)


def _where(address: str) -> dict[str, str]:
    return {"host": host_of(address), "address": without_secrets(address)}


def chain(exc: BaseException) -> Iterator[BaseException]:
    """Yield an exception and all that it was made from; requests hides them in several ways."""
    pending, seen = [exc], set()
    while pending:
        current = pending.pop(0)
        if id(current) in seen:
            continue
        seen.add(id(current))
        yield current
        links = (current.__cause__, current.__context__, getattr(current, "reason", None))
        pending.extend(e for e in (*links, *current.args) if isinstance(e, BaseException))
