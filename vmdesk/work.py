"""Start operations and questions, and show them where they belong."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from PySide6.QtCore import QObject, Signal

from vmdesk.core import causes
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.models.domain_list_model import DomainListModel
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.tasks import Task, TaskRunner

OPERATION_THREADS = 4
QUESTION_THREADS = 3
"""One may be held up by a guest that hangs, and one more by one that is asked ahead of a click."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Failure:
    """An operation that failed: its title, why, on which domain, and how to try it again."""

    title: str
    error: OperationError
    key: DomainKey
    retry: Callable[[], object]


class Work(QObject):
    """What is done on one host, for the controller and its parts."""

    failed = Signal(object)
    """A ``Failure``."""
    kvm_failed = Signal(object)
    """A ``Failure`` because KVM does not work."""
    ended = Signal(object)
    """The UUID of a domain for which an operation has ended, however it did."""

    def __init__(
        self,
        host: Host,
        folders: Folders,
        domains: DomainListModel,
        tasks: TaskListModel,
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self.host = host
        self.folders = folders
        """Where discs and new disks are kept from now on; what runs goes on where it is."""
        self.domains = domains
        self.tasks = tasks
        self.operations = TaskRunner(OPERATION_THREADS, self)
        # What may wait for a network or a disk must not keep the list from being true.
        self.questions = TaskRunner(QUESTION_THREADS, self)

    def ask(self, function: Callable[[Job], object]) -> Task:
        """Start a question: it shows nowhere, and whoever asks hears how it ends."""
        return self.questions.start(_("Look"), function)

    def operate(
        self, title: str, run: Callable[[Job], object], uuid: str, retry: Callable[[], object]
    ) -> Task:
        """Start an operation, and show it in the list of operations and in the domain's row.

        Those of one ``uuid`` run one after another; an empty one stands for no domain.
        """
        task = self.operations.start(title, run, uuid)
        entry = self.tasks.add(task, retry, self.domains.connection)
        again = partial(self.tasks.try_again, entry)
        task.progressed.connect(lambda _progress: self.domains.set_activity(uuid, entry.activity))
        task.finished.connect(lambda: self.domains.set_activity(uuid, None))
        if uuid:
            task.finished.connect(lambda: self.ended.emit(uuid))
        key = DomainKey(self.domains.connection, uuid)
        task.failed.connect(lambda error: self._fail(Failure(title, in_words(error), key, again)))
        return task

    def on_domain(self, title: str, run: Callable[[Host, str, Job], object], uuid: str) -> Task:
        """Start an operation that needs nothing but its domain; ``title`` has ``{name}``."""
        return self.operate(
            self.titled(title, uuid),
            partial(run, self.host, uuid),
            uuid,
            lambda: self.on_domain(title, run, uuid),
        )

    def titled(self, title: str, uuid: str) -> str:
        """Put a domain's name in the place of ``{name}``."""
        row = self.domains.row(uuid)
        return title.format(name=row.domain.name if row is not None else uuid)

    def shut_down(self, patience: float = 60.0) -> bool:
        """Cancel what runs and wait for it, for questions no longer than so many seconds.

        Operations are waited for whatever it takes: they remove what they have half made. Returns
        whether nothing runs.
        """
        self.operations.shut_down()
        return self.questions.shut_down(patience)

    def _fail(self, failure: Failure) -> None:
        error = failure.error
        # Here and not where it is shown: the log is to have it whatever the window does.
        _log.error("%s: %s %s\n%s", failure.title, error.summary, error.hint, error.details)
        if failure.error.cause is Cause.NO_KVM:
            self.kvm_failed.emit(failure)
        else:
            self.failed.emit(failure)


class Operations(QObject):
    """The operations of all connections together."""

    started = Signal(object)
    """A new ``Task``, before it runs."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._runners: list[TaskRunner] = []

    @property
    def tasks(self) -> list[Task]:
        """The operations that have not ended."""
        return [task for runner in self._runners for task in runner.tasks]

    def add(self, runner: TaskRunner) -> None:
        """Count in what one more connection does."""
        self._runners.append(runner)
        runner.started.connect(self.started)

    def remove(self, runner: TaskRunner) -> None:
        """Count no longer what a connection does that is closed."""
        self._runners.remove(runner)


def in_words(error: Exception) -> OperationError:
    """Say a defect in words too; the log has its trace."""
    if isinstance(error, OperationError):
        return error
    known = causes.of_system(error) if isinstance(error, OSError) else None
    if known is not None:
        return known.error(str(error))
    return OperationError(
        _("vmdesk made a mistake."),
        _("Please report it, with what Details says."),
        f"{type(error).__name__}: {error}",
    )
