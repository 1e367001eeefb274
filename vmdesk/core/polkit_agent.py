"""Have somebody ask for the password that polkit wants, where the desktop has nobody who does."""

import os
import select
import shutil
import subprocess
import termios
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import libvirt

AGENT = "pkttyagent"
"""polkit's own agent for terminals: in vmdesk's terminal, or in one of ``polkit_prompts``."""
TRIES = 3
"""How often a password may be wrong, as with other agents."""
_PATIENCE = 10.0
"""Seconds that an agent has to register."""


def is_missing(error: libvirt.libvirtError) -> bool:
    """Tell whether libvirt would have let the user in if somebody had asked for a password."""
    signs = (error.get_error_domain(), error.get_error_code())
    return signs == (libvirt.VIR_FROM_POLKIT, libvirt.VIR_ERR_AUTH_UNAVAILABLE)


def is_refusal(error: libvirt.libvirtError) -> bool:
    """Tell whether the password was wrong, or not given."""
    refusals = (libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_CANCELLED)
    return error.get_error_code() in refusals


@contextmanager
def registered(program: Sequence[str]) -> Iterator[Callable[[], bool]]:
    """Let ``program``, which takes pkttyagent's arguments, answer polkit for this process.

    It would go before a desktop's own agent: register it once nobody has answered. Not as the
    fallback that it could be, which polkit 122 passes over where there is no login session. Yields
    what tells whether it is still there: it ends when the user says no, or polkit is missing.
    """
    if not program or shutil.which(AGENT) is None:
        yield lambda: False
        return
    news, end = os.pipe()
    try:
        agent = subprocess.Popen(
            # Its output is closed by whoever has it, when the agent is registered or has ended.
            [*program, "--process", str(os.getpid()), "--notify-fd", "1"],
            stdin=subprocess.PIPE, stdout=end, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(end)
        select.select([news], [], [], _PATIENCE)
    finally:
        os.close(news)
    with _terminal_kept(), agent:
        try:
            yield lambda: agent.poll() is None
        finally:
            agent.terminate()


@contextmanager
def _terminal_kept() -> Iterator[None]:
    """Have the terminal show again what is typed; an agent that is broken off leaves that out."""
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    except OSError:
        yield  # there is none
        return
    try:
        settings = termios.tcgetattr(terminal)
        yield
        termios.tcsetattr(terminal, termios.TCSADRAIN, settings)
    finally:
        os.close(terminal)
