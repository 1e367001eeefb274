"""Which libvirt to talk to: the option, else VMDESK_URI, else the setting, else the default."""

import configparser
import os

from vmdesk.core import paths


def choose_uri(option: str | None) -> str:
    """Return the connection's URI; ``option`` is what ``--connect`` gave, if it was given."""
    return option or os.environ.get("VMDESK_URI") or _saved_uri() or default_uri(os.geteuid() == 0)


def default_uri(is_root: bool) -> str:
    """Return the connection for somebody who named none.

    Root gets no daemon of its own, so its ``qemu:///session`` would be the system's anyway.
    """
    return "qemu:///system" if is_root else "qemu:///session"


def _saved_uri() -> str:
    """Read the window's setting from its INI file, which needs no Qt for so plain a value."""
    file = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        file.read(paths.config_dir() / "vmdesk.conf", encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        return ""  # a damaged file: the window mends it at its next save
    return file.get("connection", "uri", fallback="").strip('"')
