"""Tasks: every signal on the main thread, one ending each, one at a time for each key."""

import sys
import threading
import weakref
from contextlib import suppress

import pytest
from PySide6.QtCore import QThread
from pytestqt.qtbot import QtBot

from vmdesk.core.job import Cancelled, Job, OperationError, Progress
from vmdesk.tasks import Task, TaskRunner, TaskState


@pytest.fixture
def runner(qtbot: QtBot) -> TaskRunner:
    return TaskRunner(threads=4)


def test_a_result_arrives_on_the_main_thread(qtbot: QtBot, runner: TaskRunner) -> None:
    main = QThread.currentThread()
    threads: list[QThread] = []
    ran_on: list[object] = []
    task = runner.start("Ask", lambda _job: threading.get_ident())
    task.succeeded.connect(ran_on.append)
    task.succeeded.connect(lambda _result: threads.append(QThread.currentThread()))
    with qtbot.waitSignals([task.succeeded, task.finished]):
        pass
    assert threads == [main]
    assert ran_on != [threading.get_ident()]
    assert task.state is TaskState.SUCCEEDED


def test_progress_arrives_before_the_end(qtbot: QtBot, runner: TaskRunner) -> None:
    seen: list[object] = []

    def work(job: Job) -> None:
        job.report(5_000_000_000, 9_000_000_000, "Copying")

    task = runner.start("Copy", work)
    task.progressed.connect(seen.append)
    task.succeeded.connect(seen.append)
    with qtbot.waitSignal(task.finished):
        pass
    assert seen == [Progress(5_000_000_000, 9_000_000_000, "Copying"), None]


def test_an_expected_failure_carries_its_words(qtbot: QtBot, runner: TaskRunner) -> None:
    error = OperationError("No room.")

    def work(_job: Job) -> None:
        raise error

    task = runner.start("Fail", work)
    with qtbot.waitSignal(task.failed) as blocker:
        pass
    assert blocker.args == [error]
    assert task.error is error


def test_a_defect_is_logged_and_told_as_a_failure(
    qtbot: QtBot, runner: TaskRunner, caplog: pytest.LogCaptureFixture
) -> None:
    task = runner.start("Divide", lambda _job: 1 / 0)
    with qtbot.waitSignal(task.failed):
        pass
    assert "ZeroDivisionError" in caplog.text


def test_a_cancel_reaches_running_work(qtbot: QtBot, runner: TaskRunner) -> None:
    running = threading.Event()

    def work(job: Job) -> None:
        running.set()
        job.wait(60)

    task = runner.start("Wait", work)
    assert running.wait(5)
    with qtbot.waitSignal(task.cancelled):
        task.cancel()
    assert task.state is TaskState.CANCELLED


def test_tasks_of_one_key_run_one_after_another(qtbot: QtBot, runner: TaskRunner) -> None:
    order: list[str] = []
    go = threading.Event()

    def first(_job: Job) -> None:
        go.wait(5)
        order.append("first")

    one = runner.start("First", first, key="domain")
    two = runner.start("Second", lambda _job: order.append("second"), key="domain")
    other = runner.start("Other", lambda _job: order.append("other"), key="another")
    with qtbot.waitSignal(other.finished):
        pass
    assert runner.is_busy("domain")
    with qtbot.waitSignals([one.finished, two.finished]):
        go.set()
    assert order == ["other", "first", "second"]
    assert not runner.is_busy("domain")


def test_a_waiting_task_that_is_cancelled_never_runs(qtbot: QtBot, runner: TaskRunner) -> None:
    ran: list[str] = []
    go = threading.Event()
    one = runner.start("First", lambda _job: go.wait(5), key="domain")
    two = runner.start("Second", lambda _job: ran.append("second"), key="domain")
    two.cancel()
    with qtbot.waitSignals([one.succeeded, two.cancelled]):
        go.set()
    assert ran == []


def test_shutting_down_ends_what_runs(qtbot: QtBot, runner: TaskRunner) -> None:
    running, ended = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        running.set()
        try:
            job.wait(60)
        finally:
            ended.set()

    runner.start("Wait", work)
    assert running.wait(5)
    runner.shut_down()
    assert ended.is_set()


def test_what_is_done_at_parting_comes_last_and_is_not_waited_for_in_vain(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    order: list[str] = []
    running, go_on = threading.Event(), threading.Event()

    def work(job: Job) -> None:
        running.set()
        with suppress(Cancelled):
            job.wait(60)
        order.append("task")

    def part() -> None:
        order.append("parting")
        go_on.wait(60)

    runner.start("Wait", work)
    assert running.wait(5)
    assert not runner.shut_down(0.5, part)
    assert order == ["task", "parting"]
    go_on.set()
    assert runner.shut_down()


def test_what_is_started_after_the_end_never_runs(qtbot: QtBot, runner: TaskRunner) -> None:
    runner.shut_down()
    ran: list[bool] = []
    task = runner.start("Late", lambda _job: ran.append(True), "key")
    runner.shut_down()
    assert (ran, runner.tasks, task.state) == ([], [], TaskState.WAITING)
    assert not runner.is_busy("key")


def test_many_tasks_leave_nothing_behind(qtbot: QtBot, runner: TaskRunner) -> None:
    tasks: list[Task] = [runner.start("Count", lambda _job: None) for _ in range(500)]
    qtbot.waitUntil(lambda: runner.tasks == [])
    assert all(task.state is TaskState.SUCCEEDED for task in tasks)


def test_signals_and_pools_take_no_reference_from_pythons_constants(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    """PySide6 6.12.0 did, and the interpreter aborted after some hundred tasks."""
    before = [sys.getrefcount(constant) for constant in (True, False, None)]
    for _ in range(100):
        runner.start("Count", lambda _job: None)
    qtbot.waitUntil(lambda: runner.tasks == [])
    after = [sys.getrefcount(constant) for constant in (True, False, None)]
    assert all(now > then - 50 for then, now in zip(before, after, strict=True))


def test_a_burst_of_progress_is_shown_once(qtbot: QtBot, runner: TaskRunner) -> None:
    seen: list[object] = []

    def work(job: Job) -> None:
        for number in range(100):
            job.report(number, 100, f"Stage {number}")

    task = runner.start("Hurry", work)
    task.progressed.connect(seen.append)
    with qtbot.waitSignal(task.finished):
        pass
    assert seen[-1] == Progress(99, 100, "Stage 99")
    assert len(seen) < 20


def test_nothing_is_kept_of_a_task_that_has_ended(qtbot: QtBot, runner: TaskRunner) -> None:
    class Captured:
        """What the function of a task knows."""

    freed_on: list[int] = []

    def start() -> Task:
        captured = Captured()
        weakref.finalize(captured, lambda: freed_on.append(threading.get_ident()))
        return runner.start("Ask", lambda _job: captured is None)

    for _number in range(20):
        with qtbot.waitSignal(start().finished):
            pass
    assert freed_on == [threading.get_ident()] * 20
