"""What is being done, and what was: a row for each operation, newest first."""

import enum
import time
from collections.abc import Callable

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError, Progress, WrongFileError
from vmdesk.core.rate import Pace, RateMeter
from vmdesk.models.domain_list_model import Activity
from vmdesk.tasks import Task, TaskState

Index = QModelIndex | QPersistentModelIndex

HISTORY_LENGTH = 100
"""Operations that are remembered after they ended."""


class TaskRole(enum.IntEnum):
    """What a row tells beside its title, which is the display role."""

    TASK = Qt.ItemDataRole.UserRole
    STATE = enum.auto()
    ACTIVITY = enum.auto()
    """The ``Activity``: text, fraction, and speed with time left."""
    ENTRY = enum.auto()
    """The ``TaskEntry`` itself."""


class TaskEntry:
    """One operation with its pace, and ``retry``, which starts it anew.

    ``connection`` is the one that it is done on, or empty.
    """

    def __init__(
        self, task: Task, retry: Callable[[], object] | None = None, connection: str = ""
    ) -> None:
        self.task = task
        self.connection = connection
        self.began_at = time.time()
        """Seconds since 1970."""
        self._retry = retry
        self._meter = RateMeter()
        self._pace = Pace()

    def measure(self, progress: Progress) -> None:
        """Take in a new progress."""
        self._pace = self._meter.update(progress, time.monotonic())

    @property
    def can_retry(self) -> bool:
        """Whether the operation did not succeed and was not tried again yet."""
        has_failed = self.task.state in (TaskState.FAILED, TaskState.CANCELLED)
        return (
            has_failed
            and self._retry is not None
            and not isinstance(self.task.error, WrongFileError)
        )

    def try_again(self) -> None:
        """Start the operation anew, once; a second wish does nothing."""
        retry, self._retry = self._retry, None
        if retry is not None:
            retry()

    @property
    def activity(self) -> Activity:
        """What the operation is doing now, or how it ended."""
        task = self.task
        match task.state:
            case TaskState.WAITING:
                return Activity(_("Waiting"))
            case TaskState.SUCCEEDED:
                return Activity(_("Done"), 1.0)
            case TaskState.CANCELLED:
                return Activity(_("Cancelled"))
            case TaskState.FAILED:
                error = task.error
                return Activity(error.summary if isinstance(error, OperationError) else _("Failed"))
        if task.progress is None:
            return Activity(task.title)
        progress = task.progress
        fraction = progress.done / progress.total if progress.total else None
        return Activity(progress.text, fraction, self._pace.describe())


class TaskListModel(QAbstractListModel):
    """The operations of this session of vmdesk."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries: list[TaskEntry] = []

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of operations."""
        return 0 if parent.isValid() else len(self._entries)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what ``role`` asks of the operation at ``index``."""
        if not self.checkIndex(index, self.CheckIndexOption.IndexIsValid):
            return None
        entry = self._entries[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return entry.task.title
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{entry.task.title}, {entry.activity.text}"
            case TaskRole.TASK:
                return entry.task
            case TaskRole.STATE:
                return entry.task.state
            case TaskRole.ACTIVITY:
                return entry.activity
            case TaskRole.ENTRY:
                return entry
        return None

    def add(
        self, task: Task, retry: Callable[[], object] | None = None, connection: str = ""
    ) -> TaskEntry:
        """Show a new operation, follow it, and return its entry."""
        entry = TaskEntry(task, retry, connection)
        self.beginInsertRows(QModelIndex(), 0, 0)
        self._entries.insert(0, entry)
        self.endInsertRows()
        task.progressed.connect(entry.measure)
        task.progressed.connect(lambda _progress: self._changed(entry))
        task.finished.connect(lambda: self._changed(entry))
        self._forget_oldest()
        return entry

    def running(self) -> list[TaskEntry]:
        """Return the operations that have not ended, oldest first."""
        return [entry for entry in reversed(self._entries) if not entry.task.state.is_final]

    def try_again(self, entry: TaskEntry) -> None:
        """Start an operation anew that did not succeed, unless that was done already."""
        entry.try_again()
        self._changed(entry)

    def _changed(self, entry: TaskEntry) -> None:
        if entry in self._entries:
            index = self.index(self._entries.index(entry))
            self.dataChanged.emit(index, index)

    def _forget_oldest(self) -> None:
        last = len(self._entries) - 1
        if last >= HISTORY_LENGTH and self._entries[last].task.state.is_final:
            self.beginRemoveRows(QModelIndex(), last, last)
            del self._entries[last]
            self.endRemoveRows()
