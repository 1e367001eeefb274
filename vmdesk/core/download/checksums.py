"""Look beside a file on its server for the list that has its checksum."""

import time
from collections.abc import Iterable, Iterator
from urllib.parse import quote, unquote, urljoin, urlsplit

from vmdesk.core import checksums
from vmdesk.core.download import http
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.job import Job, OperationError

# As Ubuntu and Debian, Alpine and openSUSE, CentOS, Mint, and Arch name theirs.
_LISTS = ("SHA256SUMS", "{name}.sha256", "CHECKSUM", "sha256sum.txt", "sha256sums.txt")
_LARGEST_LIST = MIB
_LONGEST_LOOK = 30.0
"""Seconds after which the look ends, however slowly the server lets the lists drip."""


def published(addresses: Iterable[str], job: Job) -> tuple[str, str] | None:
    """Return the SHA-256 sum of a file and the address of the list that it was found in.

    ``addresses`` are where the file is: as asked for and as redirected to, which are looked
    beside in this order. ``None`` if no list names the file; a list that can't be read, is too
    long or is a web page is as good as none.
    """
    until = time.monotonic() + _LONGEST_LOOK
    for file_address, list_address in _candidates(addresses):
        try:
            text = _text_of(list_address, until, job)
        except OperationError:
            continue
        name = _name_of(file_address)
        digest = checksums.in_list(text, name)
        if digest is None and list_address.endswith(".sha256"):
            digest = checksums.alone(text)
        if digest is not None:
            return digest, list_address
    return None


def _candidates(addresses: Iterable[str]) -> Iterator[tuple[str, str]]:
    for address in dict.fromkeys(addresses):
        name = _name_of(address)
        if name:
            bare = urlsplit(address)._replace(query="", fragment="").geturl()
            for pattern in _LISTS:
                yield address, urljoin(bare, quote(pattern.format(name=name)))


def _name_of(address: str) -> str:
    return unquote(urlsplit(address).path.rpartition("/")[2])


def _text_of(address: str, until: float, job: Job) -> str:
    text = b""
    if time.monotonic() > until:
        return ""
    with http.opened("GET", address, {}, job, http.SHORT_PATIENCE) as response:
        http.require_success(response, address)
        while data := http.read(response, 64 * KIB):
            text += data
            if len(text) > _LARGEST_LIST or time.monotonic() > until:
                return ""
    return text.decode(errors="replace")
