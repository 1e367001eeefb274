"""What the server is doing and has done: one job at a time for each machine."""

import enum
import threading
from collections.abc import Callable
from uuid import uuid4

from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Cause, Job, OperationError, Progress

MAXIMUM_RUNNING = 8
"""Fewer than the threads that answer requests, so that a cancel always finds one."""
MAXIMUM_KEPT = 100
"""Jobs that are remembered after their end."""

JsonObject = dict[str, object]
Work = Callable[[Job], JsonObject]


class State(enum.Enum):
    """How a job stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


class Entry:
    """One job: what it is, how far, and how it ended."""

    def __init__(self, title: str, machine: str) -> None:
        self.id = uuid4().hex
        self.title = title
        self.machine = machine
        self.state = State.RUNNING
        self.job = Job(self._progressed)
        self.progress = Progress(0, 0, "")
        self.result: JsonObject | None = None
        self.failure: JsonObject = {}

    def _progressed(self, progress: Progress) -> None:
        self.progress = progress

    def run(self, work: Work) -> JsonObject:
        """Do the work on this thread and remember how it ended."""
        # Whatever is not foreseen leaves a trace in the log, and a job that has failed.
        state = State.FAILED
        try:
            self.result = work(self.job)
            state = State.SUCCEEDED
        except OperationError as error:
            # Not the error itself: all that its functions held would be kept with it.
            self.failure = {"error": error.summary, "hint": error.hint}
            raise
        except Cancelled:
            state = State.CANCELLED
            raise
        finally:
            self.state = state
        return self.result

    def describe(self) -> JsonObject:
        """Return the job for a client; ``done`` and ``total`` are bytes."""
        progress = self.progress
        data: JsonObject = {
            "id": self.id,
            "title": self.title,
            "machine": self.machine,
            "state": self.state.value,
            "done": progress.done,
            "total": progress.total,
            "text": progress.text,
        }
        if self.result is not None:
            data["result"] = self.result
        return data | self.failure


class Jobs:
    """All jobs of the server. Every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, Entry] = {}
        self._claims: dict[str, Entry] = {}
        self._threads: set[threading.Thread] = set()

    def all(self) -> list[Entry]:
        """Return those that run and the last that ended, oldest first."""
        with self._lock:
            return list(self._entries.values())

    def get(self, job_id: str) -> Entry:
        """Return one job; raise ``OperationError`` (not found)."""
        with self._lock:
            entry = self._entries.get(job_id)
        if entry is None:
            raise OperationError(_("There is no such job."), cause=Cause.NOT_FOUND)
        return entry

    def run(self, title: str, machine: str, uuid: str, work: Work) -> JsonObject:
        """Do ``work`` on this thread as the only job of the machine.

        Raises what the work raises, and ``OperationError`` (wrong state) if the machine is busy.
        """
        entry = Entry(title, machine)
        self._claim(entry, {uuid})
        try:
            return entry.run(work)
        finally:
            self._release(entry)

    def start(self, title: str, machine: str, uuid: str, work: Work) -> Entry:
        """Do ``work`` on a thread of its own for a machine that is to come; raises like ``run``."""
        entry = Entry(title, machine)
        # Two machines of one name can't be, so the second isn't begun.
        self._claim(entry, {uuid, f"name:{machine}"})
        thread = threading.Thread(target=self._run_aside, args=(entry, work), name=entry.id)
        with self._lock:
            self._threads.add(thread)
        thread.start()
        return entry

    def _run_aside(self, entry: Entry, work: Work) -> None:
        try:
            entry.run(work)
        except (OperationError, Cancelled):
            pass  # whoever asks for the job is told
        finally:
            self._release(entry)
            with self._lock:
                self._threads.discard(threading.current_thread())

    def _claim(self, entry: Entry, keys: set[str]) -> None:
        with self._lock:
            for key in keys:
                if key in self._claims:
                    raise OperationError(
                        _("“{name}” is busy: {what}.").format(
                            name=entry.machine, what=self._claims[key].title
                        ),
                        _("Wait until that is done, or cancel it."),
                        cause=Cause.WRONG_STATE,
                    )
            if len(set(self._claims.values())) >= MAXIMUM_RUNNING:
                raise OperationError(
                    _("Too much is going on at once."), _("Wait until something is done.")
                )
            self._claims |= dict.fromkeys(keys, entry)
            self._entries[entry.id] = entry
            ended = [e for e in self._entries.values() if e.state is not State.RUNNING]
            for old in ended[: max(0, len(ended) - MAXIMUM_KEPT)]:
                del self._entries[old.id]

    def _release(self, entry: Entry) -> None:
        with self._lock:
            for key in [key for key, owner in self._claims.items() if owner is entry]:
                del self._claims[key]

    def stop(self) -> None:
        """Cancel everything, and wait for the threads."""
        for entry in self.all():
            entry.job.cancel()
        with self._lock:
            threads = list(self._threads)
        for thread in threads:
            thread.join()
