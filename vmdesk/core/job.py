"""A slow piece of work as its own code sees it: report progress, notice a cancel, fail in words."""

import enum
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

REPORT_INTERVAL = 0.05
"""Seconds between two progress reports that differ only in their figures."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is: ``done`` of ``total`` bytes (0 of 0 when it can't be measured)."""

    done: int
    total: int
    text: str


class Cause(enum.Enum):
    """What kind of failure an ``OperationError`` is; the terminal turns it into an exit code."""

    FAILED = "failed"
    INVALID_VALUE = "invalid value"
    NOT_FOUND = "not found"
    WRONG_STATE = "wrong state"
    BAD_INPUT = "bad input"
    NO_KVM = "no KVM"
    NOT_LET_IN = "not let in"
    """Who the user is was asked, and the answer refused or missing: asking again is his to say."""


class OperationError(Exception):
    """An expected failure, in words for the user: what happened, what to do, and the original."""

    def __init__(
        self, summary: str, hint: str = "", details: str = "", cause: Cause = Cause.FAILED
    ) -> None:
        super().__init__(summary)
        self.summary = summary
        self.hint = hint
        self.details = details
        self.cause = cause


class WrongFileError(OperationError):
    """A file is not what it has to be: to try again with it helps nobody."""

    def __init__(self, summary: str, hint: str = "", details: str = "") -> None:
        super().__init__(summary, hint, details, Cause.BAD_INPUT)


class Cancelled(Exception):  # noqa: N818 - a wish of the user, not an error
    """The user asked to stop. Clean up and let it pass."""


class Job:
    """The link between one running operation and whoever waits for it.

    The operation calls ``report``, ``check``, ``wait`` and ``stopping_with`` on its own thread;
    ``cancel`` may be called from any thread. ``on_progress`` is called on the operation's thread.
    """

    def __init__(self, on_progress: Callable[[Progress], object] = lambda _progress: None) -> None:
        self._on_progress = on_progress
        self._cancelled = threading.Event()
        self._lock = threading.Lock()
        self._stops: list[Callable[[], object]] = []
        self._text = ""
        self._reported_at = float("-inf")

    @property
    def is_cancelled(self) -> bool:
        """Whether the user asked to stop."""
        return self._cancelled.is_set()

    def check(self) -> None:
        """Raise ``Cancelled`` if the user asked to stop."""
        if self._cancelled.is_set():
            raise Cancelled

    def report(self, done: int, total: int, text: str) -> None:
        """Tell how far the work is, in bytes; raise ``Cancelled`` if the user asked to stop.

        Reports may come as often as they like: those in between are dropped, but never the
        first of a new text or the one that completes it.
        """
        self.check()
        now = time.monotonic()
        is_milestone = text != self._text or (total > 0 and done >= total)
        if is_milestone or now - self._reported_at >= REPORT_INTERVAL:
            self._text = text
            self._reported_at = now
            self._on_progress(Progress(done, total, text))

    def wait(self, seconds: float) -> None:
        """Sleep, but raise ``Cancelled`` as soon as the user asks to stop."""
        if self._cancelled.wait(seconds):
            raise Cancelled

    @contextmanager
    def stopping_with(self, stop: Callable[[], object]) -> Iterator[None]:
        """While inside, a cancel calls ``stop`` (from the cancelling thread).

        Whatever ``stop`` breaks off usually fails in its own way; that failure is replaced by
        ``Cancelled``.
        """
        with self._lock:
            self._stops.append(stop)
        try:
            if self._cancelled.is_set():
                stop()
            yield
        except Exception:
            self.check()
            raise
        finally:
            with self._lock:
                self._stops.remove(stop)
        self.check()

    def cancel(self) -> None:
        """Ask the work to stop. Returns at once; calling it again changes nothing."""
        with self._lock:
            if self._cancelled.is_set():
                return
            self._cancelled.set()
            stops = list(self._stops)
        for stop in reversed(stops):
            stop()
