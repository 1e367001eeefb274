"""Rates from counters; the counters from real QEMU are looked at in tests/test_monitor.py."""

import time
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from vmdesk.core.host import Host
from vmdesk.core.job import OperationError
from vmdesk.core.statistics import Sample, Sampler, levels, usage

BEFORE = Sample(
    at=100.0, cpu_time=0, vcpus=2, memory=4096, disk_bytes=1000, network_bytes=5_000_000_000
)


def test_rates_are_what_was_used_between_two_looks() -> None:
    now = replace(
        BEFORE, at=102.0, cpu_time=1_000_000_000, disk_bytes=3000, network_bytes=5_000_000_500
    )
    used = usage(BEFORE, now)
    # One second of processor time in two seconds on two CPUs is a quarter of what there was.
    assert used.cpu == pytest.approx(0.25)
    assert used.disk == pytest.approx(1000)
    assert used.network == pytest.approx(250)
    assert used.memory == 4096


def test_more_than_all_is_all() -> None:
    assert usage(BEFORE, replace(BEFORE, at=101.0, cpu_time=9_000_000_000)).cpu == 1.0


def test_a_guest_that_was_restarted_between_two_looks_used_nothing() -> None:
    later = replace(BEFORE, at=101.0, disk_bytes=0, network_bytes=0)
    used = usage(replace(BEFORE, cpu_time=10**9), later)
    assert (used.cpu, used.disk, used.network) == (0, 0, 0)


def test_two_looks_at_once_do_not_divide_by_nothing() -> None:
    assert usage(BEFORE, BEFORE).disk == 0


def test_what_a_graph_does_not_tell_apart_is_the_same() -> None:
    assert levels([0.001, 0.25, 1.0]) == levels([0.009, 0.251, 0.999]) == (0.0, 0.25, 1.0)
    assert levels([0.25]) != levels([0.29])


def test_without_a_connection_there_is_an_error_in_words() -> None:
    with pytest.raises(OperationError):
        Sampler(Host("test:///default")).sample()


@pytest.mark.parametrize(
    ("counters", "memory"),
    [
        ({"balloon.current": 4096, "balloon.available": 4000, "balloon.usable": 1000}, 3000),
        ({"balloon.current": 4096, "balloon.available": 4000, "balloon.rss": 2000}, 2000),
        ({"balloon.current": 4096, "balloon.rss": 5000}, 4096),
        ({}, 0),
    ],
)
def test_what_a_guest_says_of_its_memory_counts_before_what_is_seen_from_outside(
    test_host: Host, monkeypatch: pytest.MonkeyPatch, counters: dict[str, int], memory: int
) -> None:
    domain = test_host.connection.lookupByName("test")
    # No guest of the tests has a driver of the balloon.
    monkeypatch.setattr(test_host.connection, "getAllDomainStats", lambda *_: [(domain, counters)])
    (sample,) = Sampler(test_host).sample().values()
    assert sample.memory == memory


@pytest.mark.hypervisor
def test_the_counters_of_a_real_guest_grow(private_host: Host, tmp_path: Path) -> None:
    disk = token_machine.make_raw(tmp_path / "disk.img", "ready")
    domain = token_machine.define(private_host, "web", [(disk, "raw")])
    sampler = Sampler(private_host)
    assert sampler.sample() == {}
    domain.create()
    first = sampler.sample()[domain.UUIDString()]
    # The guest reads its boot sector, and is written to nowhere.
    deadline = time.monotonic() + 30
    while (now := sampler.sample()[domain.UUIDString()]).disk_bytes == 0:
        assert time.monotonic() < deadline
    assert (now.vcpus, now.network_bytes) == (1, 0)
    assert 0 < now.memory <= 64 * 1024
    assert now.cpu_time >= first.cpu_time > 0
    assert 0 <= usage(first, now).cpu <= 1
