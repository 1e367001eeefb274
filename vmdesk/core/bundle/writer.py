"""Write a bundle, member by member, at the speed of the disk."""

import os
import time
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import sparse
from vmdesk.core.bundle import compression, header, layout, pieces
from vmdesk.core.bundle.compression import Writer
from vmdesk.core.bundle.digest import Digest
from vmdesk.core.bundle.layout import ArchiveForm, Manifest, MemberRecord, Role
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.sparse import Extent
from vmdesk.core.storage.stream import Piece

WORTHWHILE_HOLES = 1024**2
"""Bytes of holes from which a member is stored sparse rather than as it is.

A stream in a plain archive has all of its holes left out: they are known at the end only."""

RESERVED = 48 * 1024
"""Bytes in front of a member that is stored before its header and map are known."""

MAX_HEADER = 4 * 1024
MAX_MAP_ENTRY = 32
"""Bytes of two numbers up to ``layout.MAX_DISK_BYTES`` in a map, and their line feeds."""

_END = bytes(2 * header.BLOCK)


@dataclass(frozen=True, slots=True)
class Source:
    """A file to be stored, as it was when ``look_at`` saw it.

    ``extents`` is None for a file that is stored whole.
    """

    path: Path
    size: int
    extents: tuple[Extent, ...] | None
    fingerprint: tuple[int, ...]

    @property
    def data_size(self) -> int:
        """Bytes that are read and stored."""
        if self.extents is None:
            return self.size
        return sum(extent.length for extent in self.extents)


def look_at(path: Path) -> Source:
    """Find out how large a file is and where it has holes."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(descriptor)
        extents = sparse.coarse_extents(descriptor, status.st_size, layout.MAX_SPARSE_EXTENTS - 1)
    finally:
        os.close(descriptor)
    size = status.st_size
    holes = size - sum(extent.length for extent in extents)
    if holes < WORTHWHILE_HOLES:
        return Source(path, size, None, _fingerprint(status))
    if not extents or extents[-1].end < size:
        # GNU tar marks a hole at the end by an empty extent.
        extents = (*extents, Extent(size, 0))
    return Source(path, size, extents, _fingerprint(status))


@dataclass(frozen=True, slots=True)
class StreamSource:
    """A disk that comes in pieces, such as from a volume that this user can't open.

    ``size`` is that of the image as a file, ``data_size`` the part that is no hole, as far as is
    known before; in bytes. ``open`` begins to read it anew.
    """

    size: int
    data_size: int
    format: str
    open: Callable[[], Generator[Piece]]


def _map_of(
    name: str, size: int, extents: tuple[Extent, ...] | None
) -> tuple[bytes, dict[str, str], str]:
    """Return the map in front of a member's data, the records of its header, and its name there."""
    if extents is None:
        return b"", {}, name
    records = header.sparse_records(name, size)
    return header.sparse_map(extents), records, header.SPARSE_FOLDER + name


def _fingerprint(status: os.stat_result) -> tuple[int, ...]:
    return (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns)


@contextmanager
def writing(
    descriptor: int, form: ArchiveForm, machine: str, advance: Callable[[int], object]
) -> Iterator["BundleWriter"]:
    """Yield a writer into an empty open file; its manifest and end are written when left.

    ``advance`` is called with each number of further bytes that were read from a disk; it may
    raise to stop. The caller syncs the file.
    """
    with ExitStack() as stack:
        stream: Writer | None = None
        if form is not ArchiveForm.TAR:
            file = stack.enter_context(os.fdopen(descriptor, "wb", buffering=0, closefd=False))
            stream = stack.enter_context(compression.writing(file, form.compression))
        writer = BundleWriter(descriptor, stream, machine, advance)
        yield writer
        writer.finish()


class BundleWriter:
    """Where members are added; use ``writing`` to make one."""

    def __init__(
        self,
        descriptor: int,
        stream: Writer | None,
        machine: str,
        advance: Callable[[int], object],
    ) -> None:
        self._descriptor = descriptor
        self._stream = stream
        self._machine = machine
        self._advance = advance
        self._position = 0
        self._mtime = int(time.time())
        self._records: list[MemberRecord] = []

    def add_bytes(self, name: str, role: Role, data: bytes, comment: str = "") -> None:
        """Add a small member; a comment is for whoever sees only the head of the file."""
        records = {"comment": comment} if comment else {}
        self._emit(header.make(name, len(data), self._mtime, records))
        self._emit(data)
        self._pad()
        with Digest() as digest:
            digest.update(data)
        size = len(data)
        self._records.append(MemberRecord(name, role, size, size, digest.hexdigest()))

    def add_disk(self, name: str, source: Source, target: str, virtual_size: int) -> None:
        """Add a qcow2 disk; raises ``OperationError`` if the file changes meanwhile."""
        descriptor = os.open(source.path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_SEQUENTIAL)
            stored, digest = self._store(name, source, descriptor)
            if _fingerprint(os.fstat(descriptor)) != source.fingerprint:
                raise EOFError
        except EOFError as exc:
            raise OperationError(
                _("The disk {path} was changed while it was exported.").format(path=source.path),
                _("Make sure that no other program uses it and try again."),
            ) from exc
        finally:
            os.close(descriptor)
        self._records.append(
            MemberRecord(
                name, Role.DISK, source.size, stored, digest, target, "qcow2", virtual_size
            )
        )

    def finish(self) -> None:
        """Add the manifest and the end of the archive."""
        manifest = layout.dump_manifest(Manifest(self._machine, tuple(self._records)))
        self._emit(header.make(layout.MANIFEST_NAME, len(manifest), self._mtime, {}))
        self._emit(manifest)
        self._pad()
        self._emit(_END)

    def add_stream(self, name: str, source: StreamSource, target: str, virtual_size: int) -> None:
        """Add a disk that comes in pieces; raises ``OperationError`` if it changes meanwhile."""
        digest = None
        if self._stream is None:
            stored = self._store_before_its_header(name, source)
        else:
            # What is compressed can't be gone back to: a sparse one has to be read twice.
            is_sparse = source.size - source.data_size >= WORTHWHILE_HOLES
            extents = pieces.extents_of(source.open()) if is_sparse else None
            stored, digest = self._store_pieces(name, source, extents)
        self._pad()
        kind = source.format
        self._records.append(
            MemberRecord(name, Role.DISK, source.size, stored, digest, target, kind, virtual_size)
        )

    def _store_pieces(
        self, name: str, source: StreamSource, extents: tuple[Extent, ...] | None
    ) -> tuple[int, str]:
        map_block, records, written_name = _map_of(name, source.size, extents)
        length = source.size if extents is None else sum(extent.length for extent in extents)
        stored = len(map_block) + length
        self._emit(
            header.make_aligned(
                written_name, stored, self._mtime, records, self._position, len(map_block)
            )
        )
        self._emit(map_block)
        with Digest() as digest:
            digest.update(map_block)
            for data in pieces.stored(source.open(), extents, source.size):
                digest.update(data)
                self._emit(data)
                self._advance(len(data))
        return stored, digest.hexdigest()

    def _store_before_its_header(self, name: str, source: StreamSource) -> int:
        """Store what comes and leave room in front for the map of its holes, known at the end."""
        start = self._position
        room = RESERVED + -(start + RESERVED) % layout.ALIGNMENT
        self._position += room
        most = (RESERVED - MAX_HEADER) // MAX_MAP_ENTRY
        mapped = pieces.Mapped(source.open(), most)
        for data in mapped:
            self._emit(data)
            self._advance(len(data))
        if mapped.size != source.size:
            raise pieces.changed()
        is_whole = mapped.extents == [Extent(0, source.size)]
        extents = None if is_whole else tuple(mapped.extents)
        map_block, records, written_name = _map_of(name, source.size, extents)
        stored = len(map_block) + sum(extent.length for extent in mapped.extents)
        head = header.make_filling(
            written_name, stored, self._mtime, records, room - len(map_block)
        )
        sparse.write_all(self._descriptor, head + map_block, start)
        return stored

    def _store(self, name: str, source: Source, descriptor: int) -> tuple[int, str | None]:
        map_block, records, written_name = _map_of(name, source.size, source.extents)
        extents = (Extent(0, source.size),) if source.extents is None else source.extents
        stored = len(map_block) + source.data_size
        self._emit(
            header.make_aligned(
                written_name, stored, self._mtime, records, self._position, len(map_block)
            )
        )
        self._emit(map_block)
        digest = None
        if self._stream is None:
            for extent in extents:
                self._copy(descriptor, extent)
        else:
            digest = self._pump(descriptor, map_block, extents)
        self._pad()
        return stored, digest

    def _copy(self, descriptor: int, extent: Extent) -> None:
        reported = 0

        def on_bytes(done: int) -> None:
            nonlocal reported
            self._advance(done - reported)
            reported = done

        sparse.copy_range(
            descriptor, extent.start, self._descriptor, self._position, extent.length, on_bytes
        )
        self._position += extent.length

    def _pump(self, descriptor: int, map_block: bytes, extents: tuple[Extent, ...]) -> str:
        with Digest() as digest:
            digest.update(map_block)
            for extent in extents:
                for at in range(extent.start, extent.end, sparse.CHUNK):
                    piece = os.pread(descriptor, min(sparse.CHUNK, extent.end - at), at)
                    if len(piece) != min(sparse.CHUNK, extent.end - at):
                        raise EOFError
                    digest.update(piece)
                    self._emit(piece)
                    self._advance(len(piece))
        return digest.hexdigest()

    def _emit(self, data: bytes) -> None:
        if self._stream is None:
            length = sparse.write_all(self._descriptor, data, self._position)
            sparse.begin_writeback(self._descriptor, self._position + length, length)
        else:
            self._stream.write(data)
        self._position += len(data)

    def _pad(self) -> None:
        self._emit(bytes(-self._position % header.BLOCK))
