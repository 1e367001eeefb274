"""The one way to run anything slow: on a thread pool, with every signal on the main thread."""

import enum
import itertools
import logging
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from queue import SimpleQueue

from PySide6.QtCore import QObject, QRunnable, Qt, QThreadPool, QTimer, Signal

from vmdesk.core.job import Cancelled, Job, OperationError, Progress

PROGRESS_INTERVAL = 40
"""Milliseconds between two progresses that are shown; of those between, only the last is."""

_log = logging.getLogger(__name__)


class TaskState(enum.Enum):
    """Where a task is in its life."""

    WAITING = "waiting"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def is_final(self) -> bool:
        """Whether the task has ended."""
        return self not in (TaskState.WAITING, TaskState.RUNNING)


@dataclass(frozen=True, slots=True)
class _Change:
    """What a pool thread tells of a task, by number: the new state and what comes with it."""

    number: int
    state: TaskState
    payload: object = None


class Task(QObject):
    """One run of a slow function, as the window sees it.

    Emits ``progressed`` any number of times, then exactly one of ``succeeded``, ``failed`` and
    ``cancelled``, then ``finished``; all of them on the main thread.
    """

    progressed = Signal(object)
    """A ``Progress``."""
    succeeded = Signal(object)
    """What the function returned."""
    failed = Signal(object)
    """An ``OperationError``, or any other exception when the function has a defect."""
    cancelled = Signal()
    finished = Signal()

    def __init__(self, title: str, key: str, job: Job) -> None:
        super().__init__()
        self.title = title
        self.key = key
        self.state = TaskState.WAITING
        self.progress: Progress | None = None
        self.error: Exception | None = None
        self.result: object = None
        self._job = job

    def cancel(self) -> None:
        """Ask the task to stop; ``cancelled`` tells when it has, unless it was quicker."""
        self._job.cancel()

    def _take(self, change: _Change) -> None:
        self.state = change.state
        match change.state, change.payload:
            case TaskState.RUNNING, Progress() as progress:
                self.progress = progress
                self.progressed.emit(progress)
            case TaskState.SUCCEEDED, result:
                self.result = result
                self.succeeded.emit(result)
            case TaskState.FAILED, Exception() as error:
                self.error = error
                self.failed.emit(error)
            case TaskState.CANCELLED, _:
                self.cancelled.emit()
        if self.state.is_final:
            self.finished.emit()


class _Work:
    """One piece of work for a pool thread. It knows its task's number only, never the task.

    A ``QObject`` whose last reference goes on a pool thread would die there.
    """

    def __init__(
        self,
        number: int,
        key: str,
        function: Callable[[Job], object],
        tell: Callable[[_Change], object],
    ) -> None:
        self.number = number
        self.key = key
        self.job = Job(lambda progress: tell(_Change(number, TaskState.RUNNING, progress)))
        self._function = function
        self._to_main_thread = tell

    def _tell(self, state: TaskState, payload: object = None) -> None:
        self._to_main_thread(_Change(self.number, state, payload))

    def let_go(self) -> None:
        """Drop the function and all that it knows, on the main thread, once it is over."""
        del self._function

    def run(self) -> None:
        """Run the function and tell how it ended: the one place that catches every exception."""
        try:
            self.job.check()
            self._tell(TaskState.RUNNING)
            result = self._function(self.job)
        except Cancelled:
            self._tell(TaskState.CANCELLED)
        except OperationError as error:
            self._tell(TaskState.FAILED, error)
        except Exception as error:
            _log.exception("A task failed in a way that nobody expected")
            self._tell(TaskState.FAILED, error)
        else:
            self._tell(TaskState.SUCCEEDED, result)


class _Turn(QRunnable):
    """Does the next piece of work; a pool is given the same one for each.

    PySide keeps what a pool was once given for good. One for each piece would be a leak.
    """

    def __init__(self) -> None:
        super().__init__()
        self.setAutoDelete(False)
        self.works: SimpleQueue[_Work] = SimpleQueue()

    def run(self) -> None:
        """Do what has waited longest; there is one piece for each turn."""
        self.works.get().run()


class TaskRunner(QObject):
    """Runs tasks on ``threads`` threads; it lives on the main thread and owns its tasks.

    Tasks that share a key (a domain's UUID) run one after another, in the order of ``start``.
    """

    started = Signal(object)
    """A new ``Task``, before it runs."""
    _crossed = Signal(object)

    def __init__(self, threads: int, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._pool = QThreadPool(self)
        self._pool.setMaxThreadCount(threads)
        # A thread that idles away takes libvirt's and Python's per-thread state with it.
        self._pool.setExpiryTimeout(-1)
        self._numbers = itertools.count()
        self._turn = _Turn()
        self._tasks: dict[int, Task] = {}
        self._works: dict[int, _Work] = {}
        self._queues: dict[str, deque[_Work]] = {}
        self._fresh: dict[int, _Change] = {}
        self._is_shut_down = False
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(PROGRESS_INTERVAL)
        self._timer.timeout.connect(self._show_progress)
        self._crossed.connect(self._deliver, Qt.ConnectionType.QueuedConnection)

    @property
    def tasks(self) -> list[Task]:
        """The tasks that have not ended."""
        return list(self._tasks.values())

    def is_busy(self, key: str) -> bool:
        """Whether a task of this key has not ended."""
        return key in self._queues

    def start(self, title: str, function: Callable[[Job], object], key: str = "") -> Task:
        """Run ``function`` when a thread is free and no earlier task of ``key`` is left.

        After ``shut_down`` it never runs, and nothing is heard of the task.
        """
        work = _Work(next(self._numbers), key, function, self._crossed.emit)
        task = Task(title, key, work.job)
        # What happened before the end may be told after it, and lead to questions.
        if self._is_shut_down:
            # Whoever asks connects to it all the same.
            task.setParent(self)
            return task
        self._tasks[work.number] = task
        self._works[work.number] = work
        if key and key in self._queues:
            self._queues[key].append(work)
        else:
            if key:
                self._queues[key] = deque()
            self._begin(work)
        self.started.emit(task)
        return task

    def shut_down(
        self, patience: float | None = None, parting: Callable[[], object] | None = None
    ) -> bool:
        """Cancel every task and wait until none runs, for good, but no longer than so many seconds.

        ``parting`` is done when none runs any more, on a thread too, and waited for as long.
        Returns whether all that was done.
        """
        self._is_shut_down = True
        for task in self.tasks:
            task.cancel()
        self._queues.clear()
        wait = -1 if patience is None else round(patience * 1000)
        is_done = self._pool.waitForDone(wait)
        if not is_done or parting is None:
            return is_done
        # Nobody is told of it.
        self._begin(_Work(next(self._numbers), "", lambda _job: parting(), lambda _change: None))
        return self._pool.waitForDone(wait)

    def _begin(self, work: _Work) -> None:
        self._turn.works.put(work)
        self._pool.start(self._turn)

    def _deliver(self, change: _Change) -> None:
        if isinstance(change.payload, Progress) and not change.state.is_final:
            # Operations pass quick stages in bursts, and each would be drawn for nothing.
            self._fresh[change.number] = change
            if not self._timer.isActive():
                self._timer.start()
            return
        task = self._tasks[change.number]
        if change.state.is_final:
            if last := self._fresh.pop(change.number, None):
                task._take(last)
            del self._tasks[change.number]
            self._works.pop(change.number).let_go()
            self._start_next(task.key)
        task._take(change)

    def _show_progress(self) -> None:
        fresh, self._fresh = self._fresh, {}
        for change in fresh.values():
            self._tasks[change.number]._take(change)

    def _start_next(self, key: str) -> None:
        queue = self._queues.get(key)
        if queue:
            self._begin(queue.popleft())
        else:
            self._queues.pop(key, None)
