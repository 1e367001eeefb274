import threading

import pytest

from vmdesk.core.bundle.ahead import DEPTH, reading_ahead

pytestmark = pytest.mark.usefixtures("no_thread_stays")


class Source:
    """Gives so many pieces of ten bytes, and fails then if it is to."""

    def __init__(self, pieces: int, error: Exception | None = None) -> None:
        self.left = pieces
        self.error = error
        self.asked = threading.Semaphore(0)

    def read(self, size: int, /) -> bytes:
        self.asked.release()
        if self.left == 0:
            if self.error is not None:
                raise self.error
            return b""
        self.left -= 1
        return bytes([self.left]) * size


def test_all_bytes_come_in_order_whatever_is_asked_for() -> None:
    with reading_ahead(Source(3), 10) as ahead:
        pieces = list(iter(lambda: ahead.read(7), b""))
        assert ahead.read(1) == b""
    assert b"".join(pieces) == b"\2" * 10 + b"\1" * 10 + b"\0" * 10
    assert [len(piece) for piece in pieces] == [7, 3] * 3


def test_it_reads_some_pieces_ahead_and_no_more() -> None:
    source = Source(100)
    with reading_ahead(source, 10):
        # One that is in its hand waits for room.
        for _piece in range(DEPTH + 1):
            assert source.asked.acquire(timeout=10)
        assert not source.asked.acquire(timeout=0.1)


def test_an_error_comes_behind_what_was_read_before_and_each_time() -> None:
    with reading_ahead(Source(1, OSError("broken")), 10) as ahead:
        assert ahead.read(20) == b"\0" * 10
        for _time in range(2):
            with pytest.raises(OSError, match="broken"):
                ahead.read(20)
