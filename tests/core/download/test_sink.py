"""The digest and the sync that go on beside the writing."""

import hashlib
from pathlib import Path

import pytest

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
