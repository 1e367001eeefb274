"""Jobs: progress, cancel, and children that a cancel reaches."""

import threading

import pytest

from vmdesk.core.job import Cancelled, Job, OperationError, Progress


def test_the_first_and_the_last_report_of_a_text_are_never_dropped() -> None:
    seen: list[Progress] = []
    job = Job(seen.append)
    for done in range(101):
        job.report(done, 100, "Copying")
    job.report(0, 0, "Checking")
    assert seen[0] == Progress(0, 100, "Copying")
    assert seen[-2:] == [Progress(100, 100, "Copying"), Progress(0, 0, "Checking")]
    assert len(seen) < 20


def test_a_report_after_a_cancel_raises() -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        job.report(1, 2, "Copying")


def test_a_cancel_wakes_whoever_waits() -> None:
    job = Job()
    timer = threading.Timer(0.01, job.cancel)
    timer.start()
    with pytest.raises(Cancelled):
        job.wait(60)
    timer.join()


def test_a_cancel_stops_the_child_and_its_failure_becomes_cancelled() -> None:
    job = Job()
    stopped: list[str] = []

    def wait_for_child() -> None:
        job.cancel()
        raise OperationError("the child died")

    with pytest.raises(Cancelled), job.stopping_with(lambda: stopped.append("child")):
        wait_for_child()
    assert stopped == ["child"]


def test_a_cancel_before_the_child_stops_it_at_once() -> None:
    job = Job()
    job.cancel()
    stopped: list[str] = []
    with pytest.raises(Cancelled), job.stopping_with(lambda: stopped.append("child")):
        pass
    assert stopped == ["child"]


def test_a_failure_without_a_cancel_stays_what_it_is() -> None:
    job = Job()
    with pytest.raises(OperationError, match="no room"), job.stopping_with(lambda: None):
        raise OperationError("no room")


def test_a_child_that_has_ended_is_not_stopped() -> None:
    job = Job()
    stopped: list[str] = []
    with job.stopping_with(lambda: stopped.append("child")):
        pass
    job.cancel()
    assert stopped == []
