"""The digest and the sync that go on beside the writing."""

import hashlib
import os
import threading
from pathlib import Path

import pytest

from vmdesk.core.download import sink as sink_module
from vmdesk.core.download.sink import Sink
from vmdesk.core.formatting import MIB


def test_a_long_file_is_written_and_digested_whole(tmp_path: Path) -> None:
    chunks = [bytes([number]) * 3 * MIB for number in range(50)]
    path = tmp_path / "disc"
    sink = Sink(path.open("xb", buffering=0))
    for chunk in chunks:
        sink.append(chunk)
    assert sink.finish() == hashlib.sha256(b"".join(chunks)).hexdigest()
    sink.close()
    assert path.read_bytes() == b"".join(chunks)
    assert sink.size == 150 * MIB


def test_what_the_disk_refuses_is_raised() -> None:
    sink = Sink(Path("/dev/full").open("wb", buffering=0))  # noqa: SIM115 - the sink closes it
    with pytest.raises(OSError, match="No space left"):
        sink.append(b"x")
    sink.close()


def test_a_disk_that_is_still_busy_is_not_asked_once_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_synced, asked = threading.Event(), []

    def sync(descriptor: int) -> None:
        asked.append(descriptor)
        is_synced.wait(20)

    monkeypatch.setattr(os, "fdatasync", sync)
    monkeypatch.setattr(sink_module, "_SYNC_AFTER", 1)
    sink = Sink((tmp_path / "disc").open("xb", buffering=0))
    for data in (b"one", b"two", b"three"):
        sink.append(data)
    is_synced.set()
    assert sink.finish() == hashlib.sha256(b"onetwothree").hexdigest()
    assert len(asked) == 1
    sink.append(b"four")
    assert sink.finish() == hashlib.sha256(b"onetwothreefour").hexdigest()
    assert len(asked) == 2
    sink.close()
