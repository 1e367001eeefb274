"""Who looks elsewhere is told that long work has ended."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vmdesk.core.job import Job, OperationError
from vmdesk.tasks import TaskRunner
from vmdesk.views import notifier
from vmdesk.views.notifier import Notifier
from vmdesk.work import Operations


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    runner = TaskRunner(threads=1)
    yield runner
    runner.shut_down()


def operations(runner: TaskRunner, owner: QObject) -> Operations:
    made = Operations(owner)
    made.add(runner)
    return made


def told(qtbot: QtBot, runner: TaskRunner, is_away: bool = True) -> list[tuple[str, str]]:
    """What is told of one task that is done and one that fails."""
    words: list[tuple[str, str]] = []
    owner = QObject()
    Notifier(operations(runner, owner), lambda: is_away, lambda *said: words.append(said), owner)

    def fail(_job: Job) -> None:
        raise OperationError("No room is left.")

    for title, work in (("Create one", lambda _job: None), ("Export two", fail)):
        with qtbot.waitSignal(runner.start(title, work).finished):
            pass
    return words


def test_the_end_of_long_work_is_told(
    qtbot: QtBot, runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "LONG", 0.0)
    assert told(qtbot, runner) == [("Create one", "Done"), ("Export two", "No room is left.")]


def test_who_is_at_the_window_sees_it_there(
    qtbot: QtBot, runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "LONG", 0.0)
    assert told(qtbot, runner, is_away=False) == []


def test_what_is_over_soon_is_not_told(qtbot: QtBot, runner: TaskRunner) -> None:
    assert told(qtbot, runner) == []


def test_who_cancels_is_not_told(
    qtbot: QtBot, runner: TaskRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(notifier, "LONG", 0.0)
    words: list[object] = []
    owner = QObject()
    Notifier(operations(runner, owner), lambda: True, lambda *said: words.append(said), owner)
    task = runner.start("Export", lambda job: job.wait(30))
    with qtbot.waitSignal(task.cancelled):
        task.cancel()
    assert words == []
