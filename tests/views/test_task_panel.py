"""The strip of work and its history."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QProgressBar, QPushButton, QToolButton
from pytestqt.qtbot import QtBot

from vmdesk.core.domain_key import DomainKey
from vmdesk.core.job import Job, OperationError, WrongFileError
from vmdesk.core.operations.export import ExportResult
from vmdesk.core.operations.incoming import ImportResult
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.tasks import Task, TaskRunner, TaskState
from vmdesk.views.labels import ElidedLabel
from vmdesk.views.task_line import TaskLine
from vmdesk.views.task_panel import TaskPanel


@pytest.fixture
def runner(qtbot: QtBot) -> Iterator[TaskRunner]:
    runner = TaskRunner(threads=3)
    yield runner
    runner.shut_down()


@pytest.fixture
def panel(qtbot: QtBot, runner: TaskRunner) -> TaskPanel:
    tasks = TaskListModel()
    runner.started.connect(tasks.add)
    panel = TaskPanel(tasks)
    tasks.setParent(panel)
    qtbot.addWidget(panel)
    panel.resize(900, 300)
    return panel


def download(job: Job) -> None:
    job.report(43, 100, "Downloading fedora.iso")
    job.wait(30)


def result(made: object, _job: Job) -> object:
    return made


def fail(_job: Job) -> None:
    raise OperationError("No room is left.")


def lines(panel: TaskPanel) -> list[TaskLine]:
    shown = [line for line in panel.findChildren(TaskLine) if line.isVisible()]
    return sorted(shown, key=lambda line: line.y())


def find_label(line: TaskLine, text: str) -> ElidedLabel:
    return next(label for label in line.findChildren(ElidedLabel) if label.text() == text)


def links(panel: TaskPanel) -> list[QPushButton]:
    return [button for button in panel.findChildren(QPushButton) if button.isVisible()]


def test_the_strip_shows_what_is_being_done_and_folds_away(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    assert not panel.isVisible()
    task = runner.start("Create fedora", download)
    qtbot.waitUntil(lambda: bool(lines(panel)))
    (line,) = lines(panel)
    qtbot.waitUntil(lambda: "43 of 100 bytes · 43 %" in line.words)
    assert "Downloading fedora.iso" in line.words
    (bar,) = line.findChildren(QProgressBar)
    assert bar.value() == 430
    (cancel,) = line.findChildren(QToolButton)
    panel._linger.setInterval(200)
    with qtbot.waitSignal(task.cancelled):
        qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert line.words == "Cancelled"
    qtbot.waitUntil(lambda: not panel.isVisible())


def test_what_began_before_the_panel_was_made_is_shown_too(
    qtbot: QtBot, runner: TaskRunner
) -> None:
    tasks = TaskListModel()
    runner.started.connect(tasks.add)
    task = runner.start("Create fedora", download)
    panel = TaskPanel(tasks)
    tasks.setParent(panel)
    qtbot.addWidget(panel)
    qtbot.waitUntil(lambda: [line.task for line in lines(panel)] == [task])
    panel.set_unfolded(True)
    assert [line.task for line in lines(panel)] == [task]


def test_what_has_made_a_file_says_where_it_is_even_if_it_was_quick(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    made = ExportResult(Path("/home/me/Desktop/web.tar.gz"), 1000, ())
    runner.start("Export web", partial(result, made))
    qtbot.waitUntil(lambda: bool(lines(panel)))
    (line,) = lines(panel)
    assert line.words == "Done · /home/me/Desktop/web.tar.gz"
    assert [button.text() for button in links(panel)] == ["Show in folder"]
    panel._linger.setInterval(0)
    panel._linger.start()
    qtbot.waitUntil(lambda: not panel.isVisible())


def test_work_that_is_over_at_once_does_not_unfold_the_strip(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    with qtbot.waitSignal(runner.start("Start one", lambda _job: None).succeeded):
        assert not panel.isVisible()
    assert not panel.isVisible()


def test_further_work_is_counted_and_unfolds(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    for number in range(3):
        runner.start(f"Create {number}", download)
    qtbot.waitUntil(lambda: [b.text() for b in links(panel)] == ["2 more"])
    qtbot.mouseClick(links(panel)[0], Qt.MouseButton.LeftButton)
    assert panel.is_unfolded
    assert len(lines(panel)) == 3


def test_the_history_tells_how_work_ended(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    failed = runner.start("Export one", fail)
    done = runner.start("Start one", lambda _job: None)
    qtbot.waitUntil(lambda: failed.state is TaskState.FAILED and done.state is TaskState.SUCCEEDED)
    panel.set_unfolded(True)
    qtbot.waitUntil(lambda: [x.words for x in lines(panel)] == ["Done", "No room is left."])
    (details,) = [b for b in lines(panel)[1].findChildren(QPushButton) if b.isVisible()]
    asked: list[Task] = []
    panel.details_wanted.connect(asked.append)
    qtbot.mouseClick(details, Qt.MouseButton.LeftButton)
    assert asked == [failed]
    panel.set_unfolded(False)
    assert not panel.isVisible()


def test_a_machine_that_was_made_and_is_off_can_be_started(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    off = ImportResult("uuid", "web", (), (), (), is_verified=True, is_started=False)
    on = replace(off, is_started=True)
    for made in (off, on):
        with qtbot.waitSignal(runner.start("Import web", partial(result, made)).succeeded):
            pass
    panel.set_unfolded(True)
    (start,) = [button for button in links(panel) if button.text() == "Start"]
    with qtbot.waitSignal(panel.start_wanted) as blocker:
        qtbot.mouseClick(start, Qt.MouseButton.LeftButton)
    assert blocker.args == [DomainKey("", "uuid")]


def test_what_did_not_succeed_can_be_tried_again_once(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    tasks = panel.findChildren(TaskListModel)[0]
    runner.started.disconnect(tasks.add)
    retried: list[str] = []
    works: dict[str, Callable[[Job], None]] = {
        "Export": fail,
        "Download": download,
        "Start": lambda _job: None,
    }
    for name, work in works.items():
        tasks.add(runner.start(name, work), partial(retried.append, name))
    qtbot.waitUntil(lambda: len(tasks.running()) == 1)
    tasks.running()[0].task.cancel()
    qtbot.waitUntil(lambda: not tasks.running())
    panel.set_unfolded(True)
    shown = [button for button in links(panel) if button.text() == "Try again"]
    shown.sort(key=lambda button: button.accessibleName())
    assert [b.accessibleName() for b in shown] == ["Try again: Download", "Try again: Export"]
    for button in shown:
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    assert retried == ["Download", "Export"]
    assert not any(button.text() == "Try again" for button in links(panel))


def test_a_cancel_is_asked_once(qtbot: QtBot, runner: TaskRunner, panel: TaskPanel) -> None:
    go_on = threading.Event()

    def stubborn(job: Job) -> None:
        job.report(1, 2, "Flushing")
        go_on.wait(10)

    task = runner.start("Stubborn", stubborn)
    panel.set_unfolded(True)
    (line,) = lines(panel)
    (cancel,) = line.findChildren(QToolButton)
    qtbot.mouseClick(cancel, Qt.MouseButton.LeftButton)
    assert not cancel.isEnabled()
    go_on.set()
    qtbot.waitUntil(lambda: task.state.is_final)


def test_each_line_of_the_history_says_when_and_has_its_words_in_one_column(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    panel.show()
    panel.set_unfolded(True)
    made = ExportResult(Path("/home/me/web.tar.gz"), 1000, ())
    for title, run in (("Export web", partial(result, made)), ("Start one", fail)):
        with qtbot.waitSignal(runner.start(title, run).finished):
            pass
    qtbot.waitUntil(lambda: len(lines(panel)) == 2)
    words = [find_label(line, line.words) for line in lines(panel)]
    assert len({label.x() for label in words}) == 1
    times = [label.text() for line in lines(panel) for label in line.findChildren(ElidedLabel)]
    assert sum(":" in text and len(text) <= 8 for text in times) == 2


def test_what_is_no_disc_is_not_offered_to_be_tried_again(
    qtbot: QtBot, runner: TaskRunner, panel: TaskPanel
) -> None:
    def refuse(_job: Job) -> None:
        raise WrongFileError("page.html is a web page, not a disc image.")

    for run, can_retry in ((refuse, False), (fail, True)):
        entry = TaskListModel(panel).add(runner.start("Create", run), lambda: None)
        with qtbot.waitSignal(entry.task.failed):
            pass
        assert entry.can_retry is can_retry
