"""polkit asks whom vmdesk names, in a terminal of its own or in the user's: a real one, and PAM."""

import os
import select
import shlex
import signal
import subprocess
import sys
import termios
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests import guarded_libvirt
from tests.guarded_libvirt import URI
from vmdesk.core import connections, polkit_agent, polkit_prompts
from vmdesk.core.ask_tools import Asking
from vmdesk.core.doctor import mending
from vmdesk.core.host import Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
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
    assert not agent_runs()


def agent_runs() -> bool:
    """Whether a pkttyagent of this user asks, for whatever process."""
    mine = ["pgrep", "-u", str(os.getuid()), "-x", "pkttyagent"]
    return subprocess.run(mine, check=False, stdout=subprocess.DEVNULL).returncode == 0


def wait_until(condition: Callable[[], bool]) -> None:
    turn = threading.Event()
    assert any(condition() or turn.wait(0.05) for _turn in range(400))


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
            before=f'[ "$2" = polkit ] || exit 1; printf \'%s\\0\' "$1" >>{seen}',
        )

    def asks(self, command: str, before: str = ":") -> None:
        self.program.write_text(f"#!/bin/sh\n{before}\n{command}\n")
        self.program.chmod(0o700)

    @property
    def agent(self) -> tuple[str, ...]:
        return (sys.executable, "-I", polkit_prompts.__file__, str(self.program))

    def begin(self) -> "subprocess.Popen[bytes]":
        """Start the agent for this process; its output ends when it is registered."""
        argv = [*self.agent, "--process", str(os.getpid()), "--notify-fd", "1"]
        pipe = subprocess.PIPE
        return subprocess.Popen(argv, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)

    def answers(self, *answers: str) -> None:
        self._answers.write_text("".join(f"{answer}\n" for answer in answers))

    @property
    def prompts(self) -> list[str]:
        return self._seen.read_text().split("\0")[:-1]

    @contextmanager
    def asked(self, folder: Path) -> Iterator["Seen"]:
        """Ask without an end from now on."""
        asked, still_asks = folder / "asked", folder / "still"
        os.mkfifo(asked)
        os.mkfifo(still_asks)
        # As long as it runs, it has the second one open.
        self.asks(f"exec 9<>{still_asks}; echo >{asked}; exec sleep 60")
        yield Seen(asked, still_asks)


class Seen:
    """What can be seen of a question without an end."""

    def __init__(self, asked: Path, still_asks: Path) -> None:
        self._asked = asked
        self._still_asks = still_asks
        self._watched = -1

    def wait(self) -> None:
        """Wait until it is asked."""
        self._watched = os.open(self._still_asks, os.O_RDONLY | os.O_NONBLOCK)
        self._asked.read_text()

    def wait_for_end(self) -> None:
        """Wait until who asked has ended."""
        poll = select.poll()
        poll.register(self._watched, select.POLLHUP)
        assert poll.poll(20_000), "the question stays"
        os.close(self._watched)


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


def test_an_agent_that_can_not_be_started_is_none(
    password: str, libvirt_events: None, tmp_path: Path
) -> None:
    assert "Join the group" in refusal((str(tmp_path / "gone"),)).hint


def test_where_polkit_has_no_agent_the_user_is_told_as_well(
    password: str, window: Window, libvirt_events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    window.answers(password)
    monkeypatch.setenv("PATH", str(window.program.parent))
    refusal(window.agent)
    assert window.prompts == []


def test_two_that_need_a_password_at_once_are_asked_for_one_after_the_other(
    password: str, window: Window, libvirt_events: None
) -> None:
    window.answers(password, password)
    with ThreadPoolExecutor(2) as pool:
        for opened in [pool.submit(open_guarded, window.agent) for _thread in range(2)]:
            opened.result()
    assert len(window.prompts) == 2


def test_a_cancel_withdraws_the_question(
    password: str, window: Window, tmp_path: Path, libvirt_events: None
) -> None:
    job = Job()
    with window.asked(tmp_path) as seen, ThreadPoolExecutor(1) as pool:
        opened = pool.submit(Host(URI, Asking(agent=window.agent)).open, job=job)
        seen.wait()
        job.cancel()
        with pytest.raises(Cancelled):
            opened.result()
        seen.wait_for_end()


def test_who_waits_for_a_turn_can_be_cancelled() -> None:
    job = Job()
    job.cancel()
    with polkit_agent._turn, pytest.raises(Cancelled):
        polkit_agent.allowed(bool, (), polkit_agent.is_refusal, job)


def test_what_is_allowed_meanwhile_needs_no_agent() -> None:
    assert polkit_agent.allowed(lambda: "done", (), polkit_agent.is_refusal, Job()) == "done"


def test_an_agent_that_polkit_does_not_take_ends(password: str, window: Window) -> None:
    with window.begin() as first:
        assert first.stdout is not None
        assert first.stdout.read() == b""
        with window.begin() as second:
            # Its input is open still.
            assert second.wait(20) == 0
        assert first.poll() is None
        assert first.stdin is not None
        first.stdin.close()


def test_another_computers_libvirt_is_not_asked_for_here(
    password: str, window: Window, libvirt_events: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "is_ssh", lambda _uri: True)
    window.answers(password)
    refusal(window.agent)
    assert window.prompts == []


def mend(command: str) -> Mend:
    return Mend("x", ("pkexec", "sh", "-c", command))


def test_a_mend_runs_as_root_for_whoever_may_allow_it(
    password: str, window: Window, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    window.answers("2", password)
    # For longer than the agent is looked at before it is taken to wait for an answer.
    mending.run(mend(f"sleep 1; touch {made}"), window.agent, Job())
    assert made.stat().st_uid == 0
    people, secret = window.prompts
    assert "\n 1.  root\n 2.  " in people
    assert secret.startswith(people)
    assert secret.endswith("(1-2): 2\nPassword: ")


def test_a_mend_may_be_mistyped_too(password: str, window: Window, tmp_path: Path) -> None:
    made = tmp_path / "made"
    window.answers("2", "wrong", "2", password)
    mending.run(mend(f"touch {made}"), window.agent, Job())
    assert made.exists()
    assert ["FAILED" in prompt for prompt in window.prompts] == [False, False, True, True]


def test_a_no_to_a_mend_is_a_cancel(password: str, window: Window, tmp_path: Path) -> None:
    window.answers("2")
    with pytest.raises(Cancelled):
        mending.run(mend(f"touch {tmp_path}/made"), window.agent, Job())
    assert not (tmp_path / "made").exists()


@pytest.mark.parametrize("is_told", [True, False], ids=["told", "vmdesk has died"])
def test_a_question_that_nobody_waits_for_is_withdrawn(
    password: str, window: Window, tmp_path: Path, is_told: bool
) -> None:
    with window.asked(tmp_path) as seen, window.begin() as agent:
        assert agent.stdin is not None
        assert agent.stdout is not None
        assert agent.stdout.read() == b""
        check = ["pkcheck", "-u", "-a", "org.libvirt.unix.manage", "-p", str(os.getpid())]
        checked = subprocess.Popen(check, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        seen.wait()
        if is_told:
            # Its own end is what counts, whatever comes before.
            agent.terminate()
        agent.stdin.close()
        seen.wait_for_end()
    assert b"Not authorized" in checked.communicate()[0]


class Terminal:
    """A user's terminal with a shell that has started vmdeskctl in it."""

    def __init__(self) -> None:
        self._terminal, self._end = os.openpty()
        ctl = [sys.executable, "-m", "vmdesk.cli", "--connect", URI, "--json", "list"]
        shell = ["sh", "-c", 'trap : INT; "$@"; exit $?', "sh"]
        self.shell = subprocess.Popen(
            ["setsid", "--ctty", *shell, *ctl],
            stdin=self._end,
            stdout=subprocess.PIPE,
            stderr=self._end,
        )
        self._heard = b""

    def wait(self, words: bytes) -> None:
        while words not in self._heard:
            ready, _, _ = select.select([self._terminal], [], [], 20)
            assert ready, self._heard
            self._heard += os.read(self._terminal, 4096)

    @property
    def shows_what_is_typed(self) -> bool:
        return bool(termios.tcgetattr(self._terminal)[ECHO] & termios.ECHO)

    def type(self, keys: bytes) -> None:
        os.write(self._terminal, keys)

    def signal_ctl(self, number: signal.Signals) -> None:
        ctl = ["pkill", f"-{number.value}", "-P", str(self.shell.pid)]
        subprocess.run(ctl, check=True)

    def close(self) -> None:
        self.shell.kill()
        self.shell.communicate()
        os.close(self._terminal)
        os.close(self._end)


@pytest.fixture
def terminal(password: str) -> Iterator[Terminal]:
    made = Terminal()
    try:
        made.wait(b"Password: ")
        wait_until(lambda: not made.shows_what_is_typed)
        yield made
    finally:
        made.close()


def test_in_a_terminal_it_is_asked_there(terminal: Terminal, password: str) -> None:
    terminal.type(f"{password}\n".encode())
    assert terminal.shell.stdout is not None
    assert terminal.shell.stdout.read() == b"[]\n"
    assert terminal.shell.wait() == 0
    assert terminal.shows_what_is_typed


def test_ctrl_c_is_a_no_and_the_terminal_shows_again_what_is_typed(terminal: Terminal) -> None:
    terminal.type(b"\x03")
    assert terminal.shell.wait() == 130
    assert terminal.shows_what_is_typed


def test_vmdeskctl_can_be_ended_from_elsewhere_while_it_asks(terminal: Terminal) -> None:
    terminal.signal_ctl(signal.SIGTERM)
    assert terminal.shell.wait() == 130
    assert terminal.shows_what_is_typed


def test_when_vmdeskctl_has_died_nobody_reads_what_is_typed(terminal: Terminal) -> None:
    # Its end would be that of the terminal.
    terminal.shell.send_signal(signal.SIGSTOP)
    terminal.signal_ctl(signal.SIGKILL)
    wait_until(lambda: not agent_runs())
    assert terminal.shows_what_is_typed
