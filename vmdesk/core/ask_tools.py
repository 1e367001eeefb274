"""How ssh and polkit ask the user: in dialogs of the window, by programs of ours, or in a terminal.

The ssh of the window trusts no new host by itself, and waits not long.
"""

import os
import shlex
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import paths, polkit_agent

_PROGRAMS = Path(__file__).parent
_OPTIONS = (
    # Whatever the user's settings say: a new host key is shown before it is trusted.
    "-oStrictHostKeyChecking=ask",
    "-oConnectTimeout=15",
    # A host that is gone is found out by ssh too, also while libvirt does not ask anything.
    "-oServerAliveInterval=5",
    "-oServerAliveCountMax=3",
)


@dataclass(frozen=True, slots=True)
class Asking:
    """What asks the user for whom a connection is opened.

    ``ssh`` is the program that libvirt is to run in place of ssh. ``agent`` is the one that
    answers polkit, see ``polkit_agent``.
    """

    ssh: Path | None = None
    agent: tuple[str, ...] = ()


NOBODY = Asking()
"""Nobody is asked, but by ssh where there is a terminal."""
TERMINAL = Asking(agent=polkit_agent.IN_TERMINAL)
"""The terminal that vmdesk runs in; ssh asks there by itself."""


@dataclass(frozen=True, slots=True)
class AskTools:
    """Programs in a folder of their own, which nobody else can enter."""

    folder: Path

    @property
    def ssh(self) -> Path:
        """What libvirt is to run in place of ssh."""
        return self.folder / "ssh"

    @property
    def askpass(self) -> Path:
        """What ssh is to run to ask the user."""
        return self.folder / "askpass"

    @property
    def asking(self) -> Asking:
        """How a connection is opened that asks in the window."""
        agent = (sys.executable, "-I", str(_PROGRAMS / "polkit_prompts.py"), str(self.askpass))
        return Asking(self.ssh, agent)

    @property
    def socket(self) -> Path:
        """Where the window has to listen for questions."""
        return self.folder / "ask.socket"

    @property
    def environment(self) -> dict[str, str]:
        """What other programs that run ssh, such as virt-viewer, have to be given."""
        return {"SSH_ASKPASS": str(self.askpass), "SSH_ASKPASS_REQUIRE": "force"}

    def remove(self) -> None:
        """Take the programs away."""
        shutil.rmtree(self.folder, ignore_errors=True)


def install() -> AskTools:
    """Write the programs; raise ``OSError`` where there is no place that programs can run from."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    state = paths.state_dir()
    state.mkdir(parents=True, exist_ok=True)
    for place in (runtime, tempfile.gettempdir(), str(state)):
        if not Path(place).is_absolute() or not os.access(place, os.W_OK):
            continue
        tools = AskTools(Path(tempfile.mkdtemp(prefix="vmdesk-ask-", dir=place)))
        _write(tools)
        # A file system may be mounted so that nothing on it can be run.
        if os.access(tools.ssh, os.X_OK):
            return tools
        tools.remove()
    raise PermissionError(f"No program can be run from {state}")


def _write(tools: AskTools) -> None:
    """libvirt gives ssh a fresh environment, so the programs have to know everything themselves."""
    ask = shlex.join([sys.executable, "-I", str(_PROGRAMS / "askpass.py"), str(tools.socket)])
    _make(tools.askpass, f'exec {ask} "$@"')
    given = " ".join(f"{name}={shlex.quote(text)}" for name, text in tools.environment.items())
    _make(tools.ssh, f'export {given}\nexec ssh {shlex.join(_OPTIONS)} "$@"')


def _make(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n", encoding="utf-8")
    path.chmod(0o700)
