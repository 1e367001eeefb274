"""ssh asks in the window: by programs of ours, over a socket that only the user can reach."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vmdesk.core import ask_tools
from vmdesk.core.ask_tools import AskTools
from vmdesk.questions import Question, Questions


@pytest.fixture
def tools() -> Iterator[AskTools]:
    made = ask_tools.install()
    yield made
    made.remove()
    assert not made.folder.exists()


@pytest.fixture
def questions(qtbot: QtBot, tools: AskTools) -> Iterator[Questions]:
    parent = QObject()
    made = Questions(tools, parent)
    yield made
    made.close()


def ask(tools: AskTools, *prompts: str) -> "subprocess.Popen[str]":
    """As ssh does, which asks one question after another."""
    asks = "; ".join(f"'{tools.askpass}' '{prompt}' || echo no" for prompt in prompts)
    return subprocess.Popen(["sh", "-c", asks], stdout=subprocess.PIPE, text=True)


def next_question(qtbot: QtBot, questions: Questions) -> Question:
    with qtbot.waitSignal(questions.asked) as asked:
        pass
    assert asked.args
    question = asked.args[0]
    assert isinstance(question, Question)
    return question


def end(qtbot: QtBot, ssh: "subprocess.Popen[str]") -> str:
    qtbot.waitUntil(lambda: ssh.poll() is not None)
    return ssh.communicate()[0]


def test_what_the_user_says_is_what_ssh_reads(
    qtbot: QtBot, tools: AskTools, questions: Questions
) -> None:
    ssh = ask(tools, "Password:")
    question = next_question(qtbot, questions)
    assert question.prompt == "Password:"
    question.answer("größe“ $x")
    assert end(qtbot, ssh) == "größe“ $x\n"


def test_a_no_is_a_no_to_all_that_this_ssh_asks(
    qtbot: QtBot, tools: AskTools, questions: Questions
) -> None:
    ssh = ask(tools, "first", "second")
    next_question(qtbot, questions).refuse()
    with qtbot.assertNotEmitted(questions.asked):
        assert end(qtbot, ssh) == "no\nno\n"


def test_one_question_is_shown_at_a_time(
    qtbot: QtBot, tools: AskTools, questions: Questions
) -> None:
    first = ask(tools, "first")
    question = next_question(qtbot, questions)
    second = ask(tools, "second")
    qtbot.waitUntil(lambda: len(questions._waiting) == 2)
    with qtbot.waitSignal(questions.asked) as asked:
        question.answer("1")
    assert asked.args
    asked.args[0].answer("2")
    assert (end(qtbot, first), end(qtbot, second)) == ("1\n", "2\n")


def test_a_question_is_withdrawn_when_ssh_ends(
    qtbot: QtBot, tools: AskTools, questions: Questions
) -> None:
    asker = subprocess.Popen([str(tools.askpass), "Password:"], stdout=subprocess.PIPE)
    question = next_question(qtbot, questions)
    with qtbot.waitSignal(question.withdrawn):
        asker.kill()
    asker.communicate()


def test_without_a_window_ssh_gets_no_answer(tools: AskTools) -> None:
    done = subprocess.run([str(tools.askpass), "Password:"], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, b"", b"")


def test_the_ssh_of_the_window_asks_it_and_trusts_nobody_by_itself(
    tools: AskTools, tmp_path: Path
) -> None:
    seen = tmp_path / "ssh"
    seen.write_text('#!/bin/sh\necho "$SSH_ASKPASS_REQUIRE $SSH_ASKPASS $*"\n')
    seen.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}"}
    told = subprocess.run(
        [str(tools.ssh), "-p", "22", "lab"],
        env=environment, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert told.startswith(f"force {tools.askpass} ")
    assert "-oStrictHostKeyChecking=ask" in told
    assert told.endswith(" -p 22 lab\n")
    assert tools.folder.stat().st_mode & 0o077 == 0


def test_programs_are_kept_where_programs_can_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/proc/nowhere")
    made = ask_tools.install()
    assert os.access(made.ssh, os.X_OK)
    made.remove()
