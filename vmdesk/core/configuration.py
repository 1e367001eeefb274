"""What the user has set, for programs without Qt: the connection, and where files are kept.

The window writes the file with QSettings; only so much of that format is read here as is needed.
"""

import os
import re
from collections.abc import Callable
from pathlib import Path

from vmdesk.core import connections, paths
from vmdesk.core.connections import KnownConnection

_PLAIN_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "a": "\a", "b": "\b", "f": "\f", "v": "\v"}
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{1,4})|(.))")


def file_path() -> Path:
    """Return the settings file; it may not exist yet."""
    return paths.config_dir() / "vmdesk.conf"


def choose_uri(option: str | None) -> str:
    """Return the connection's URI: the option, else VMDESK_URI, else the setting, else the default.

    ``option`` is what ``--connect`` gave, if it was given.
    """
    chosen = option or os.environ.get("VMDESK_URI") or _read()("connection", "uri")
    return chosen or default_uri(os.geteuid() == 0)


def choose_connections(option: str | None) -> tuple[KnownConnection, ...]:
    """Return the connections of the window: one that was asked for alone, or all that there are."""
    first = choose_uri(option)
    if option or os.environ.get("VMDESK_URI"):
        return (KnownConnection(first, connections.default_name(first)),)
    return connections.gather(first, connections.parse(_read()("connection", "added")))


def default_uri(is_root: bool) -> str:
    """Return the connection for somebody who named none.

    Root gets no daemon of its own, so its ``qemu:///session`` would be the system's anyway.
    """
    return "qemu:///system" if is_root else "qemu:///session"


def isos_dir() -> Path:
    """Return the folder in which installation discs are kept."""
    return folder(_read()("folders", "isos"), paths.isos_dir())


def disks_dir() -> Path:
    """Return the folder in which the disks of new machines are made."""
    return folder(_read()("folders", "disks"), paths.disks_dir())


def folder(setting: str, default: Path) -> Path:
    """Return the folder that a setting means; what is no absolute path means the default."""
    return Path(setting) if setting.startswith("/") else default


def _read() -> Callable[[str, str], str]:
    """Return what tells a setting by its section and key; one that isn't there is empty."""
    try:
        lines = file_path().read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError):
        lines = []  # a damaged file: the window mends it at its next save
    values: dict[tuple[str, str], str] = {}
    section = ""
    for line in lines:
        if line.startswith("["):
            section = line.strip("[]")
        else:
            # Not configparser, which takes also the no-break space at the end of a folder's name.
            key, _equals, value = line.partition("=")
            values[section, key] = value
    return lambda section, key: _unescaped(values.get((section, key), ""))


def _unescaped(value: str) -> str:
    """Undo what QSettings does to a text (Qt: qsettings.cpp, iniEscapedString)."""
    if len(value) > 1 and value[0] == value[-1] == '"':
        value = value[1:-1]
    text = _ESCAPE.sub(_escaped_character, value)
    return text.removeprefix("@") if text.startswith("@@") else text


def _escaped_character(found: re.Match[str]) -> str:
    number, character = found.groups()
    return chr(int(number, 16)) if number else _PLAIN_ESCAPES.get(character, character)
