"""Operations show in the list of operations and in their domain's row; failures are told."""

import threading
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.models.domain_list_model import DomainListModel, DomainRole
from vmdesk.models.task_list_model import TaskEntry, TaskListModel, TaskRole
from vmdesk.work import Failure, Work

FOLDERS = Folders(Path("/isos"), Path("/disks"))


class Owner(QObject):
    """Somebody to own the parts."""

    def __init__(self, host: Host) -> None:
        super().__init__()
        self.domains = DomainListModel(parent=self)
        self.domains.set_all(host.domains())
        self.uuid = self.domains.rows()[0].domain.uuid
        self.work = Work(host, FOLDERS, self.domains, TaskListModel(self), self)


@pytest.fixture
def owner(qtbot: QtBot, test_host: Host) -> Owner:
    return Owner(test_host)


def entries(owner: Owner) -> list[TaskEntry]:
    tasks = owner.work.tasks
    return [tasks.index(row).data(TaskRole.ENTRY) for row in range(tasks.rowCount())]


def test_progress_shows_in_the_row_until_the_end(qtbot: QtBot, owner: Owner) -> None:
    go = threading.Event()

    def run(job: Job) -> None:
        job.report(1, 4, "Copying")
        go.wait(5)

    task = owner.work.operate("Copy test", run, owner.uuid, lambda: None)
    with qtbot.waitSignal(task.progressed):
        pass
    activity = owner.domains.index(0).data(DomainRole.ACTIVITY)
    assert (activity.text, activity.fraction) == ("Copying", 0.25)
    assert [entry.task for entry in owner.work.tasks.running()] == [task]
    with qtbot.waitSignal(task.finished):
        go.set()
    assert owner.domains.index(0).data(DomainRole.ACTIVITY) is None


def test_a_failure_tells_what_failed_and_can_be_tried_again(qtbot: QtBot, owner: Owner) -> None:
    tries: list[str] = []

    def run(_host: Host, uuid: str, _job: Job) -> None:
        tries.append(uuid)
        raise OperationError("There is no room.")

    with qtbot.waitSignal(owner.work.failed) as blocker:
        owner.work.on_domain("Copy {name}", run, owner.uuid)
    assert blocker.args is not None
    failure = blocker.args[0]
    assert isinstance(failure, Failure)
    assert (failure.title, failure.error.summary) == ("Copy test", "There is no room.")
    with qtbot.waitSignal(owner.work.failed):
        failure.retry()
    # In the history or in the dialog, but not in both.
    failure.retry()
    assert [entry.can_retry for entry in entries(owner)] == [True, False]
    assert tries == [owner.uuid, owner.uuid]


def test_a_failure_for_want_of_kvm_is_told_apart(qtbot: QtBot, owner: Owner) -> None:
    def run(_job: Job) -> None:
        raise OperationError("KVM does not work.", cause=Cause.NO_KVM)

    with qtbot.assertNotEmitted(owner.work.failed), qtbot.waitSignal(owner.work.kvm_failed):
        owner.work.operate("Start test", run, owner.uuid, lambda: None)


def test_a_defect_is_told_in_words(qtbot: QtBot, owner: Owner) -> None:
    with qtbot.waitSignal(owner.work.failed) as blocker:
        owner.work.operate("Divide", lambda _job: 1 / 0, owner.uuid, lambda: None)
    assert blocker.args is not None
    error = blocker.args[0].error
    assert error.summary == "vmdesk made a mistake."
    assert "ZeroDivisionError" in error.details


def test_a_cancel_is_no_failure(qtbot: QtBot, owner: Owner) -> None:
    task = owner.work.operate("Wait", lambda job: job.wait(60), owner.uuid, lambda: None)
    with qtbot.assertNotEmitted(owner.work.failed), qtbot.waitSignal(task.cancelled):
        task.cancel()


def test_a_question_shows_nowhere(qtbot: QtBot, owner: Owner) -> None:
    with qtbot.waitSignal(owner.work.ask(lambda _job: 42).succeeded) as blocker:
        pass
    assert blocker.args == [42]
    assert owner.work.tasks.rowCount() == 0
