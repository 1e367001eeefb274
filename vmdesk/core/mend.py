"""A command that mends something: shown before it runs, by a button or in a terminal."""

import enum
import os
import pwd
import shlex
import shutil
from dataclasses import dataclass


class Deed(enum.Enum):
    """How a mend is done: by a button, or by the user in a terminal."""

    RUN = "run"
    COPY = "copy"


@dataclass(frozen=True, slots=True)
class Mend:
    """A command, the words of its button, and who runs it."""

    text: str
    command: tuple[str, ...]
    deed: Deed = Deed.RUN

    @property
    def shown(self) -> str:
        """The command as it is written in a terminal."""
        return shlex.join(self.command)


def as_root(text: str, *command: str) -> Mend:
    """Return a mend that needs root: through pkexec, or in a terminal where that is missing."""
    if os.geteuid() == 0:
        return Mend(text, command)
    if shutil.which("pkexec") is not None:
        return Mend(text, ("pkexec", *command))
    return Mend(text, ("sudo", *command), Deed.COPY)


def user_name() -> str:
    """Return the name that this process runs under, or its number."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return str(os.geteuid())
