"""Open compressed streams with every core: gzip (by isal), zstd, or none."""

import contextlib
import enum
import gzip
import io
import os
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, BinaryIO, Protocol, cast

import zstandard
from isal import igzip_threaded, isal_zlib

from vmdesk.core.bundle.ahead import reading_ahead

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# isal's own annotations leave these two open.
_open_gzip: Callable[..., BinaryIO] = igzip_threaded.open
_IsalError: type[Exception] = isal_zlib.error  # type: ignore[assignment]

GZIP_LEVEL = 1
"""Of 0 to 3; 3 is three percent smaller and takes half as much time again."""

ZSTD_LEVEL = 2
"""Three quarters of the time of 3, the zstd program's own, for four percent more in size."""

BLOCK = 1024**2
"""Bytes of gzip that one core compresses at a time."""

ZSTD_JOB = 4 * 1024**2
"""Bytes of zstd that one core compresses at a time: half of its own choice, for memory."""

ZSTD_JOBS = 16 * 1024**2
"""Bytes that all cores may have at a time, for memory: with many, each takes smaller pieces."""

MAX_THREADS = 16
"""Each needs some 5 MiB; no disk takes what more could write."""

_ZSTD_NOTHING = b"\x50\x2a\x4d\x18" + bytes(4)
"""An empty skippable frame (RFC 8878, 3.1.2): behind a whole file it means nothing.

One that was cut takes it for the rest of its data or checksum, and is found damaged. The library
itself passes over such a cut.
"""

MAX_WINDOW = 128 * 1024**2
"""Bytes of memory that a zstd file may ask for; the zstd program itself allows no more."""


class Compression(enum.Enum):
    """How a file is compressed."""

    NONE = "none"
    GZIP = "gzip"
    ZSTD = "zstd"


class DamagedStreamError(Exception):
    """The compressed data is damaged or ends too early."""


class Reader(Protocol):
    """Where plain bytes come from."""

    def read(self, size: int, /) -> bytes:
        """Return up to ``size`` bytes, none at the end."""


class Writer(Protocol):
    """Where plain bytes go."""

    def write(self, data: bytes, /) -> int:
        """Take all of ``data``."""


def detect(head: bytes) -> Compression:
    """Tell a compression by the first bytes of a file (RFC 1952, RFC 8878)."""
    if head.startswith(b"\x1f\x8b\x08"):
        return Compression.GZIP
    if head.startswith(b"\x28\xb5\x2f\xfd"):
        return Compression.ZSTD
    return Compression.NONE


def peek(head: bytes, size: int) -> bytes:
    """Return up to ``size`` plain bytes from the first bytes of a file, and never read on.

    A file may begin with any amount of nothing, such as millions of empty gzip members.
    """
    start = io.BytesIO(head)
    try:
        match detect(head):
            case Compression.NONE:
                return head[:size]
            case Compression.GZIP:
                return gzip.GzipFile(fileobj=start).read1(size)
            case Compression.ZSTD:
                unpack = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
                return unpack.stream_reader(start, read_across_frames=True).read(size)
    except (EOFError, OSError, zlib.error, zstandard.ZstdError) as exc:
        raise DamagedStreamError(str(exc)) from exc


@contextmanager
def reading(
    file: BinaryIO, compression: Compression, check: Callable[[], object]
) -> Iterator[Reader]:
    """Yield what reads plain bytes from ``file``, which are unpacked on a thread of their own.

    Its ``read`` raises ``DamagedStreamError``. ``check`` is called (on any thread) before each
    block of compressed bytes and may raise to stop: a file can be full of nothing.
    """
    source = _Source(file, check, _ZSTD_NOTHING if compression is Compression.ZSTD else b"")
    match compression:
        case Compression.NONE:
            yield file
        case Compression.GZIP:
            with _open_gzip(source, "rb", threads=1, block_size=BLOCK) as stream:
                try:
                    yield _Guarded(stream)
                finally:
                    source.is_left = True  # or its thread would read on until bytes come out
        case Compression.ZSTD:
            unpack = zstandard.ZstdDecompressor(max_window_size=MAX_WINDOW)
            stream = unpack.stream_reader(
                cast(BinaryIO, source), read_size=BLOCK, read_across_frames=True, closefd=False
            )
            with stream, reading_ahead(_Guarded(cast(BinaryIO, stream)), BLOCK) as ahead:
                yield ahead


@contextmanager
def writing(file: BinaryIO, compression: Compression) -> Iterator[Writer]:
    """Yield what compresses into ``file`` on all cores; complete when left without an error.

    When left with an error, what was written is worthless, and no second error is raised.
    """
    stream = _open_writer(file, compression)
    try:
        yield stream
    except BaseException:
        # The disk may be full; closing is only for the sake of the threads then.
        with contextlib.suppress(OSError, ValueError, zstandard.ZstdError):
            _close(stream, file)
        raise
    _close(stream, file)


def _open_writer(file: BinaryIO, compression: Compression) -> BinaryIO:
    match compression:
        case Compression.NONE:
            return file
        case Compression.GZIP:
            level = GZIP_LEVEL
            return _open_gzip(file, "wb", compresslevel=level, threads=_threads(), block_size=BLOCK)
        case Compression.ZSTD:
            threads = _threads()
            job_size = min(ZSTD_JOB, ZSTD_JOBS // threads)
            parameters = zstandard.ZstdCompressionParameters.from_level(
                ZSTD_LEVEL, threads=threads, job_size=job_size, write_checksum=True
            )
            pack = zstandard.ZstdCompressor(compression_params=parameters)
            return cast(BinaryIO, pack.stream_writer(file, closefd=False))


def _threads() -> int:
    return min(len(os.sched_getaffinity(0)), MAX_THREADS)


def _close(stream: BinaryIO, file: BinaryIO) -> None:
    if stream is not file:
        stream.close()


class _Source(io.RawIOBase):
    """The compressed bytes and then ``end``, for as long as somebody wants them."""

    def __init__(self, file: BinaryIO, check: Callable[[], object], end: bytes) -> None:
        super().__init__()
        self._file = cast(io.RawIOBase, file)
        self._check = check
        self._end = io.BytesIO(end)
        self.is_left = False

    def readinto(self, buffer: "WriteableBuffer", /) -> int | None:
        self._check()
        return 0 if self.is_left else self._file.readinto(buffer) or self._end.readinto(buffer)


class _Guarded:
    """Turns each library's own errors into one."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int, /) -> bytes:
        try:
            return self._stream.read(size)
        except (EOFError, OverflowError, _IsalError, zstandard.ZstdError, OSError) as exc:
            # igzip's BadGzipFile is an OSError without a number; a real one keeps its own.
            if isinstance(exc, OSError) and exc.errno is not None:
                raise
            raise DamagedStreamError(str(exc)) from exc
