"""Running other programs."""

import threading
import time

import pytest

from vmdesk.core import process
from vmdesk.core.job import Cancelled, Job, OperationError


def test_it_returns_what_the_program_printed() -> None:
    assert process.run(["echo", "a b", "$HOME"], Job()) == "a b $HOME\n"


def test_a_failure_tells_the_command_and_its_stderr() -> None:
    with pytest.raises(OperationError, match="ls failed") as caught:
        process.run(["ls", "/no/such folder"], Job())
    assert "$ ls '/no/such folder'" in caught.value.details
    assert "No such file" in caught.value.details


def test_a_status_that_is_no_failure_to_the_caller_passes() -> None:
    argv = ["sh", "-c", "echo found; exit 3"]
    assert process.run(argv, Job(), accepts={0, 3}) == "found\n"
    with pytest.raises(OperationError, match="sh failed"):
        process.run(argv, Job(), accepts={0, 2})


def test_a_signal_that_killed_the_program_is_named() -> None:
    with pytest.raises(OperationError, match="sh failed") as caught:
        process.run(["sh", "-c", "kill -XFSZ $$"], Job())
    assert "SIGXFSZ" in caught.value.details


def test_what_qemu_img_says_is_told_in_words_of_a_user() -> None:
    with pytest.raises(OperationError, match="/nowhere/disk is missing") as caught:
        process.run(["qemu-img", "info", "-f", "qcow2", "/nowhere/disk"], Job())
    assert "No such file" in caught.value.details


def test_a_missing_program_is_named() -> None:
    with pytest.raises(OperationError, match="no-such-program is not installed"):
        process.run(["no-such-program"], Job())


def test_a_cancel_ends_the_program() -> None:
    job = Job()
    timer = threading.Timer(0.05, job.cancel)
    timer.start()
    before = time.monotonic()
    with pytest.raises(Cancelled):
        process.run(["sleep", "60"], job)
    assert time.monotonic() - before < 30
    timer.join()
