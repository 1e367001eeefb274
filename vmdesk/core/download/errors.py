"""Say in plain words why a download failed."""

import errno
import socket
import ssl
from collections.abc import Iterator
from urllib.parse import urlsplit

import requests
import urllib3

from vmdesk.core.formatting import size
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

_NO_ROUTE = (errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)
_BUSY = (408, 425, 429)
_BAD_ADDRESS = (
    requests.exceptions.InvalidURL,
    requests.exceptions.InvalidSchema,
    requests.exceptions.MissingSchema,
    urllib3.exceptions.LocationParseError,
    UnicodeError,
)


class PassingError(OperationError):
    """A trouble of the network or the server that may be over in a moment."""


class ContactError(PassingError):
    """No connection came about: it may pass, but at the first try the address is the suspect."""


def from_exception(exc: BaseException, address: str) -> OperationError:
    """Turn what ``requests`` and what lies below it raise into an error in words."""
    host = host_of(address)
    chain = list(_chain(exc))
    for cause in chain:
        match cause:
            case requests.exceptions.ProxyError():
                return ContactError(
                    _("The proxy that leads to {host} can’t be used.").format(host=host),
                    _("Check the proxy settings of this computer."),
                    str(exc),
                )
            case ssl.SSLCertVerificationError():
                return _certificate(host, cause)
            case socket.gaierror():
                return _not_found(host, cause)
            case ConnectionRefusedError():
                return ContactError(
                    _("{host} refuses the connection.").format(host=host),
                    _("No web server answers there. Check the address, or try again later."),
                    str(exc),
                )
            case OSError() if cause.errno in _NO_ROUTE:
                return ContactError(
                    _("{host} can’t be reached.").format(host=host),
                    _("Check the network connection of this computer."),
                    str(exc),
                )
            case requests.exceptions.TooManyRedirects():
                return bad_address(address, _("Its server redirects in circles."))
            case _ if isinstance(cause, _BAD_ADDRESS):
                return bad_address(address, str(cause))
    if any(isinstance(cause, urllib3.exceptions.ConnectTimeoutError) for cause in chain):
        return ContactError(*_timeout(host), str(exc))
    if any(isinstance(cause, TimeoutError | urllib3.exceptions.TimeoutError) for cause in chain):
        return PassingError(*_timeout(host), str(exc))
    return broken_off(address, str(exc))


def from_status(status: int, address: str) -> OperationError:
    """Turn a status of HTTP that brings no file into an error in words."""
    host, details = host_of(address), f"HTTP {status}, {without_secrets(address)}"
    if status in (404, 410):
        return OperationError(
            _("{host} has no file at this address ({status}).").format(host=host, status=status),
            _("Check the address. A newer release may have taken the place of this one."),
            details,
            Cause.BAD_INPUT,
        )
    if status in (401, 402, 403, 407):
        return OperationError(
            _("{host} doesn’t give this file to everyone ({status}).").format(
                host=host, status=status
            ),
            _("Download it with a browser and use the file."),
            details,
            Cause.BAD_INPUT,
        )
    summary = _("{host} answers with an error ({status}).").format(host=host, status=status)
    hint = _("Try again later, or try another server.")
    if status >= 500 or status in _BUSY:
        return PassingError(summary, hint, details)
    return OperationError(summary, hint, details, Cause.BAD_INPUT)


def broken_off(address: str, details: str = "") -> PassingError:
    """Return the error for a connection that ended too early."""
    return PassingError(
        _("The connection to {host} was cut.").format(host=host_of(address)),
        _("Try again: the download goes on where it ended if the server allows it."),
        details,
    )


def bad_address(address: str, details: str = "") -> OperationError:
    """Return the error for an address that nothing can be downloaded from."""
    return OperationError(
        _("Nothing can be downloaded from “{address}”.").format(address=without_secrets(address)),
        _("Give an address that begins with http:// or https://, or the path of a file."),
        details,
        Cause.BAD_INPUT,
    )


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
    return urlsplit(address).hostname or address


def without_secrets(address: str) -> str:
    """Return an address without the user, the password and the query that it may hold."""
    try:
        parts = urlsplit(address)
    except ValueError:
        return address
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="", fragment="").geturl()


def _certificate(host: str, cause: ssl.SSLCertVerificationError) -> OperationError:
    return OperationError(
        _("The certificate of {host} is not trusted.").format(host=host),
        _("Check the address and the clock of this computer. Don’t go on if this is unexpected."),
        cause.verify_message or str(cause),
    )


def _not_found(host: str, cause: socket.gaierror) -> OperationError:
    is_network = cause.errno == socket.EAI_AGAIN
    hint = _("Check the network connection of this computer.")
    error = ContactError(
        _("The host {host} was not found.").format(host=host),
        hint if is_network else _("Check the spelling of the address."),
        str(cause),
    )
    error.cause = Cause.FAILED if is_network else Cause.BAD_INPUT
    return error


def _timeout(host: str) -> tuple[str, str]:
    summary = _("{host} doesn’t answer any more.").format(host=host)
    return summary, _("Check the network connection of this computer, or try again later.")


def _chain(exc: BaseException) -> Iterator[BaseException]:
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
