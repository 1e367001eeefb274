"""Speed and time left."""

import pytest

from vmdesk.core.job import Progress
from vmdesk.core.rate import RateMeter


def test_a_steady_transfer_tells_speed_and_time_left() -> None:
    meter = RateMeter()
    for second in range(6):
        pace = meter.update(Progress(second * 100, 1000, "Copying"), float(second))
    assert pace.speed == pytest.approx(100)
    assert pace.time_left == pytest.approx(5)
    assert pace.describe() == "100 bytes/s · 5 s left"


def test_nothing_is_claimed_before_two_measurements() -> None:
    assert RateMeter().update(Progress(5, 10, "Copying"), 0.0).describe() == ""


def test_a_new_phase_starts_anew() -> None:
    meter = RateMeter()
    meter.update(Progress(0, 10, "Copying"), 0.0)
    meter.update(Progress(10, 10, "Copying"), 1.0)
    assert meter.update(Progress(0, 10, "Checking"), 2.0).speed is None


def test_a_transfer_that_never_moves_promises_no_end() -> None:
    meter = RateMeter()
    meter.update(Progress(500, 1000, "Copying"), 0.0)
    pace = meter.update(Progress(500, 1000, "Copying"), 5.0)
    assert (pace.speed, pace.time_left) == (0, None)


def test_a_stall_brings_the_speed_down() -> None:
    meter = RateMeter()
    meter.update(Progress(0, 1000, "Copying"), 0.0)
    meter.update(Progress(500, 1000, "Copying"), 1.0)
    pace = meter.update(Progress(500, 1000, "Copying"), 11.0)
    assert pace.speed is not None
    assert pace.speed < 25
