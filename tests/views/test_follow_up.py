"""What a finished operation offers next."""

from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from vmdesk.core.operations.export import ExportResult
from vmdesk.core.operations.incoming import ImportResult
from vmdesk.tasks import Task, TaskRunner
from vmdesk.views.follow_up import follow_up_of


@pytest.fixture
def runner(qtbot: QtBot) -> TaskRunner:
    return TaskRunner(1)


def do_nothing(wish: object) -> None:
    raise AssertionError(wish)


def finished(qtbot: QtBot, runner: TaskRunner, result: object) -> Task:
    task = runner.start("Export web", lambda _job: result)
    with qtbot.waitSignal(task.finished):
        pass
    return task


def test_an_export_can_be_shown_in_its_folder(qtbot: QtBot, runner: TaskRunner) -> None:
    shown: list[Path] = []
    result = ExportResult(Path("/home/ann/web.tar"), 1, ("The disc in sda is not exported.",))
    follow_up = follow_up_of(finished(qtbot, runner, result), do_nothing, shown.append)
    assert follow_up is not None
    assert follow_up.tip == "/home/ann/web.tar\nThe disc in sda is not exported."
    follow_up.run()
    assert shown == [Path("/home/ann")]


def test_other_work_offers_nothing(qtbot: QtBot, runner: TaskRunner) -> None:
    assert follow_up_of(finished(qtbot, runner, None), do_nothing, do_nothing) is None


@pytest.mark.parametrize("is_started", [False, True])
def test_a_machine_that_was_made_can_be_started_unless_that_was_done(
    qtbot: QtBot, runner: TaskRunner, is_started: bool
) -> None:
    made = ImportResult("uuid", "web", (), (), (), is_verified=True, is_started=is_started)
    started: list[str] = []
    follow_up = follow_up_of(finished(qtbot, runner, made), started.append, do_nothing)
    assert (follow_up is None) == is_started
    if follow_up is not None:
        follow_up.run()
        assert started == ["uuid"]
