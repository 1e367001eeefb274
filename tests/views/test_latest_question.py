"""Of several questions, only the last one's answer is heard."""

import threading
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vmdesk.core.job import Job, OperationError
from vmdesk.tasks import TaskRunner, TaskState
from vmdesk.views.latest_question import LatestQuestion


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    made = TaskRunner(2)
    yield made
    made.shut_down()


@pytest.fixture
def question(qtbot: QtBot) -> Iterator[LatestQuestion]:
    parent = QObject()
    yield LatestQuestion(parent)
    parent.deleteLater()


def test_what_was_asked_before_is_let_go(
    qtbot: QtBot, runner: TaskRunner, question: LatestQuestion
) -> None:
    begun, go = threading.Event(), threading.Event()
    heard: list[object] = []
    question.answered.connect(heard.append)

    def slow(_job: Job) -> str:
        begun.set()
        go.wait(5)
        return "first"

    first = runner.start("Ask", slow)
    question.ask(first)
    assert begun.wait(5)
    question.ask(runner.start("Ask", lambda _job: "second"))
    qtbot.waitUntil(lambda: heard == ["second"])
    with qtbot.waitSignal(first.finished):
        go.set()
    assert heard == ["second"]


def test_progress_and_failure_are_told(
    qtbot: QtBot, runner: TaskRunner, question: LatestQuestion
) -> None:
    error = OperationError("No.")

    def fail(job: Job) -> None:
        job.report(1, 2, "Looking")
        raise error

    heard: list[object] = []
    question.progressed.connect(lambda progress: heard.append(progress.text))
    question.failed.connect(heard.append)
    question.ask(runner.start("Ask", fail))
    qtbot.waitUntil(lambda: len(heard) == 2)
    assert heard == ["Looking", error]


def test_an_answer_that_nobody_needs_is_cancelled(
    qtbot: QtBot, runner: TaskRunner, question: LatestQuestion
) -> None:
    begun = threading.Event()

    def look(job: Job) -> None:
        begun.set()
        while True:
            job.check()

    task = runner.start("Ask", look)
    question.ask(task)
    qtbot.waitUntil(begun.is_set)
    question.cancel()
    qtbot.waitUntil(lambda: task.state is TaskState.CANCELLED)
