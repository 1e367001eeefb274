"""Causes between vmdesk and a web server: not found, not reached, not trusted, or no answer."""

import errno
import socket

from vmdesk.core.causes.row import Row
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause

HTTP = frozenset({"HTTP"})
"""The kind of a status that a server has answered with; the others are names of exceptions."""

_CHECK_NETWORK = _("Check the network connection of this computer.")
_NO_ANSWER = (
    _("{host} doesn’t answer any more."),
    _("Check the network connection of this computer, or try again later."),
)
_UNUSABLE = (
    _("Nothing can be downloaded from “{address}”."),
    _("Give an address that begins with http:// or https://, or the path of a file."),
)
_ANSWERS_WITH_AN_ERROR = (
    _("{host} answers with an error ({status})."),
    _("Try again later, or try another server."),
)

NETWORK: tuple[Row, ...] = (
    Row(
        "proxy",
        _("The proxy that leads to {host} can’t be used."),
        _("Check the proxy settings of this computer."),
        kinds=frozenset({"ProxyError"}),
    ),
    Row(
        "certificate not trusted",
        _("The certificate of {host} is not trusted."),
        _("Check the address and the clock of this computer. Don’t go on if this is unexpected."),
        kinds=frozenset({"SSLCertVerificationError"}),
    ),
    Row(
        "no name server",
        _("The host {host} was not found."),
        _CHECK_NETWORK,
        kinds=frozenset({"gaierror"}),
        numbers=frozenset({socket.EAI_AGAIN}),
    ),
    Row(
        "name unknown",
        _("The host {host} was not found."),
        _("Check the spelling of the address."),
        kinds=frozenset({"gaierror"}),
        cause=Cause.BAD_INPUT,
    ),
    Row(
        "connection refused",
        _("{host} refuses the connection."),
        _("No web server answers there. Check the address, or try again later."),
        kinds=frozenset({"ConnectionRefusedError"}),
    ),
    Row(
        "no route",
        _("{host} can’t be reached."),
        _CHECK_NETWORK,
        kinds=frozenset({"OSError"}),
        numbers=frozenset(
            {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL}
        ),
    ),
    Row(
        "address unusable",
        *_UNUSABLE,
        # urllib3's and Python's own, as well as those of requests.
        kinds=frozenset(
            {"TooManyRedirects", "InvalidURL", "InvalidSchema", "MissingSchema"}
            | {"LocationParseError", "UnicodeError"}
        ),
        cause=Cause.BAD_INPUT,
    ),
    Row("not connected in time", *_NO_ANSWER, kinds=frozenset({"ConnectTimeoutError"})),
    Row("no answer", *_NO_ANSWER, kinds=frozenset({"TimeoutError"})),
    Row(
        "no such file there",
        _("{host} has no file at this address ({status})."),
        _("Check the address. A newer release may have taken the place of this one."),
        kinds=HTTP,
        codes=frozenset({404, 410}),
        cause=Cause.BAD_INPUT,
    ),
    Row(
        "not for everyone",
        _("{host} doesn’t give this file to everyone ({status})."),
        _("Download it with a browser and use the file."),
        kinds=HTTP,
        codes=frozenset({401, 402, 403, 407}),
        cause=Cause.BAD_INPUT,
    ),
    Row(
        "server busy",
        *_ANSWERS_WITH_AN_ERROR,
        kinds=HTTP,
        codes=frozenset({408, 425, 429, *range(500, 600)}),
    ),
    Row("server says no", *_ANSWERS_WITH_AN_ERROR, kinds=HTTP, cause=Cause.BAD_INPUT),
    Row(
        "connection cut",
        _("The connection to {host} was cut."),
        _("Try again: the download goes on where it ended if the server allows it."),
        kinds=frozenset({"Exception"}),
    ),
)
