"""Have somebody ask for the password that polkit wants, where the desktop has nobody who does."""

import os
import select
import shutil
import subprocess
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

import libvirt

from vmdesk.core.job import Job

IN_TERMINAL = ("setpriv", "--pdeathsig", "TERM", "pkttyagent")
"""polkit's own agent for terminals, which is not to read what is typed after vmdesk has died."""
TRIES = 3
"""How often a password may be wrong, as with other agents."""
_PATIENCE = 10_000
"""Milliseconds that an agent has to register."""
_MOMENT = 0.5
"""Seconds within which an agent ends whose user has said no."""

# polkit has one agent for a process, and that asks one question at a time.
_turn = threading.Lock()
_Result = TypeVar("_Result")


class RefusedError(Exception):
    """The user has said no; ``error`` is what came of that."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


def is_needed(error: libvirt.libvirtError) -> bool:
    """Tell whether libvirt would let the user in if somebody asked for a password."""
    signs = (error.get_error_domain(), error.get_error_code())
    is_missing = signs == (libvirt.VIR_FROM_POLKIT, libvirt.VIR_ERR_AUTH_UNAVAILABLE)
    # Somebody who asks already has no time for a second question.
    return is_missing or (_turn.locked() and is_refusal(error))


def is_refusal(error: Exception) -> bool:
    """Tell whether libvirt says that the password was wrong, or not given."""
    refusals = (libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_CANCELLED)
    return isinstance(error, libvirt.libvirtError) and error.get_error_code() in refusals


def allowed(
    act: Callable[[], _Result],
    agent: Sequence[str],
    is_refused: Callable[[Exception], bool],
    job: Job,
) -> _Result:
    """Do something that polkit allows when ``agent`` has asked for a password.

    ``agent`` is a program that takes the arguments of pkttyagent; without one, or where polkit is
    missing, ``act`` is tried as it is. A wrong password is asked for again. Raises
    ``RefusedError`` if the user says no, ``Cancelled`` with ``job``, and else what ``act`` raises.
    """
    tries_left = TRIES
    with _alone(job), _registered(agent, job) as is_there:
        while True:
            tries_left -= 1
            try:
                return act()
            except Exception as error:
                if is_there is None or not is_refused(error):
                    raise
                if not is_there():
                    raise RefusedError(error) from error
                if not tries_left:
                    raise


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Wait for those who ask already."""
    while not _turn.acquire(timeout=_MOMENT):
        job.check()
    try:
        yield
    finally:
        _turn.release()


@contextmanager
def _registered(program: Sequence[str], job: Job) -> Iterator[Callable[[], bool] | None]:
    """Let ``program`` answer polkit for this process; yield what tells whether it still does.

    It would go before a desktop's own agent: register it once nobody has answered. Not as the
    fallback that it could be, which polkit 122 passes over where there is no login session.
    """
    agent = _start(program)
    if agent is None:
        yield None
        return
    with agent:
        try:
            with job.stopping_with(lambda: _end(agent)):
                _wait_until_registered(agent)
                yield lambda: _is_there(agent)
        finally:
            _end(agent)


def _start(program: Sequence[str]) -> "subprocess.Popen[bytes] | None":
    if not program or shutil.which("pkttyagent") is None:
        return None
    pipe = subprocess.PIPE
    argv = [*program, "--process", str(os.getpid()), "--notify-fd", "1"]
    try:
        return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
    except OSError:
        return None


def _wait_until_registered(agent: "subprocess.Popen[bytes]") -> None:
    """It closes its output then, and so does one that ends."""
    poll = select.poll()
    poll.register(agent.stdout or -1)
    poll.poll(_PATIENCE)


def _end(agent: "subprocess.Popen[bytes]") -> None:
    """The agent of the window looks at its input, pkttyagent does not."""
    if agent.stdin is not None:
        agent.stdin.close()
    agent.terminate()


def _is_there(agent: "subprocess.Popen[bytes]") -> bool:
    try:
        agent.wait(_MOMENT)
    except subprocess.TimeoutExpired:
        return True
    return False
