"""Where the icons, translations and other files lie that come with vmdesk."""

import sys
from pathlib import Path

_BESIDE = Path(__file__).resolve().parents[2] / "resources"
_INSTALLED = Path(sys.prefix) / "share" / "vmdesk"


def folder(name: str) -> Path:
    """Return a folder of the resources: beside the package, or where pip has put it."""
    base = _BESIDE if _BESIDE.is_dir() else _INSTALLED
    return base / name
