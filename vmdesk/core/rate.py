"""Estimate how fast a job advances and when it will be done."""

import math
from dataclasses import dataclass

from vmdesk.core import formatting
from vmdesk.core.job import Progress

SMOOTHING_TIME = 3.0
"""Seconds over which the speed is averaged: short enough to follow a stall, long enough to read."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Speed in bytes per second and the seconds left, where they can be told."""

    speed: float | None = None
    time_left: float | None = None

    def describe(self) -> str:
        """Return ``11.2 MiB/s · 1 min left``, or as much of it as is known."""
        parts = []
        if self.speed is not None:
            parts.append(formatting.speed(self.speed))
        if self.time_left is not None:
            parts.append(formatting.time_left(self.time_left))
        return " · ".join(parts)


class RateMeter:
    """Follows the progress of one job; a new text of its progress starts a new measurement."""

    def __init__(self) -> None:
        self._last: tuple[float, Progress] | None = None
        self._speed: float | None = None

    def update(self, progress: Progress, now: float) -> Pace:
        """Take in ``progress`` at the monotonic time ``now`` and return the pace."""
        if self._last is None or self._last[1].text != progress.text or not progress.total:
            self._last, self._speed = (now, progress), None
            return Pace()
        then, previous = self._last
        elapsed = now - then
        if elapsed > 0:
            speed = max(0, progress.done - previous.done) / elapsed
            weight = 1 - math.exp(-elapsed / SMOOTHING_TIME)
            old = speed if self._speed is None else self._speed
            self._speed = old + weight * (speed - old)
            self._last = (now, progress)
        if not self._speed:
            return Pace(speed=self._speed)
        return Pace(self._speed, (progress.total - progress.done) / self._speed)
