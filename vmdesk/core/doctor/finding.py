"""What a check has found: a state, what it means for the user, and what mends it."""

import enum
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from vmdesk.core.mend import Mend


class State(enum.Enum):
    """How well something is."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result. ``check`` is its name for programs, ``title`` the one for people.

    ``meaning`` is one sentence; ``details`` are the words of whatever was asked.
    """

    check: str
    title: str
    state: State
    meaning: str
    mends: tuple[Mend, ...] = ()
    details: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is examined: the connection's address, vmdesk's folders, and where files are looked for.

    ``root`` stands before every path of the system, so that another system can be looked at.
    """

    uri: str
    disks: Path
    isos: Path
    root: Path = field(default=Path("/"))

    @property
    def is_session(self) -> bool:
        """Whether the machines are the user's own."""
        return urlsplit(self.uri).path == "/session"

    @property
    def is_here(self) -> bool:
        """Whether the libvirt is that of this computer."""
        return not urlsplit(self.uri).netloc

    def path(self, name: str) -> Path:
        """Return a path of the examined system; ``name`` is absolute."""
        return self.root / name.lstrip("/")

    def text(self, name: str) -> str:
        """Return a file's text, or nothing where it can't be read."""
        try:
            return self.path(name).read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
