"""The connections that a user has: those found on this computer, and those added by hand."""

import grp
import json
import os
import stat
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, urlsplit
from zlib import crc32

from vmdesk.core.i18n import _

SYSTEM = "qemu:///system"
_SOCKETS = (Path("/run/libvirt/virtqemud-sock"), Path("/run/libvirt/libvirt-sock"))
_GROUP = "libvirt"
"""Whose members polkit lets in without a question, by the rules that libvirt's packages bring."""
_MOST = 200
"""Characters of a name, and connections that are kept."""


@dataclass(frozen=True, slots=True)
class KnownConnection:
    """A libvirt, and what the user calls it."""

    uri: str
    name: str


def is_uri(text: str) -> bool:
    """Tell whether a text can be the address of a libvirt."""
    try:
        parts = urlsplit(text)
        _port = parts.port
    except ValueError:
        return False
    is_whole = bool(parts.scheme) and parts.path.startswith("/") and "://" in text
    return is_whole and text.isprintable() and " " not in text


def is_local(uri: str) -> bool:
    """Tell whether the machines of a connection run on this computer."""
    return urlsplit(uri).hostname is None


def is_ssh(uri: str) -> bool:
    """Tell whether libvirt reaches a connection through ssh."""
    return urlsplit(uri).scheme.endswith("+ssh")


def with_parameter(uri: str, name: str, value: str) -> str:
    """Return an address with one more parameter, unless the user has set it himself.

    https://libvirt.org/uri.html has those that libvirt knows.
    """
    parts = urlsplit(uri)
    if name in (pair.partition("=")[0] for pair in parts.query.split("&")):
        return uri
    query = "&".join(filter(None, (parts.query, f"{name}={quote(value, safe='/')}")))
    # Not urlunsplit, which takes the empty host of “qemu:///” away.
    return f"{uri.partition('?')[0].partition('#')[0]}?{query}"


def default_name(uri: str) -> str:
    """Return what a connection is called that the user gave no name."""
    parts = urlsplit(uri)
    if parts.hostname is not None:
        return parts.hostname
    if parts.scheme.startswith("qemu"):
        return _("System") if parts.path == "/system" else _("On this computer")
    return uri


def file_name(uri: str) -> str:
    """Return what stands for a connection in the names of its files: short, and the same always."""
    return f"{crc32(uri.encode()):08x}"


def system_is_open(sockets: Iterable[Path] = _SOCKETS) -> bool:
    """Tell whether the user may open the system's libvirt without being asked who he is.

    A socket that everybody can open is guarded by polkit, which would ask.
    """
    for socket in sockets:
        try:
            mode = socket.stat().st_mode
        except OSError:
            continue
        if mode & stat.S_IWOTH and os.geteuid() != 0:
            return _is_member(_GROUP)
        return os.access(socket, os.R_OK | os.W_OK)
    return False


def is_found(uri: str) -> bool:
    """Tell whether a connection is there without being added."""
    return uri == SYSTEM and system_is_open()


def parse(text: str) -> tuple[KnownConnection, ...]:
    """Read what ``write`` has written; what makes no sense in it is left out."""
    try:
        found = json.loads(text)
    except ValueError:
        return ()
    known: dict[str, KnownConnection] = {}
    for item in found[:_MOST] if isinstance(found, list) else ():
        uri, name = (item.get("uri"), item.get("name")) if isinstance(item, dict) else (None, None)
        if isinstance(uri, str) and isinstance(name, str) and is_uri(uri):
            known[uri] = KnownConnection(uri, name.strip()[:_MOST] or default_name(uri))
    return tuple(known.values())


def write(connections: Iterable[KnownConnection]) -> str:
    """Return the text that the settings keep."""
    return json.dumps([asdict(one) for one in connections])


def gather(first: str, added: Iterable[KnownConnection]) -> tuple[KnownConnection, ...]:
    """Return the first connection, the system's if it may be opened, and the added ones."""
    uris = [first, *([SYSTEM] if system_is_open() else [])]
    known = {uri: KnownConnection(uri, default_name(uri)) for uri in uris}
    # An entry for one that is found anyway gives it another name.
    known.update({one.uri: one for one in added})
    return tuple(known.values())


def _is_member(group: str) -> bool:
    try:
        number = grp.getgrnam(group).gr_gid
    except KeyError:
        return False
    return number in os.getgroups()
