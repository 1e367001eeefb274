import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmdesk.core import sparse
from vmdesk.core.sparse import Extent

MIB = 1024**2


@pytest.fixture
def source(tmp_path: Path) -> Iterator[int]:
    """A file of 10 MiB with data in the first 64 KiB and in the MiB from 4 on."""
    descriptor = os.open(tmp_path / "source", os.O_RDWR | os.O_CREAT)
    os.pwrite(descriptor, b"a" * 65536, 0)
    os.pwrite(descriptor, b"b" * MIB, 4 * MIB)
    os.truncate(descriptor, 10 * MIB)
    yield descriptor
    os.close(descriptor)


@pytest.fixture
def target(tmp_path: Path) -> Iterator[int]:
    descriptor = os.open(tmp_path / "target", os.O_RDWR | os.O_CREAT)
    yield descriptor
    os.close(descriptor)


def test_the_parts_with_data_are_found(source: int) -> None:
    found = list(sparse.data_extents(source, 10 * MIB))
    assert found == [Extent(0, 65536), Extent(4 * MIB, MIB)]
    assert list(sparse.data_extents(source, 5 * MIB - 1))[-1].end == 5 * MIB - 1


def test_small_holes_are_filled_in_until_there_are_few_parts(target: int) -> None:
    for index in range(100):
        os.pwrite(target, b"x" * 4096, index * 2 * MIB)
    size = os.fstat(target).st_size
    assert len(sparse.coarse_extents(target, size, 100)) == 100
    assert sparse.coarse_extents(target, size, 99) == (Extent(0, size),)


@pytest.mark.parametrize("length", [1, 4095, 4096, 4097, 3 * MIB + 5])
def test_a_range_is_copied_with_progress(source: int, target: int, length: int) -> None:
    told: list[int] = []
    sparse.copy_range(source, 4 * MIB - 1, target, 7, length, told.append)
    assert os.pread(target, length, 7) == os.pread(source, length, 4 * MIB - 1)
    assert told[-1] == length


def test_a_range_is_copied_between_file_systems_too(source: int) -> None:
    descriptor = os.memfd_create("other")
    try:
        sparse.copy_range(source, 0, descriptor, 0, 5 * MIB, lambda _done: None)
        assert os.pread(descriptor, MIB, 4 * MIB) == b"b" * MIB
    finally:
        os.close(descriptor)


def test_a_source_that_ends_too_early_is_noticed(source: int, target: int) -> None:
    with pytest.raises(EOFError):
        sparse.copy_range(source, 9 * MIB, target, 0, 2 * MIB, lambda _done: None)


def test_zeros_are_written_as_holes(target: int) -> None:
    data = b"a" * 65536 + bytes(MIB) + b"b" * 100_000 + bytes(MIB) + b"c"
    sparse.write_sparse(target, data, 4096)
    assert os.pread(target, len(data), 4096) == data
    assert os.fstat(target).st_blocks * 512 < 400_000


@pytest.mark.parametrize("data", [b"", bytes(10), bytes(65536), bytes(65537) + b"x", b"x" * 65537])
def test_any_data_is_written_as_it_is(target: int, data: bytes) -> None:
    sparse.write_sparse(target, data, 0)
    os.truncate(target, len(data))
    assert os.pread(target, 200_000, 0) == data


def test_nothing_is_left_of_the_question_whether_blocks_can_be_shared(
    source: int, target: int
) -> None:
    sparse.can_share(source, target)
    assert os.fstat(target).st_size == 0


def test_a_small_file_shares_no_block(source: int, target: int) -> None:
    os.truncate(source, 100)
    assert not sparse.can_share(source, target)


def test_a_file_that_was_cut_short_has_no_more_parts(source: int) -> None:
    found = sparse.data_extents(source, 10 * MIB)
    assert next(found) == Extent(0, 65536)
    os.truncate(source, MIB)
    assert list(found) == []


@pytest.mark.parametrize(
    "work",
    [
        lambda source, closed: list(sparse.data_extents(closed, MIB)),
        lambda source, closed: sparse.copy_range(source, 0, closed, 0, MIB, print),
    ],
)
def test_an_error_that_says_more_than_holes_is_passed_on(
    source: int, tmp_path: Path, work: Callable[[int, int], object]
) -> None:
    closed = os.open(tmp_path, os.O_PATH)
    try:
        with pytest.raises(OSError, match="Bad file descriptor"):
            work(source, closed)
    finally:
        os.close(closed)


def test_a_part_behind_the_size_that_was_seen_is_not_looked_at(source: int) -> None:
    assert list(sparse.data_extents(source, 2 * MIB)) == [Extent(0, 65536)]


def test_a_file_that_is_cut_short_between_two_questions_has_no_more_parts(
    source: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    lseek = os.lseek

    def cutting(descriptor: int, position: int, whence: int) -> int:
        found = lseek(descriptor, position, whence)
        os.truncate(descriptor, found)
        return found

    monkeypatch.setattr(os, "lseek", cutting)
    assert list(sparse.data_extents(source, 10 * MIB)) == []
