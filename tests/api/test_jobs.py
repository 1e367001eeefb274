"""One job at a time for each machine, a bounded number of them, and all can be cancelled."""

import threading
from collections.abc import Iterator

import pytest

from vmdesk.api import jobs
from vmdesk.api.jobs import Entry, Jobs, JsonObject
from vmdesk.core.job import Cancelled, Cause, Job, OperationError


class Work:
    """Work that goes on until it is let go or cancelled."""

    def __init__(self) -> None:
        self.has_begun = threading.Event()
        self._is_let_go = threading.Event()

    def __call__(self, job: Job) -> JsonObject:
        job.report(1, 2, "working")
        with job.stopping_with(self.let_go):
            self.has_begun.set()
            assert self._is_let_go.wait(20)
        return {"done": True}

    def let_go(self) -> None:
        self._is_let_go.set()


@pytest.fixture
def registry(no_thread_stays: None) -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.stop()


def begun(registry: Jobs, uuid: str = "u", name: str = "n") -> tuple[Entry, Work]:
    work = Work()
    entry = registry.start("Working", name, uuid, work)
    assert work.has_begun.wait(20)
    return entry, work


def wait_for(entry: Entry) -> None:
    for thread in threading.enumerate():
        if thread.name == entry.id:
            thread.join()


def nothing(_job: Job) -> JsonObject:
    return {}


def fail(_job: Job) -> JsonObject:
    raise OperationError("It failed.", "Try again.")


def test_a_machine_has_one_job_at_a_time(registry: Jobs) -> None:
    entry, _work = begun(registry)
    with pytest.raises(OperationError, match="“n” is busy: Working") as caught:
        registry.run("More", "n", "u", nothing)
    assert caught.value.cause is Cause.WRONG_STATE
    with pytest.raises(OperationError, match="busy"):
        registry.start("The same name", "n", "another", nothing)
    assert registry.run("Another machine", "m", "v", nothing) == {}
    entry.job.cancel()
    registry.stop()
    assert registry.run("More", "m", "u", nothing) == {}


def test_a_job_tells_how_far_it_is_and_how_it_ended(registry: Jobs) -> None:
    entry, work = begun(registry)
    running = {"id": entry.id, "title": "Working", "machine": "n", "state": "running"}
    assert entry.describe() == running | {"done": 1, "total": 2, "text": "working"}
    work.let_go()
    wait_for(entry)
    cancelled, _work = begun(registry, "v", "m")
    registry.stop()
    assert entry.describe()["state"] == "succeeded"
    assert entry.describe()["result"] == {"done": True}
    assert cancelled.describe()["state"] == "cancelled"
    with pytest.raises(OperationError):
        registry.run("Failing", "n", "u", fail)
    failed = registry.all()[-1].describe()
    assert (failed["state"], failed["error"], failed["hint"]) == (
        "failed",
        "It failed.",
        "Try again.",
    )


def test_a_job_that_breaks_unforeseen_has_failed_and_frees_its_machine(registry: Jobs) -> None:
    with pytest.raises(ZeroDivisionError):
        registry.run("Breaking", "n", "u", lambda _job: {"x": 1 // 0})
    assert registry.all()[-1].describe()["state"] == "failed"
    assert registry.run("More", "n", "u", nothing) == {}


def test_no_more_run_at_once_than_leave_threads_for_a_cancel(registry: Jobs) -> None:
    for number in range(jobs.MAXIMUM_RUNNING):
        begun(registry, f"u{number}", f"n{number}")
    with pytest.raises(OperationError, match="at once"):
        registry.run("One more", "n", "u", nothing)


def test_a_cancel_reaches_a_job_on_another_thread(registry: Jobs) -> None:
    work = Work()

    def cancel() -> None:
        assert work.has_begun.wait(20)
        registry.all()[0].job.cancel()

    canceller = threading.Thread(target=cancel)
    canceller.start()
    with pytest.raises(Cancelled):
        registry.run("Working", "n", "u", work)
    canceller.join()


def test_only_the_last_that_ended_are_kept(registry: Jobs) -> None:
    running, _work = begun(registry, "first", "first")
    for number in range(jobs.MAXIMUM_KEPT + 10):
        registry.run(str(number), "n", "u", nothing)
    kept = registry.all()
    assert kept[0] is running
    assert [kept[1].title, kept[-1].title] == ["9", str(jobs.MAXIMUM_KEPT + 9)]
    with pytest.raises(OperationError) as caught:
        registry.get("no such id")
    assert caught.value.cause is Cause.NOT_FOUND
    assert registry.get(running.id) is running
