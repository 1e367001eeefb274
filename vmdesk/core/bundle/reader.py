"""Read a bundle from outside: one member after the other, refusing whatever has no business there.

Nothing is unpacked here and no name from the file is ever used as a path.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NoReturn

from vmdesk.core.bundle import compression, layout
from vmdesk.core.bundle import header as bundle_header
from vmdesk.core.bundle.compression import Compression, DamagedStreamError, Reader
from vmdesk.core.bundle.header import BLOCK, Header, damaged
from vmdesk.core.bundle.layout import Role
from vmdesk.core.bundle.sparse_map import old_layout, pax_layout
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.sparse import Extent

MAX_TRAILING_BYTES = 16 * 1024**2
"""What may follow the end of the archive; tars are padded to a multiple of their record."""

SKIP_CHUNK = 1024**2

_KINDS = {
    b"1": _("a hard link"),
    b"2": _("a symbolic link"),
    b"3": _("a device"),
    b"4": _("a device"),
    b"6": _("a pipe"),
}


@dataclass(frozen=True, slots=True)
class Member:
    """One file in a bundle; sizes in bytes.

    ``name`` has no folder. ``size`` is that of the unpacked file, ``data_size`` that of its data
    in the archive, which starts at ``offset`` behind ``map_block``. ``extents`` says where in the
    file the data belongs, or is None for a file that is stored whole. ``comment`` is free text.
    """

    name: str
    role: Role
    size: int
    data_size: int
    offset: int
    extents: tuple[Extent, ...] | None
    map_block: bytes
    comment: str = ""

    @property
    def layout(self) -> tuple[Extent, ...]:
        """Where in the file the stored data belongs, in the order in which it is stored."""
        return (Extent(0, self.size),) if self.extents is None else self.extents


class Archive:
    """The plain bytes of a bundle, in order, whatever its compression."""

    def __init__(self, descriptor: int, form: Compression, reader: Reader) -> None:
        self.descriptor = descriptor
        self.compression = form
        self.file_size = os.fstat(descriptor).st_size
        self.position = 0
        self._reader = reader

    @property
    def is_plain(self) -> bool:
        """Whether offsets in the archive are offsets in the file."""
        return self.compression is Compression.NONE

    @property
    def consumed(self) -> int:
        """Bytes of the file that were read so far."""
        if self.is_plain:
            return min(self.position, self.file_size)
        return os.lseek(self.descriptor, 0, os.SEEK_CUR)

    def read(self, size: int) -> bytes:
        """Return exactly ``size`` bytes; raises ``OperationError`` where the file ends before."""
        data = self._read_some(size)
        if len(data) < size:
            _refuse_truncated()
        return data

    def skip(self, size: int) -> None:
        """Pass over bytes without keeping them."""
        if self.is_plain:
            self.position += size
            if self.position > self.file_size:
                _refuse_truncated()
            return
        while size > 0:
            size -= len(self.read(min(size, SKIP_CHUNK)))

    def finish(self) -> None:
        """Read what follows the archive's end, so that a checksum of the compression is seen."""
        rest = 0
        while not self.is_plain and (data := self._read_some(SKIP_CHUNK)):
            rest += len(data)
            if rest > MAX_TRAILING_BYTES:
                raise damaged("data behind the end of the archive")

    def _read_some(self, size: int) -> bytes:
        if self.is_plain:
            data = os.pread(self.descriptor, size, self.position)
            self.position += len(data)
            return data
        pieces = []
        try:
            while size > 0 and (piece := self._reader.read(size)):
                pieces.append(piece)
                size -= len(piece)
                self.position += len(piece)
        except DamagedStreamError as exc:
            raise layout.bad(
                _("The bundle is damaged or not whole: it can’t be unpacked."),
                _("Get the file again from where it came from."),
                str(exc),
            ) from exc
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


@contextmanager
def opening(path: Path, job: Job) -> Iterator[Archive]:
    """Open a bundle by what it contains; the file is never written to.

    A cancel is noticed even while no bytes come out. Raises ``OperationError`` if ``path`` isn't
    a regular file that can be read.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise layout.bad(_("{path} can’t be read.").format(path=path), details=str(exc)) from exc
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise layout.bad(_("{path} is not a file.").format(path=path))
    with os.fdopen(descriptor, "rb", buffering=0) as file:
        form = compression.detect(os.pread(descriptor, 4, 0))
        with compression.reading(file, form, job.check) as reader:
            yield Archive(descriptor, form, reader)


@dataclass(slots=True)
class _Pending:
    """What extended headers say about the member that follows them."""

    long_name: str | None = None
    records: dict[str, str] = field(default_factory=dict)
    headers: int = 0


def members(archive: Archive) -> Iterator[Member]:
    """Yield the members in order; the data of each is read before the next is asked for, or not.

    Raises ``OperationError`` for anything that a bundle must not hold, or too much of it.
    """
    seen: set[str] = set()
    ignored = count = 0
    is_ova = False
    while (header := _next_member(archive)) is not None:
        count += 1
        if count > layout.MAX_MEMBERS:
            _refuse_too_much()
        member = _member(archive, *header)
        if member is None:
            continue
        if layout.is_ovf(member.name):
            if seen or not archive.is_plain:
                _refuse_ova()
            is_ova = True
        if is_ova:
            member = replace(member, role=layout.role_in_ova(member.name))
        if member.name in seen:
            raise layout.bad(
                _("The bundle holds {name} twice.").format(name=_shown(member.name)),
                _("Such a file is not made by accident; don’t trust it."),
            )
        seen.add(member.name)
        ignored += member.size if member.role is Role.OTHER else 0
        # An OVA's discs are passed over: in a plain file they take no more room than they say.
        is_too_much = member.size > layout.SIZE_LIMITS[member.role]
        if not (is_ova and member.role is Role.OTHER) and (
            is_too_much or ignored > layout.MAX_IGNORED_BYTES
        ):
            _refuse_too_much()
        yield member
        end = member.offset + member.data_size
        archive.skip(end + -end % BLOCK - archive.position)
    archive.finish()


def _next_member(archive: Archive) -> tuple[Header, _Pending] | None:
    pending = _Pending()
    while True:
        block = archive.read(BLOCK)
        if block == bytes(BLOCK):
            return None
        header = bundle_header.parse(block)
        if header.kind not in {b"x", b"g", b"L", b"K"}:
            return header, pending
        pending.headers += 1
        if (
            header.size > layout.MAX_EXTENDED_HEADER_BYTES
            or pending.headers > layout.MAX_EXTENDED_HEADERS
        ):
            _refuse_too_much()
        data = archive.read(header.size)
        archive.skip(-header.size % BLOCK)
        _extend(pending, header.kind, data)


def _extend(pending: _Pending, kind: bytes, data: bytes) -> None:
    if kind == b"x":
        pending.records = bundle_header.parse_records(data)
    elif kind == b"L":
        pending.long_name = bundle_header.text(data.rstrip(b"\0"))
    elif kind == b"g" and any(map(_is_meant_for_one, bundle_header.parse_records(data))):
        raise damaged("one header for all members")


def _is_meant_for_one(key: str) -> bool:
    return key in {"path", "size", "linkpath"} or key.startswith("GNU.sparse")


def _member(archive: Archive, header: Header, pending: _Pending) -> Member | None:
    records = pending.records
    path = records.get("GNU.sparse.name") or records.get("path") or pending.long_name
    path = header.name if path is None else path
    name = _checked_name(path)
    if header.kind == b"5" or (header.kind in {b"0", b"\0"} and path.endswith("/")):
        if header.size:
            raise damaged("a folder with content")
        return None
    if header.kind not in {b"0", b"\0", b"7", b"S"}:
        _refuse_kind(header.kind, path)
    stored = _size(records.get("size"), header.size)
    before = archive.position
    if header.kind == b"S":
        size, extents, map_block = old_layout(archive.read, header)
        before = archive.position  # its map is not counted in the size
    elif any(key.startswith("GNU.sparse.") for key in records):
        size, extents, map_block = pax_layout(archive.read, records, stored)
    else:
        size, extents, map_block = stored, None, b""
    data_size = stored - (archive.position - before)
    if extents is not None and sum(extent.length for extent in extents) != data_size:
        raise damaged("the map of a sparse member")
    return Member(
        name=name,
        role=layout.role_of(name),
        size=size,
        data_size=data_size,
        offset=archive.position,
        extents=extents,
        map_block=map_block,
        comment=records.get("comment", "")[: layout.MAX_NAME_BYTES],
    )


def _size(record: str | None, size: int) -> int:
    if record is not None:
        if not record.isascii() or not record.isdigit() or len(record) > layout.MAX_DIGITS:
            raise damaged("a size")
        size = int(record)
    if size > layout.MAX_DISK_BYTES:
        _refuse_too_much()
    return size


def _checked_name(path: str) -> str:
    parts = [part for part in path.split("/") if part not in {"", "."}]
    if path.startswith("/") or ".." in parts:
        raise layout.bad(
            _("The bundle holds {name}, which leads out of its folder.").format(name=_shown(path)),
            _("Such a file is not made by accident; don’t trust it."),
        )
    if len(path.encode()) > layout.MAX_NAME_BYTES or any(map(layout.is_control, path)):
        raise layout.bad(_("The bundle holds a file with an impossible name."))
    if len(parts) > layout.MAX_DEPTH:
        raise layout.bad(
            _("This is a tar file, but not a virtual machine: it has folders in folders.")
        )
    return parts[-1] if parts else ""


def _refuse_kind(kind: bytes, path: str) -> NoReturn:
    what = _KINDS.get(kind, _("something unknown"))
    raise layout.bad(
        _("The bundle holds {what}, {name}.").format(what=what, name=_shown(path)),
        _("A bundle holds ordinary files only; don’t trust this one."),
    )


def _refuse_ova() -> NoReturn:
    raise layout.bad(
        _("This is an OVA, but it is packed in a way in which vmdesk can’t open it whole."),
        _("Unpack it with “tar -xf”, and import the disk in it, the file that ends in .vmdk."),
    )


def _refuse_too_much() -> NoReturn:
    raise layout.bad(
        _("The bundle holds more or larger things than a virtual machine has."),
        _("Don’t trust this file."),
    )


def _refuse_truncated() -> NoReturn:
    raise layout.bad(
        _("The bundle is not whole: it ends too early."),
        _("Copy or download the file again."),
    )


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name[: layout.SHOWN])


def read_all(archive: Archive, member: Member) -> bytes:
    """Return the content of a small member that is stored whole."""
    if member.extents is not None:
        raise damaged("a sparse text")
    return archive.read(member.size)
