"""What goes up comes down: bytes as bytes, holes as holes, through a real libvirt."""

import os
import random
import time
from contextlib import closing
from pathlib import Path

import pytest

from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.storage import pools, stream, volumes
from vmdesk.core.storage.stream import Hole

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def sparse_file(tmp_path: Path) -> Path:
    path = tmp_path / "sparse"
    with path.open("wb") as file:
        file.write(random.Random(1).randbytes(3 * MIB + 5))
        file.seek(40 * MIB)
        file.write(b"an end")
        file.truncate(64 * MIB)
    return path


def test_a_sparse_file_goes_up_and_comes_down_as_it_was(
    private_host: Host, pool_folder: Path, sparse_file: Path, tmp_path: Path
) -> None:
    pools.choose(private_host, "own", Job())
    volume = volumes.create_from(private_host, "own", "up", stream.pieces_of(sparse_file))
    stored = pool_folder / "up"
    assert stored.stat().st_blocks * 512 < 5 * MIB
    down = tmp_path / "down"
    descriptor = os.open(down, os.O_RDWR | os.O_CREAT)
    assert stream.save(stream.download(private_host, volume), descriptor) == 64 * MIB
    os.close(descriptor)
    assert down.stat().st_blocks * 512 < 5 * MIB
    assert down.read_bytes() == stored.read_bytes() == sparse_file.read_bytes()


def test_holes_are_told_and_not_sent(
    private_host: Host, pool_folder: Path, sparse_file: Path
) -> None:
    pools.choose(private_host, "own", Job())
    volume = volumes.create_from(private_host, "own", "up", stream.pieces_of(sparse_file))
    pieces = list(stream.download(private_host, volume))
    holes = sum(piece.length for piece in pieces if isinstance(piece, Hole))
    assert holes > 59 * MIB


def test_a_download_that_is_left_early_leaves_the_connection_usable(
    private_host: Host, pool_folder: Path
) -> None:
    pools.choose(private_host, "own", Job())
    noise = (os.urandom(MIB) for _piece in range(32))
    volume = volumes.create_from(private_host, "own", "large", noise)
    pieces = stream.download(private_host, volume)
    next(pieces)
    pieces.close()
    assert volumes.info(volume).physical == 32 * MIB


def test_a_slow_reader_does_not_pile_a_volume_up_in_memory(
    private_host: Host, pool_folder: Path
) -> None:
    pools.choose(private_host, "own", Job())
    chunk = os.urandom(MIB)
    volume = volumes.create_from(private_host, "own", "large", (chunk for _ in range(256)))
    before = _resident()
    with closing(stream.download(private_host, volume)) as pieces:
        next(pieces)
        # In this time the daemon could send all of it.
        assert not _grows_beyond(before + 100 * MIB, seconds=1.5)
        assert sum(len(piece) for piece in pieces if isinstance(piece, bytes)) > 255 * MIB


def test_a_volume_that_becomes_shorter_is_no_whole_download(
    private_host: Host, pool_folder: Path
) -> None:
    pools.choose(private_host, "own", Job())
    volume = volumes.create_from(private_host, "own", "large", iter([bytes(MIB)] * 64))
    pieces = stream.download(private_host, volume)
    next(pieces)
    os.truncate(pool_folder / "large", 40 * MIB)
    with pytest.raises(OperationError, match="shorter"):
        list(pieces)


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def _grows_beyond(limit: int, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if _resident() > limit:
            return True
        time.sleep(0.02)
    return False


def test_a_volume_that_is_gone_is_an_error_in_words(private_host: Host, pool_folder: Path) -> None:
    pools.choose(private_host, "own", Job())
    volume = volumes.create(private_host, "own", "gone", MIB)
    volumes.delete(volume)
    with pytest.raises(OperationError):
        next(stream.download(private_host, volume))
