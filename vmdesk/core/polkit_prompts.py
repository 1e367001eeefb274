"""An agent of polkit that asks the window: polkit's agent for terminals, on a terminal of its own.

A program of its own that needs nothing but Python; it is started as ``polkit_prompts ASKPASS …``,
with what else ``pkttyagent`` is to be given. What that writes before it waits is the prompt for
ASKPASS, a program as ssh's. It ends with the first no, when it is told to, and when its standard
input is closed.
"""

import os
import re
import select
import signal
import subprocess
import sys
import termios

_QUIET = 0.2
"""Seconds after which an agent that has begun a line waits for an answer."""
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_STDIN, _STDOUT = range(2)


def main(askpass: str, *arguments: str) -> int:
    """Pass on what is asked until there is no more, and return the exit code."""
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit(1))
    terminal, end = os.openpty()
    _turn_off_echo(end)
    agent = subprocess.Popen(
        ["setsid", "--ctty", "pkttyagent", *arguments],
        stdin=end,
        # Who reads the prompts knows them in one language.
        env=os.environ | {"LC_ALL": "C.UTF-8"},
    )
    os.close(end)
    # That the agent is ready is for it alone to say, see ``polkit_agent``.
    os.close(_STDOUT)
    with agent:
        try:
            _relay(terminal, askpass)
        finally:
            agent.terminate()
    return 0


def _turn_off_echo(terminal: int) -> None:
    """What is typed is never to be read back as if the agent had written it."""
    settings = termios.tcgetattr(terminal)
    settings[3] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def _relay(terminal: int, askpass: str) -> None:
    heard = b""
    while True:
        is_waiting = bool(heard) and not heard.endswith(b"\n")
        ready, _, _ = select.select([terminal, _STDIN], [], [], _QUIET if is_waiting else None)
        if _STDIN in ready:
            return
        if ready:
            try:
                heard += os.read(terminal, 4096)
            except OSError:  # EIO: the agent has ended, see pty(7)
                return
            continue
        answer = _ask(askpass, heard, terminal)
        if answer is None:
            return
        os.write(terminal, answer)
        # Whose password is asked for next is told by that answer alone.
        is_choice = heard.rpartition(b"\n")[2].startswith(b"Choose identity")
        heard = heard + answer if is_choice else b""


def _ask(askpass: str, heard: bytes, terminal: int) -> bytes | None:
    """Return the user's answer, or ``None`` if it is no, or nobody waits for it any more."""
    prompt = _COLOUR.sub("", heard.decode(errors="replace").replace("\r\n", "\n"))
    answer, end = os.pipe()
    asker = subprocess.Popen([askpass, prompt], stdin=subprocess.DEVNULL, stdout=end)
    os.close(end)
    with asker, os.fdopen(answer, "rb") as said:
        try:
            ready, _, _ = select.select([answer, terminal, _STDIN], [], [])
        except SystemExit:
            asker.terminate()
            raise
        if answer not in ready:
            asker.terminate()
        words = said.read()
    return words if asker.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
