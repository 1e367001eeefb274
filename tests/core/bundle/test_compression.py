import errno
import gzip
import io
import os
import subprocess
from pathlib import Path
from typing import Any, BinaryIO, cast

import pytest
import zstandard

from vmdesk.core.bundle import compression
from vmdesk.core.bundle.compression import Compression, DamagedStreamError
from vmdesk.core.job import Cancelled, Job

pytestmark = pytest.mark.usefixtures("no_thread_stays")

MIB = 1024**2
FORMS = list(Compression)
PACKED = [Compression.GZIP, Compression.ZSTD]


@pytest.fixture(scope="module")
def data() -> bytes:
    return os.urandom(MIB) + bytes(5 * MIB) + b"text " * MIB


def _write(path: Path, form: Compression, data: bytes) -> None:
    with path.open("wb", buffering=0) as file, compression.writing(file, form) as stream:
        for at in range(0, len(data), 300_000):
            stream.write(data[at : at + 300_000])


def _read(path: Path, form: Compression) -> bytes:
    pieces = []
    with (
        path.open("rb", buffering=0) as file,
        compression.reading(file, form, lambda: None) as stream,
    ):
        while piece := stream.read(777_777):
            pieces.append(piece)
    return b"".join(pieces)


@pytest.mark.parametrize("form", FORMS)
def test_what_is_written_is_read_again_and_detected(
    tmp_path: Path, data: bytes, form: Compression
) -> None:
    path = tmp_path / "file"
    _write(path, form, data)
    assert compression.detect(path.read_bytes()[:4]) is form
    assert _read(path, form) == data


@pytest.mark.parametrize(
    ("form", "program"), [(Compression.GZIP, "gzip"), (Compression.ZSTD, "zstd")]
)
def test_the_usual_programs_read_it_and_are_read(
    tmp_path: Path, data: bytes, form: Compression, program: str
) -> None:
    _write(tmp_path / "ours", form, data)
    with (tmp_path / "ours").open("rb") as file:
        argv = [program, "-dc"]
        unpacked = subprocess.run(argv, stdin=file, capture_output=True, check=True).stdout
    assert unpacked == data
    packed = subprocess.run([program, "-c"], input=data, capture_output=True, check=True).stdout
    (tmp_path / "theirs").write_bytes(packed)
    assert _read(tmp_path / "theirs", form) == data


@pytest.mark.parametrize("form", PACKED)
def test_a_flipped_byte_is_noticed(tmp_path: Path, data: bytes, form: Compression) -> None:
    path = tmp_path / "file"
    _write(path, form, data)
    packed = bytearray(path.read_bytes())
    packed[500_000] ^= 1
    path.write_bytes(packed)
    with pytest.raises(DamagedStreamError):
        _read(path, form)


@pytest.mark.parametrize("form", PACKED)
@pytest.mark.parametrize("cut", [1, 2, 3, 4])
def test_a_cut_at_the_very_end_is_noticed(
    tmp_path: Path, data: bytes, form: Compression, cut: int
) -> None:
    path = tmp_path / "file"
    _write(path, form, data)
    path.write_bytes(path.read_bytes()[:-cut])
    with pytest.raises(DamagedStreamError):
        _read(path, form)


def test_a_gzip_that_is_cut_is_noticed(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "file"
    path.write_bytes(gzip.compress(data)[:-100])
    with pytest.raises(DamagedStreamError):
        _read(path, Compression.GZIP)


class Full(io.RawIOBase):
    """A file on a disk that is full after some bytes."""

    def __init__(self) -> None:
        super().__init__()
        self.room = MIB // 2

    def writable(self) -> bool:
        return True

    def write(self, data: object, /) -> int:
        length = memoryview(cast(bytes, data)).nbytes
        self.room -= length
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return length


@pytest.mark.parametrize("form", PACKED)
def test_a_full_disk_ends_in_its_own_error_and_no_thread_stays(
    data: bytes, form: Compression
) -> None:
    def write() -> None:
        with compression.writing(cast(BinaryIO, Full()), form) as stream:
            for _time in range(20):
                stream.write(data)

    with pytest.raises(OSError, match="No space left"):
        write()


@pytest.mark.parametrize("form", PACKED)
def test_leaving_early_ends_the_threads(tmp_path: Path, data: bytes, form: Compression) -> None:
    _write(tmp_path / "file", form, data * 4)
    with (
        (tmp_path / "file").open("rb", buffering=0) as file,
        compression.reading(file, form, lambda: None) as stream,
    ):
        assert stream.read(10) == data[:10]


class Empty(io.RawIOBase):
    """A file with some plain bytes and then, longer than anybody waits, nothing of use."""

    def __init__(self, form: Compression) -> None:
        super().__init__()
        is_gzip = form is Compression.GZIP
        head = b"0123456789".ljust(4 * compression.BLOCK)
        self._rest = gzip.compress(head) if is_gzip else zstandard.compress(head)
        self._nothing = gzip.compress(b"") if is_gzip else b"\x50\x2a\x4d\x18" + bytes(4)
        self.reads = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any, /) -> int:
        self.reads += 1
        assert self.reads < 100, "nobody has stopped it"
        while len(self._rest) < len(buffer):
            self._rest += self._nothing * (MIB // len(self._nothing))
        buffer[:] = self._rest[: len(buffer)]
        self._rest = self._rest[len(buffer) :]
        return len(buffer)


@pytest.mark.parametrize("form", PACKED)
def test_a_cancel_is_noticed_while_nothing_comes_out(form: Compression) -> None:
    file = Empty(form)
    job = Job()

    def check() -> None:
        if file.reads == 3:
            job.cancel()
        job.check()

    def read() -> None:
        with compression.reading(cast(BinaryIO, file), form, check) as stream:
            while stream.read(100):
                pass

    with pytest.raises(Cancelled):
        read()
    assert file.reads == 3


def test_leaving_early_does_not_wait_for_bytes_to_come_out() -> None:
    file = Empty(Compression.GZIP)
    reading = compression.reading(cast(BinaryIO, file), Compression.GZIP, lambda: None)
    with reading as stream:
        assert stream.read(10) == b"0123456789"
    assert file.reads < 100


@pytest.mark.parametrize("form", PACKED)
def test_an_error_of_the_disk_is_not_taken_for_damage(form: Compression) -> None:
    # Nothing is mapped at address 0.
    with (
        Path("/proc/self/mem").open("rb", buffering=0) as file,
        compression.reading(file, form, lambda: None) as stream,
        pytest.raises(OSError, match="Input/output error") as caught,
    ):
        stream.read(10)
    assert caught.value.errno == errno.EIO
