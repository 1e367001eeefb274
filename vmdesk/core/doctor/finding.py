"""What a check has found: a state, what it means for the user, and what mends it."""

import enum
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import libvirt

from vmdesk.core.i18n import _
from vmdesk.core.mend import Mend


class State(enum.Enum):
    """How well something is; the last two are neither good nor bad."""

    GOOD = "good"
    WARNING = "warning"
    BROKEN = "broken"
    UNNEEDED = "not needed"
    UNCHECKED = "not checked"


_TITLES = {
    "libvirt": "libvirt",
    "connection": _("Connection"),
    "system instance": _("The system’s machines"),
    "group": _("Group “libvirt”"),
    "processor": _("Processor"),
    "module": _("KVM in the kernel"),
    "device": "/dev/kvm",
    "kvm trial": _("A machine with KVM"),
    "emulator": f"qemu-system-{os.uname().machine}",
    "firmware": _("UEFI firmware"),
    "spice": "SPICE",
    "network": _("Network “default”"),
    "bridge helper": _("Bridge helper"),
    "folders": _("Folders"),
    "room": _("Free room"),
    "sharing": _("Fast copies"),
    "readers": _("Files that QEMU reads"),
    "denials": _("AppArmor and SELinux"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result; ``check`` is its name for programs.

    ``meaning`` is one sentence. Where no command mends it, ``advice`` says what a person can do;
    ``details`` are the words of whatever was asked.
    """

    check: str
    state: State
    meaning: str
    mends: tuple[Mend, ...] = ()
    details: str = ""
    advice: str = ""

    @property
    def title(self) -> str:
        """Return the check's name for people; a program is called by its own."""
        return _TITLES.get(self.check, self.check)


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is examined: the connection's address, vmdesk's folders, and where files are looked for.

    ``root`` stands before every path of the system, so that another system can be looked at.
    ``connection`` is one to ``uri`` that is open; without it, checks open their own.
    """

    uri: str
    disks: Path
    isos: Path
    root: Path = field(default=Path("/"))
    connection: libvirt.virConnect | None = field(default=None, kw_only=True)

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
