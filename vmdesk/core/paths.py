"""Where vmdesk keeps what is its own, by the XDG base directory specification."""

import os
import re
from pathlib import Path

# https://specifications.freedesktop.org/basedir-spec/latest/

_DESKTOP = re.compile(r'^XDG_DESKTOP_DIR="(.+)"$', re.MULTILINE)

LOG_NAME = "vmdesk.log"
"""In the folder for state."""


def _base(variable: str, default: str) -> Path:
    value = os.environ.get(variable, "")
    # The specification says that a relative path is to be ignored.
    return Path(value) if value.startswith("/") else Path.home() / default


def data_dir() -> Path:
    """Return the folder for disks, ISOs and the history of machines; it may not exist yet."""
    return _base("XDG_DATA_HOME", ".local/share") / "vmdesk"


def state_dir() -> Path:
    """Return the folder for logs and other state; it may not exist yet."""
    return _base("XDG_STATE_HOME", ".local/state") / "vmdesk"


def config_dir() -> Path:
    """Return the folder of the settings file; it may not exist yet."""
    return _base("XDG_CONFIG_HOME", ".config") / "vmdesk"


def cache_dir() -> Path:
    """Return the folder for what can be lost and comes again by itself; it may not exist yet."""
    return _base("XDG_CACHE_HOME", ".cache") / "vmdesk"


def isos_dir() -> Path:
    """Return the folder in which downloaded installation discs are kept for reuse."""
    return data_dir() / "isos"


def disks_dir() -> Path:
    """Return the folder in which the disks of new machines are made."""
    return data_dir() / "disks"


def desktop_dir() -> Path:
    """Return the user's desktop folder, whatever it is called, or home if there is none.

    https://www.freedesktop.org/wiki/Software/xdg-user-dirs/
    """
    file = _base("XDG_CONFIG_HOME", ".config") / "user-dirs.dirs"
    folder = Path.home() / "Desktop"
    try:
        found = _DESKTOP.search(file.read_text(encoding="utf-8", errors="replace"))
    except OSError:
        found = None
    if found is not None:
        folder = Path(found[1].replace("$HOME", str(Path.home())))
    return folder if folder.is_dir() else Path.home()
