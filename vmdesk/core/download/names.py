"""Names for downloaded files and for the machines made from them."""

import re
import unicodedata
from collections.abc import Iterable
from email.message import Message
from urllib.parse import unquote, urlsplit

IMAGE_SUFFIXES = (".iso", ".img")

_LONGEST = 120
"""Bytes of a name; file systems allow 255, and ``.part`` and a number must still fit."""


def of_download(addresses: Iterable[str], disposition: str) -> str:
    """Return a safe file name for what came from ``addresses`` (as asked for, as redirected to).

    ``disposition`` is the Content-Disposition header (RFC 6266), which the server is free to
    fill with anything. A name that looks like a disc image goes before one that doesn't.
    """
    urls = [urlsplit(address) for address in addresses]
    names = [_disposed(disposition), *(unquote(url.path, errors="replace") for url in urls)]
    safe = [name for name in map(file_name, names) if name]
    best = [name for name in safe if name.lower().endswith(IMAGE_SUFFIXES)] or safe
    name = best[0] if best else file_name(urls[0].hostname or "") or "disc"
    return name if name.lower().endswith(IMAGE_SUFFIXES) else name + IMAGE_SUFFIXES[0]


def file_name(text: str) -> str:
    """Return the last part of a path as a visible name without anything special, or ``""``."""
    last = re.split(r"[/\\]", text.rstrip("/\\"))[-1]
    printable = "".join(c for c in last if not unicodedata.category(c).startswith("C"))
    name = unicodedata.normalize("NFC", printable).strip().lstrip(".-~").strip()
    stem, suffix = _split(name)
    while len((stem + suffix).encode()) > _LONGEST:
        stem = stem[:-1]
    return stem + suffix


def numbered(name: str, number: int) -> str:
    """Return ``name`` with a number that sets it apart: ``debian-2.iso``; 1 leaves it as it is."""
    stem, suffix = _split(name)
    return name if number == 1 else f"{stem}-{number}{suffix}"


def of_machine(name: str) -> str:
    """Return a name for a machine that is made from the disc image ``name``."""
    stem = _split(file_name(name))[0]
    return re.sub(r"[^A-Za-z0-9._+-]+", "-", stem).strip("-.")[:60] or "machine"


def _split(name: str) -> tuple[str, str]:
    for suffix in IMAGE_SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)], name[-len(suffix) :]
    return name, ""


def _disposed(disposition: str) -> str:
    header = Message()
    header["Content-Disposition"] = re.sub(r"[\r\n]+", " ", disposition)
    return header.get_filename("")
