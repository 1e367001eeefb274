"""Sizes, speeds and times in words."""

import pytest

from vmdesk.core import formatting
from vmdesk.core.formatting import GIB, MIB


@pytest.mark.parametrize(
    ("number", "text"),
    [
        (0, "0 bytes"),
        (512, "512 bytes"),
        (1024, "1 KiB"),
        (12.4 * GIB, "12.4 GiB"),
        (4 * GIB, "4 GiB"),
        (512 * MIB, "512 MiB"),
        (1023.99 * MIB, "1 GiB"),
        (8 * 1024**5, "8 PiB"),
    ],
)
def test_a_size_has_the_unit_that_reads_best(number: float, text: str) -> None:
    assert formatting.size(number) == text


@pytest.mark.parametrize(
    ("part", "total", "text"),
    [
        (512 * MIB, 512 * MIB, "512 of 512 MiB"),
        (1.9 * GIB, 4 * GIB, "1.9 of 4 GiB"),
        (300 * MIB, 4 * GIB, "300 MiB of 4 GiB"),
    ],
)
def test_a_share_names_its_unit_once_if_it_can(part: float, total: float, text: str) -> None:
    assert formatting.share(part, total) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (59, "59 s"), (60, "1 min"), (8040, "2 h 14 min"), (90000, "1 d 1 h")],
)
def test_a_duration_has_one_or_two_units(seconds: float, text: str) -> None:
    assert formatting.duration(seconds) == text


def test_cpus_are_counted_in_singular_and_plural() -> None:
    assert formatting.cpus(1) == "1 CPU"
    assert formatting.cpus(2) == "2 CPUs"


def test_memory_comes_in_kib() -> None:
    assert formatting.memory(4096 * 1024) == "4 GiB"
