"""Disks that hold the same, however they come."""

from hypothesis import given
from hypothesis import strategies as st

from vmdesk.core.sparse import HOLE
from vmdesk.core.storage.fingerprint import Fingerprint
from vmdesk.core.storage.stream import Hole, Piece

DISK = b"\x01" * 100 + bytes(3 * HOLE) + b"\x02" * HOLE + bytes(77)


def _digest(pieces: list[Piece]) -> str:
    found = Fingerprint()
    assert list(found.through(pieces)) == pieces
    return found.digest()


@given(st.lists(st.tuples(st.integers(0, len(DISK)), st.booleans()), max_size=8))
def test_pieces_and_holes_make_no_difference(cuts: list[tuple[int, bool]]) -> None:
    pieces: list[Piece] = []
    start = 0
    for end, may_be_hole in [*sorted(cuts), (len(DISK), True)]:
        data = DISK[start:end]
        start = end
        pieces.append(Hole(len(data)) if may_be_hole and not any(data) else data)
    assert _digest(pieces) == _digest([DISK])


@given(st.integers(0, len(DISK) - 1))
def test_one_other_byte_does(at: int) -> None:
    other = bytearray(DISK)
    other[at] ^= 1
    assert _digest([bytes(other)]) != _digest([DISK])


def test_so_does_another_length() -> None:
    assert _digest([DISK, Hole(1)]) != _digest([DISK])
