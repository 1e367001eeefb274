"""Measure how long the window's thread is held: a timer that should fire every few milliseconds."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QObject, Qt, QTimer

INTERVAL = 5
"""Milliseconds between two beats."""


class Heartbeat(QObject):
    """Beats while the event loop runs.

    ``longest_hold`` is the longest gap between two beats in seconds. On a busy machine a gap is
    also time in which the thread was ready and not given a processor; ``longest_work`` counts
    only what the thread itself did in one gap.
    """

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self.longest_hold = 0.0
        self.longest_work = 0.0
        self._beat_at = time.monotonic()
        self._worked = time.thread_time()
        timer = QTimer(self)
        timer.setTimerType(Qt.TimerType.PreciseTimer)
        timer.timeout.connect(self._beat)
        timer.start(INTERVAL)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """What whoever measures does himself on the window's thread does not count."""
        self._beat()
        yield
        self._beat_at, self._worked = time.monotonic(), time.thread_time()

    def _beat(self) -> None:
        now, worked = time.monotonic(), time.thread_time()
        self.longest_hold = max(self.longest_hold, now - self._beat_at)
        self.longest_work = max(self.longest_work, worked - self._worked)
        self._beat_at, self._worked = now, worked
