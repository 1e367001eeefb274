"""A second start hands its files to the first; nobody else is heard, and nothing holds it up."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from tests.core.operations.small_machine import make_iso
from vmdesk import local_socket, single_instance
from vmdesk.single_instance import FirstInstance, Wish

FIRST = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from vmdesk import app

def look():
    for widget in QApplication.topLevelWidgets():
        form = getattr(widget, "form", None)
        if widget.isVisible() and form is not None:
            print(form.source.edit.text(), flush=True)
            widget.reject()
            QTimer.singleShot(0, QApplication.quit)
            return

def begin():
    print("ready", flush=True)
    timer.start(20)

timer = QTimer()
timer.timeout.connect(look)
QTimer.singleShot(0, begin)
QTimer.singleShot(30_000, QApplication.quit)
sys.exit(app.main(sys.argv[1:]))
"""
CLAIM_AND_DIE = """
import sys
from pathlib import Path
from vmdesk import local_socket, single_instance
single_instance.claim(Path(sys.argv[1]))
"""
HAND_OVER = """
import sys
from pathlib import Path
from vmdesk import single_instance as s
sys.exit(not s.hand_over(Path(sys.argv[1]), s.Wish(tuple(sys.argv[2:]), True, "token")))
"""
CONNECT = ("--connect", "test:///default")


@pytest.fixture
def runtime(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A runtime folder of this test's own. Names of sockets are short, as is that of this."""
    folder = Path(os.environ["XDG_RUNTIME_DIR"]) / "si"
    folder.mkdir(mode=0o700, exist_ok=True)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))
    return folder


@pytest.fixture
def path(runtime: Path) -> Path:
    found = single_instance.socket_path("test:///default")
    assert found is not None
    return found


@pytest.fixture
def parent() -> QObject:
    return QObject()


@pytest.fixture
def first(qtbot: QtBot, path: Path, parent: QObject) -> Iterator[FirstInstance]:
    claim = single_instance.claim(path)
    assert claim is not None
    made = FirstInstance(claim, parent)
    yield made
    made.close()


def start(*arguments: str) -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, *arguments], stdout=subprocess.PIPE, text=True)


def test_a_second_start_opens_its_file_in_the_window_of_the_first(
    runtime: Path, tmp_path: Path
) -> None:
    disc = make_iso(tmp_path / "disc.iso")
    with start("-c", FIRST, *CONNECT) as first:
        assert first.stdout is not None
        assert first.stdout.readline() == "ready\n"
        began = time.monotonic()
        second = subprocess.run(
            [sys.executable, "-m", "vmdesk", *CONNECT, "disc.iso"],
            cwd=tmp_path,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[1])},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        took = time.monotonic() - began
        shown = first.stdout.readline()
    assert (second.returncode, second.stdout, second.stderr) == (0, "", "")
    assert shown == f"{disc}\n"
    assert took < local_socket.PATIENCE
    assert first.returncode == 0
    assert list(runtime.glob("*.socket")) == []


def test_only_the_user_can_reach_the_socket(first: FirstInstance, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_suffix(".lock").stat().st_mode) == 0o600


def test_each_connection_has_its_own_window(runtime: Path) -> None:
    uris = ("qemu:///session", "qemu:///system")
    assert len({single_instance.socket_path(uri) for uri in uris}) == 2


@pytest.mark.parametrize("mode", [0o755, 0o770])
def test_a_folder_that_others_can_enter_is_not_used(runtime: Path, mode: int) -> None:
    runtime.chmod(mode)
    try:
        assert single_instance.socket_path("qemu:///session") is None
    finally:
        runtime.chmod(0o700)


def test_without_a_runtime_folder_each_start_is_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_RUNTIME_DIR")
    assert single_instance.socket_path("qemu:///session") is None


def test_there_is_one_first_at_a_time_and_the_next_takes_over(
    qtbot: QtBot, path: Path, parent: QObject
) -> None:
    claim = single_instance.claim(path)
    assert claim is not None
    assert single_instance.claim(path) is None
    FirstInstance(claim, parent).close()
    again = single_instance.claim(path)
    assert again is not None
    FirstInstance(again, parent).close()


def test_a_dead_ones_socket_is_replaced(qtbot: QtBot, path: Path, parent: QObject) -> None:
    subprocess.run([sys.executable, "-c", CLAIM_AND_DIE, str(path)], check=True)
    assert path.exists()
    assert not single_instance.hand_over(path, Wish())
    claim = single_instance.claim(path)
    assert claim is not None
    FirstInstance(claim, parent).close()


def test_what_is_wished_arrives_whole(qtbot: QtBot, first: FirstInstance, path: Path) -> None:
    files = [f"/a folder/größe {number}.tar" + "x" * 100 for number in range(500)]
    with qtbot.waitSignal(first.wished) as heard:
        other = start("-c", HAND_OVER, str(path), *files)
    other.communicate()
    assert heard.args == [Wish(tuple(files), True, "token")]
    assert other.returncode == 0


@pytest.mark.parametrize(
    "line",
    [
        b"hello\n",
        b"[]\n",
        b"[" * 5000 + b"\n",
        b"\xff\n",
        json.dumps({"files": [1], "new": False, "token": ""}).encode() + b"\n",
        json.dumps({"files": [], "new": 1, "token": ""}).encode() + b"\n",
        json.dumps({"files": [], "new": False}).encode() + b"\n",
        json.dumps({"files": [], "new": False, "token": "", "run": "x"}).encode() + b"\n",
    ],
)
def test_what_is_no_wish_is_hung_up_on(
    qtbot: QtBot, first: FirstInstance, path: Path, line: bytes
) -> None:
    with qtbot.assertNotEmitted(first.wished), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
        caller.sendall(line)
        assert answer(qtbot, caller) == b""


def test_a_message_without_an_end_is_cut_off(
    qtbot: QtBot, first: FirstInstance, path: Path
) -> None:
    sent = 0
    with qtbot.assertNotEmitted(first.wished), socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
        caller.setblocking(False)

        def is_cut_off() -> bool:
            nonlocal sent
            try:
                sent += caller.send(b"x" * 65536)
            except BlockingIOError:
                return False
            except (BrokenPipeError, ConnectionResetError):
                return True
            return False

        qtbot.waitUntil(is_cut_off)
    assert sent < 4 * local_socket.MAXIMUM_MESSAGE


def test_silent_callers_are_not_waited_for_for_ever(
    qtbot: QtBot, first: FirstInstance, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(local_socket, "PATIENCE", 0.1)
    with socket.socket(socket.AF_UNIX) as caller:
        caller.connect(str(path))
        assert answer(qtbot, caller) == b""


def test_only_so_many_are_listened_to_at_a_time(
    qtbot: QtBot, first: FirstInstance, path: Path
) -> None:
    silent = [socket.socket(socket.AF_UNIX) for _index in range(local_socket.MAXIMUM_CONNECTIONS)]
    with ExitStack() as stack:
        for caller in silent:
            stack.enter_context(caller).connect(str(path))
        late = stack.enter_context(socket.socket(socket.AF_UNIX))
        late.connect(str(path))
        assert answer(qtbot, late) == b""
        silent[0].close()
        with qtbot.waitSignal(first.wished):
            other = start("-c", HAND_OVER, str(path))
        other.communicate()


def answer(qtbot: QtBot, caller: socket.socket) -> bytes:
    """Return what the first says, once it has said it or hung up."""
    caller.setblocking(False)
    said: list[bytes] = []

    def has_answered() -> bool:
        try:
            said.append(caller.recv(100))
        except BlockingIOError:
            return False
        except ConnectionResetError:
            said.append(b"")
        return True

    qtbot.waitUntil(has_answered)
    return said[0]


def test_files_keep_their_meaning_in_another_folder() -> None:
    here = str(Path("web.tar").absolute())
    sources = ("web.tar", "/a/b.iso", "https://example.org/x.iso", "file:///a/b")
    assert single_instance.absolute(sources) == (here, *sources[1:])
