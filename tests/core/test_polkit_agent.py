"""polkit asks whom vmdesk names, in a terminal of its own or in the user's: a real one, and PAM."""

import os
import select
import shlex
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests import guarded_libvirt
from tests.guarded_libvirt import URI
from vmdesk.core import polkit_agent, polkit_prompts
from vmdesk.core.ask_tools import Asking
from vmdesk.core.doctor import mending
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.mend import Mend

pytestmark = pytest.mark.usefixtures("no_thread_stays", "no_agent_stays")
ECHO = 3
"""Where a terminal's settings say whether what is typed is shown."""


@pytest.fixture
def password() -> str:
    return guarded_libvirt.password()


@pytest.fixture
def no_agent_stays() -> Iterator[None]:
    yield
    started = f"pkttyagent --process {os.getpid()} "
    assert subprocess.run(["pgrep", "-f", started], check=False).returncode == 1


class Window:
    """Answers what is asked, one after another, and then says no; ``prompts`` is what it saw."""

    def __init__(self, folder: Path) -> None:
        self._seen = folder / "seen"
        self._answers = folder / "answers"
        self._seen.write_text("")
        self.program = folder / "askpass"
        seen, answers = shlex.quote(str(self._seen)), shlex.quote(str(self._answers))
        self.asks(
            f"[ -s {answers} ] || exit 1; head -n 1 {answers}; sed -i 1d {answers}",
            before=f"printf '%s\\0' \"$1\" >>{seen}",
        )

    def asks(self, command: str, before: str = ":") -> None:
        self.program.write_text(f"#!/bin/sh\n{before}\n{command}\n")
        self.program.chmod(0o700)

    @property
    def agent(self) -> tuple[str, ...]:
        return (sys.executable, "-I", polkit_prompts.__file__, str(self.program))

    def answers(self, *answers: str) -> None:
        self._answers.write_text("".join(f"{answer}\n" for answer in answers))

    @property
    def prompts(self) -> list[str]:
        return self._seen.read_text().split("\0")[:-1]


@pytest.fixture
def window(tmp_path: Path) -> Window:
    return Window(tmp_path)


def open_guarded(agent: tuple[str, ...]) -> None:
    host = Host(URI, Asking(agent=agent))
    host.open()
    assert host.domains() == []
    host.close()


def refusal(agent: tuple[str, ...]) -> OperationError:
    with pytest.raises(OperationError, match="did not let you in") as caught:
        open_guarded(agent)
    assert caught.value.cause is Cause.NOT_LET_IN
    return caught.value


def test_the_right_password_opens_the_connection(
    password: str, window: Window, libvirt_events: None
) -> None:
    window.answers(password)
    open_guarded(window.agent)
    (prompt,) = window.prompts
    assert prompt.startswith("==== AUTHENTICATING FOR org.libvirt.unix.manage ====\n")
    assert prompt.endswith("\nPassword: ")


def test_a_wrong_password_is_asked_for_again(
    password: str, window: Window, libvirt_events: None
) -> None:
    window.answers("wrong", password)
    open_guarded(window.agent)
    assert ["FAILED" in prompt for prompt in window.prompts] == [False, True]


def test_a_password_may_be_wrong_three_times(
    password: str, window: Window, libvirt_events: None
) -> None:
    window.answers("wrong", "", "wrong", password)
    refusal(window.agent)
    assert len(window.prompts) == polkit_agent.TRIES


def test_a_no_ends_it(password: str, window: Window, libvirt_events: None) -> None:
    window.answers()
    refusal(window.agent)
    assert len(window.prompts) == 1


def test_where_nobody_can_be_asked_the_user_is_told_how_to_get_in(
    password: str, libvirt_events: None
) -> None:
    assert "Join the group" in refusal(()).hint


def test_where_polkit_has_no_agent_the_user_is_told_as_well(
    password: str, window: Window, libvirt_events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.answers(password)
    monkeypatch.setenv("PATH", str(window.program.parent))
    refusal(window.agent)
    assert window.prompts == []


def test_a_mend_runs_as_root_for_whoever_may_allow_it(
    password: str, window: Window, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    window.answers("2", password)
    mending.run(Mend("x", ("pkexec", "touch", str(made))), window.agent, Job())
    assert made.stat().st_uid == 0
    people, secret = window.prompts
    assert "\n 1.  root\n 2.  " in people
    assert "Choose identity" in people
    assert secret.endswith("\nPassword: ")


def test_a_mend_without_a_password_changes_nothing(
    password: str, window: Window, tmp_path: Path
) -> None:
    window.answers("2")
    with pytest.raises(OperationError, match="Nobody allowed this"):
        mending.run(Mend("x", ("pkexec", "touch", str(tmp_path / "made"))), window.agent, Job())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "vmdesk has died"])
def test_a_question_that_nobody_waits_for_is_withdrawn(
    password: str, window: Window, tmp_path: Path, is_told: bool
) -> None:
    asked, still_asks = tmp_path / "asked", tmp_path / "still"
    os.mkfifo(asked)
    os.mkfifo(still_asks)
    # As long as it runs, it has the second one open.
    window.asks(f"exec 9>{still_asks}; echo >{asked}; exec sleep 60")
    us = str(os.getpid())
    begun = [*window.agent, "--process", us, "--notify-fd", "1"]
    with subprocess.Popen(begun, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        assert agent.stdout.read() == b""
        check = ["pkcheck", "-u", "-a", "org.libvirt.unix.manage", "-p", us]
        checked = subprocess.Popen(check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        with still_asks.open() as seen:
            asked.read_text()
            if is_told:
                agent.terminate()
            else:
                agent.stdin.close()
            assert seen.read() == ""
    assert b"Not authorized" in checked.communicate()[0]


class Terminal:
    """A user's terminal with vmdeskctl in it."""

    def __init__(self) -> None:
        self._terminal, self._end = os.openpty()
        ctl = [sys.executable, "-m", "vmdesk.cli", "--connect", URI, "--json", "list"]
        self.ctl = subprocess.Popen(
            ["setsid", "--ctty", *ctl], stdin=self._end, stdout=subprocess.PIPE, stderr=self._end
        )
        self._heard = b""

    def wait(self, words: bytes) -> None:
        while words not in self._heard:
            ready, _, _ = select.select([self._terminal], [], [], 20)
            assert ready, self._heard
            self._heard += os.read(self._terminal, 4096)

    def wait_until(self, condition: Callable[[], bool]) -> None:
        turn = threading.Event()
        assert any(condition() or turn.wait(0.05) for _turn in range(200))

    @property
    def shows_what_is_typed(self) -> bool:
        return bool(termios.tcgetattr(self._terminal)[ECHO] & termios.ECHO)

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def close(self) -> None:
        self.ctl.communicate()
        os.close(self._terminal)
        os.close(self._end)


@pytest.fixture
def terminal(password: str) -> Iterator[Terminal]:
    made = Terminal()
    made.wait(b"Password: ")
    made.wait_until(lambda: not made.shows_what_is_typed)
    yield made
    made.close()


def test_in_a_terminal_it_is_asked_there(terminal: Terminal, password: str) -> None:
    terminal.type(f"{password}\n".encode())
    assert terminal.ctl.stdout is not None
    assert terminal.ctl.stdout.read() == b"[]\n"
    assert terminal.ctl.wait() == 0
    assert terminal.shows_what_is_typed


def test_after_ctrl_c_the_terminal_shows_again_what_is_typed(terminal: Terminal) -> None:
    terminal.type(b"\x03")
    assert terminal.ctl.wait() == 130
    assert terminal.shows_what_is_typed
