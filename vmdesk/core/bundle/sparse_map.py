"""The maps of sparse tar members as GNU tar, bsdtar and others write them."""

from collections.abc import Callable, Mapping

from vmdesk.core.bundle import layout
from vmdesk.core.bundle.header import BLOCK, Header, damaged, number, parse_old_extents
from vmdesk.core.sparse import Extent

Layout = tuple[int, tuple[Extent, ...], bytes]
"""The size of the unpacked file, where its data belongs, and the map as it was stored."""

_OLD_ENTRIES = 4
_OLD_FIRST = 386
_OLD_EXTENDED = 482
_OLD_SIZE = 483
_MORE_ENTRIES = 21
_MORE_EXTENDED = 504


def old_layout(read: Callable[[int], bytes], header: Header) -> Layout:
    """Read the map of GNU tar's own format, in the header and in blocks behind it."""
    block = header.block
    size = number(block[_OLD_SIZE : _OLD_SIZE + 12])
    extents = parse_old_extents(block, _OLD_FIRST, _OLD_ENTRIES)
    is_extended = bool(block[_OLD_EXTENDED])
    while is_extended:
        block = read(BLOCK)
        more = parse_old_extents(block, 0, _MORE_ENTRIES)
        extents += more
        is_extended = bool(block[_MORE_EXTENDED])
        # Blocks without an entry could go on for ever.
        if not more or len(extents) > layout.MAX_SPARSE_EXTENTS:
            raise damaged("too large a map of a sparse member")
    return size, _checked(extents, size), b""


def pax_layout(read: Callable[[int], bytes], records: Mapping[str, str], stored: int) -> Layout:
    """Read the map of the PAX formats 0.1 (in a record) and 1.0 (in front of the data)."""
    size = _natural(records.get("GNU.sparse.realsize") or records.get("GNU.sparse.size") or "")
    version = (records.get("GNU.sparse.major"), records.get("GNU.sparse.minor"))
    if version == ("1", "0"):
        numbers, map_block = _read_map(read, stored)
    elif version in {("0", "1"), (None, None)} and "GNU.sparse.map" in records:
        numbers = [_natural(text) for text in records["GNU.sparse.map"].split(",")]
        map_block = b""
    else:
        raise damaged("a sparse member of an unknown form")
    pairs = zip(numbers[::2], numbers[1::2], strict=False)
    return size, _checked([Extent(*pair) for pair in pairs], size), map_block


def _read_map(read: Callable[[int], bytes], stored: int) -> tuple[list[int], bytes]:
    blocks = bytearray()
    numbers: list[int] = []
    rest = b""
    wanted = 1
    while len(numbers) < wanted:
        if len(blocks) >= stored:
            raise damaged("the map of a sparse member")
        block = read(BLOCK)
        blocks += block
        *lines, rest = (rest + block).split(b"\n")
        for line in lines:
            if len(numbers) == wanted:
                break  # what fills the block
            numbers.append(_natural(line.decode("ascii", "replace")))
            if len(numbers) == 1:
                wanted = 1 + 2 * numbers[0]
        if wanted > 2 * layout.MAX_SPARSE_EXTENTS + 1 or len(rest) > BLOCK:
            raise damaged("too large a map of a sparse member")
    return numbers[1:], bytes(blocks)


def _checked(extents: list[Extent], size: int) -> tuple[Extent, ...]:
    if size > layout.MAX_DISK_BYTES or len(extents) > layout.MAX_SPARSE_EXTENTS:
        raise damaged("too large a sparse member")
    end = 0
    for extent in extents:
        if extent.start < end or extent.end > size:
            raise damaged("the map of a sparse member")
        end = extent.end
    return tuple(extents)


def _natural(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > layout.MAX_DIGITS:
        raise damaged("a number in the map of a sparse member")
    return int(text)
