"""Decide by its head alone whether a request is let in, before any of its body is read."""

import hmac
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from vmdesk.core import formatting
from vmdesk.core.i18n import _

MAXIMUM_HEAD = 16 * 1024
"""Bytes of the first line and all headers."""
MAXIMUM_HEADERS = 100
MAXIMUM_BODY = 64 * 1024
"""Bytes of a body that is no upload."""

_SAME_SITE = ("none", "same-origin")
"""What ``Sec-Fetch-Site`` says when no other site is behind a request (W3C Fetch Metadata)."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer to a request that is not let in."""

    status: HTTPStatus
    error: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Head:
    """What is known of a request before its body.

    The names of headers are in upper case, with ``_`` for ``-``; ``length`` is that of the body.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    header_count: int
    length: int
    is_chunked: bool


@dataclass(frozen=True, slots=True)
class Guard:
    """What a request must bring along: one of these hosts, this token, and a bounded body.

    ``uploads`` are the paths whose bodies may be as large as ``room`` says, in bytes.
    """

    token: str
    hosts: Collection[str]
    uploads: Collection[str]
    room: Callable[[], int]

    def look_at(self, head: Head) -> Refusal | None:
        """Return why the request is refused, or ``None``."""
        if head.header_count > MAXIMUM_HEADERS:
            return Refusal(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, _("Too many headers."))
        return self._stranger(head.headers) or self._body(head)

    def _stranger(self, headers: Mapping[str, str]) -> Refusal | None:
        if headers.get("HOST", "").lower() not in self.hosts:
            # A page can give its own name our address, and would then be same-origin with us.
            return Refusal(
                HTTPStatus.MISDIRECTED_REQUEST,
                _("This server does not answer to that name."),
                _("Use the address that it listens on, or name the host with --host."),
            )
        if "ORIGIN" in headers or headers.get("SEC_FETCH_SITE", "none") not in _SAME_SITE:
            return Refusal(HTTPStatus.FORBIDDEN, _("Web pages may not use this server."))
        scheme, _space, token = headers.get("AUTHORIZATION", "").partition(" ")
        is_right = hmac.compare_digest(token.strip().encode(), self.token.encode())
        if scheme.lower() != "bearer" or not is_right:
            return Refusal(
                HTTPStatus.UNAUTHORIZED,
                _("The token is missing or wrong."),
                _("“vmdeskctl serve --show-token” shows it; send “Authorization: Bearer TOKEN”."),
            )
        return None

    def _body(self, head: Head) -> Refusal | None:
        if head.is_chunked:
            return Refusal(
                HTTPStatus.LENGTH_REQUIRED,
                _("A body must say how long it is."),
                _("Send it with Content-Length, not in chunks."),
            )
        is_upload = head.method == "POST" and head.path in self.uploads
        most = self.room() if is_upload else MAXIMUM_BODY
        if head.length > most:
            return Refusal(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                _("The body has {size}; {most} are accepted.").format(
                    size=formatting.size(head.length), most=formatting.size(most)
                ),
            )
        return None
