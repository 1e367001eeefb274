"""The headers of tar members: make those of a bundle, and read those of a stranger."""

# https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html
# https://www.gnu.org/software/tar/manual/html_node/Standard.html
# https://www.gnu.org/software/tar/manual/html_node/Sparse-Formats.html

import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from vmdesk.core.bundle import layout
from vmdesk.core.i18n import _
from vmdesk.core.sparse import Extent

BLOCK = 512
SPARSE_FOLDER = "GNUSparseFile.0/"
"""What GNU tar puts in front of a sparse member's name, for programs that know no sparse ones."""

_PADDING = "this comment lets the data start at a multiple of 4096 bytes. "


@dataclass(frozen=True, slots=True)
class Header:
    """One header block as it stands in the file, checked for sense but not yet for meaning."""

    name: str
    size: int
    kind: bytes
    block: bytes


def make(name: str, size: int, mtime: int, records: Mapping[str, str]) -> bytes:
    """Return the header of a regular member of ``size`` bytes, with PAX records in front."""
    member = tarfile.TarInfo(name)
    member.size = size
    member.mtime = mtime
    member.mode = 0o600
    member.pax_headers = dict(records)
    return member.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def make_aligned(
    name: str, size: int, mtime: int, records: Mapping[str, str], at: int, extra: int = 0
) -> bytes:
    """Like ``make`` for a header at ``at``, so that what follows it is aligned for block-sharing.

    ``extra`` is the length of a sparse map that stands between the header and the data.
    """
    bare = make(name, size, mtime, {**records, "comment": ""})
    length = len(bare) + -(at + len(bare) + extra) % layout.ALIGNMENT
    return make_filling(name, size, mtime, records, length)


def make_filling(
    name: str, size: int, mtime: int, records: Mapping[str, str], length: int
) -> bytes:
    """Like ``make`` for a header of exactly ``length`` bytes, a multiple of ``BLOCK``."""
    missing = length - len(make(name, size, mtime, {**records, "comment": ""}))
    padding = (_PADDING * (missing // len(_PADDING) + 1))[:missing]
    # The record's own length field may grow by a digit or two.
    cuts = (make(name, size, mtime, {**records, "comment": padding[cut:]}) for cut in range(5))
    return next(header for header in cuts if len(header) == length)


def sparse_map(extents: Sequence[Extent]) -> bytes:
    """Return the map of a sparse member (GNU format 1.0), which stands in front of its data."""
    numbers = [len(extents)]
    for extent in extents:
        numbers += extent
    text = "".join(f"{number}\n" for number in numbers).encode()
    return text + bytes(-len(text) % BLOCK)


def sparse_records(name: str, size: int) -> dict[str, str]:
    """Return the PAX records of a sparse member that unpacks to ``size`` bytes."""
    return {
        "GNU.sparse.major": "1",
        "GNU.sparse.minor": "0",
        "GNU.sparse.name": name,
        "GNU.sparse.realsize": str(size),
    }


def parse(block: bytes) -> Header:
    """Read a header block; raises ``OperationError`` unless its checksum and fields are right."""
    checksum = sum(block[:148]) + 8 * 32 + sum(block[156:512])
    if len(block) != BLOCK or number(block[148:156]) != checksum:
        raise damaged("checksum of a header")
    name = _string(block[:100])
    if block[257:263] == b"ustar\0" and block[345]:
        name = f"{_string(block[345:500])}/{name}"
    return Header(name, number(block[124:136]), block[156:157], block)


def parse_records(data: bytes) -> dict[str, str]:
    """Read PAX records: ``LENGTH KEY=VALUE`` and a line feed each."""
    records: dict[str, str] = {}
    data = data.rstrip(b"\0")
    at = 0
    while at < len(data):
        digits, space, _rest = data[at : at + 12].partition(b" ")
        if not space or not digits.isdigit():
            raise damaged("length of a PAX record")
        end = at + int(digits)
        key, equals, value = data[at + len(digits) + 1 : end - 1].partition(b"=")
        if not at < end <= len(data) or data[end - 1] != ord("\n") or not equals or not key:
            raise damaged("a PAX record")
        records[text(key)] = text(value)
        at = end
    return records


def parse_old_extents(block: bytes, first: int, count: int) -> list[Extent]:
    """Read the sparse entries of an old GNU header or of the blocks that continue it."""
    extents = []
    for at in range(first, first + count * 24, 24):
        if not block[at]:
            break
        extents.append(Extent(number(block[at : at + 12]), number(block[at + 12 : at + 24])))
    return extents


def number(field: bytes) -> int:
    """Read a number: octal digits, or GNU's binary form for large ones."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    digits = field.strip(b" \0") or b"0"
    if not all(0x30 <= digit <= 0x37 for digit in digits):
        raise damaged("a number in a header")
    return int(digits, 8)


def text(value: bytes) -> str:
    """Decode a name; bytes that aren't UTF-8 are kept apart rather than merged."""
    return value.decode("utf-8", "backslashreplace")


def _string(field: bytes) -> str:
    return text(field.partition(b"\0")[0])


def damaged(what: str) -> Exception:
    """Make the error for a tar that contradicts itself."""
    return layout.bad(
        _("The bundle is damaged."), _("Get the file again from where it came from."), what
    )
