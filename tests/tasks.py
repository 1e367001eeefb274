"""Wait for a task to end, and take what came of it."""

from PySide6.QtCore import SignalInstance
from pytestqt.qtbot import QtBot

from vmdesk.core.job import OperationError
from vmdesk.tasks import Task

PATIENCE = 60_000
"""Milliseconds."""


def result(qtbot: QtBot, task: Task) -> object:
    """Return the result of a task that has to succeed."""
    _await(qtbot, task.finished)
    assert task.error is None
    return task.result


def failure(qtbot: QtBot, task: Task) -> OperationError:
    """Return the error of a task that has to fail."""
    _await(qtbot, task.failed)
    assert isinstance(task.error, OperationError)
    return task.error


def _await(qtbot: QtBot, signal: SignalInstance) -> None:
    with qtbot.waitSignal(signal, timeout=PATIENCE):
        pass
