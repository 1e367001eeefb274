"""An agent of polkit that asks the window: polkit's agent for terminals, on a terminal of its own.

A program of its own that needs nothing but Python; it is started as ``polkit_prompts ASKPASS …``,
with what else ``pkttyagent`` is to be given. What that has said when it waits is the prompt for
ASKPASS, a program as ssh's. It ends with the first no, and when its standard input is closed.
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
_COLOUR = re.compile(rb"\x1b\[[0-9;]*m")
# polkitagenttextlistener.c; what went before is over, but that a password was wrong.
_END = re.compile(rb"=+ AUTHENTICATION [A-Z]+ =+\n\Z")
_STDIN, _STDOUT = range(2)
_OUTPUT, _LOCAL = 1, 3
"""Where a terminal's settings have its modes, see ``termios.tcgetattr``."""


def main(askpass: str, *arguments: str) -> int:
    """Pass on what is asked until there is no more, and return the exit code."""
    # Its input tells when to end: a signal could come between two steps, and leave a question.
    signal.signal(signal.SIGTERM, lambda *_args: None)
    terminal, end = os.openpty()
    _make_plain(end)
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


def _make_plain(terminal: int) -> None:
    """Have only what the agent writes come out, and as it writes it."""
    settings = termios.tcgetattr(terminal)
    settings[_OUTPUT] &= ~termios.OPOST
    settings[_LOCAL] &= ~termios.ECHO
    termios.tcsetattr(terminal, termios.TCSANOW, settings)


def _relay(terminal: int, askpass: str) -> None:
    heard, answered = b"", 0
    while True:
        is_waiting = len(heard) > answered and not heard.endswith(b"\n")
        ready, _, _ = select.select([terminal, _STDIN], [], [], _QUIET if is_waiting else None)
        if _STDIN in ready:
            return
        if ready:
            try:
                heard = _COLOUR.sub(b"", heard + os.read(terminal, 4096))
            except OSError:  # EIO: the agent has ended, see pty(7)
                return
            if (end := _END.search(heard)) is not None:
                heard, answered = end[0], len(end[0])
            continue
        answer = _ask(askpass, heard.decode(errors="replace"), terminal)
        if answer is None:
            return
        os.write(terminal, answer)
        # Whose password is asked for next is told by that answer alone.
        if heard.rpartition(b"\n")[2].startswith(b"Choose identity"):
            heard += answer
        answered = len(heard)


def _ask(askpass: str, prompt: str, terminal: int) -> bytes | None:
    """Return the user's answer, or ``None`` if it is no, or nobody waits for it any more."""
    answer, end = os.pipe()
    argv = [askpass, prompt, "polkit"]
    asker = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=end)
    os.close(end)
    with asker, os.fdopen(answer, "rb") as said:
        ready, _, _ = select.select([answer, terminal, _STDIN], [], [])
        if answer not in ready:
            asker.terminate()
        words = said.read()
    return words if asker.returncode == 0 else None


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
