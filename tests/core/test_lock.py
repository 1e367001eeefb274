"""One at a time, among threads; the tests of the library show it among processes."""

import errno
import fcntl
import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from vmdesk.core import lock
from vmdesk.core.job import Cancelled, Job


def test_the_second_waits_until_the_first_is_done(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    order: list[str] = []
    is_waiting = threading.Event()

    def second() -> None:
        with lock.exclusive(path, Job(), is_waiting.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with lock.exclusive(path, Job(), lambda: None):
        thread.start()
        assert is_waiting.wait(10)
        order.append("first")
    thread.join(10)
    assert order == ["first", "second"]
    assert not path.exists()


def test_never_are_two_inside_though_the_file_comes_and_goes(tmp_path: Path) -> None:
    class Impatient(Job):
        def wait(self, seconds: float) -> None:
            """Try again at once, so that many meet at the moment when the file is removed."""

    def work() -> None:
        for _ in range(500):
            with lock.exclusive(tmp_path / "lock", Impatient(), lambda: None):
                (tmp_path / "inside").touch(exist_ok=False)
                (tmp_path / "inside").unlink()

    with ThreadPoolExecutor(4) as pool:
        for done in [pool.submit(work) for _ in range(4)]:
            done.result(60)


def test_a_wait_can_be_cancelled(tmp_path: Path) -> None:
    job = Job()
    with (
        lock.exclusive(tmp_path / "lock", Job(), lambda: None),
        pytest.raises(Cancelled),
        lock.exclusive(tmp_path / "lock", job, job.cancel),
    ):
        pytest.fail("two are inside")


def test_a_file_that_can_not_be_locked_is_let_go_of_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    def flock(descriptor: int, _operation: int) -> None:
        opened.append(descriptor)
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr(fcntl, "flock", flock)
    with (
        pytest.raises(OSError, match="No locks available"),
        lock.exclusive(tmp_path / "lock", Job(), lambda: None),
    ):
        pytest.fail("it is not locked")
    (descriptor,) = opened
    with pytest.raises(OSError, match="Bad file descriptor"):
        os.fstat(descriptor)
