"""The list of operations: running ones with their pace, and the history."""

import threading

import pytest
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from vmdesk.core.job import Job, OperationError
from vmdesk.models.task_list_model import HISTORY_LENGTH, TaskListModel, TaskRole
from vmdesk.tasks import TaskRunner, TaskState


@pytest.fixture
def runner(qtbot: QtBot) -> TaskRunner:
    return TaskRunner(threads=1)


@pytest.fixture
def model(qtmodeltester: ModelTester, runner: TaskRunner) -> TaskListModel:
    model = TaskListModel()
    qtmodeltester.check(model)
    runner.started.connect(model.add)
    return model


def test_an_operation_shows_what_it_does_and_how_it_ended(
    qtbot: QtBot, runner: TaskRunner, model: TaskListModel
) -> None:
    go = threading.Event()

    def work(job: Job) -> None:
        job.report(43, 100, "Downloading")
        go.wait(5)

    task = runner.start("Create debian", work)
    assert model.index(0).data(TaskRole.ACTIVITY).text == "Waiting"
    with qtbot.waitSignal(task.progressed):
        pass
    activity = model.index(0).data(TaskRole.ACTIVITY)
    assert (activity.text, activity.fraction) == ("Downloading", 0.43)
    assert [entry.task for entry in model.running()] == [task]
    with qtbot.waitSignal(task.finished):
        go.set()
    assert model.index(0).data(TaskRole.ACTIVITY).text == "Done"
    assert model.running() == []


def test_a_failure_shows_its_words(qtbot: QtBot, runner: TaskRunner, model: TaskListModel) -> None:
    def work(_job: Job) -> None:
        raise OperationError("There is no room.")

    with qtbot.waitSignal(runner.start("Export", work).finished):
        pass
    assert model.index(0).data(TaskRole.STATE) is TaskState.FAILED
    assert model.index(0).data(TaskRole.ACTIVITY).text == "There is no room."


def test_the_newest_is_first_and_the_history_has_an_end(
    qtbot: QtBot, runner: TaskRunner, model: TaskListModel
) -> None:
    for number in range(HISTORY_LENGTH + 5):
        task = runner.start(f"Task {number}", lambda _job: None)
        with qtbot.waitSignal(task.finished):
            pass
    assert model.rowCount() == HISTORY_LENGTH
    assert model.index(0).data() == f"Task {HISTORY_LENGTH + 4}"
