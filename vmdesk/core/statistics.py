"""What running domains use, from one call to libvirt for all of them."""

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import libvirt

from vmdesk.core.host import Host
from vmdesk.core.libvirt_errors import translated

# https://libvirt.org/html/libvirt-libvirt-domain.html#virConnectGetAllDomainStats
_GROUPS = (
    libvirt.VIR_DOMAIN_STATS_CPU_TOTAL
    | libvirt.VIR_DOMAIN_STATS_BALLOON
    | libvirt.VIR_DOMAIN_STATS_VCPU
    | libvirt.VIR_DOMAIN_STATS_INTERFACE
    | libvirt.VIR_DOMAIN_STATS_BLOCK
)
# Without "nowait" one guest that is busy with something else holds up the figures of all.
_FLAGS = (
    libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ACTIVE
    | libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_NOWAIT
)


GRAPH_LEVELS = 32
"""What a small graph tells apart, pixel by pixel."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Counters of one domain at the monotonic time ``at`` (seconds).

    ``cpu_time`` is in nanoseconds since the start, ``disk_bytes`` and ``network_bytes`` count
    both directions since the start, ``memory`` (what the guest uses) is in KiB.
    """

    at: float
    cpu_time: int
    vcpus: int
    memory: int
    disk_bytes: int
    network_bytes: int


@dataclass(frozen=True, slots=True)
class Usage:
    """What a domain used between two samples.

    ``cpu`` is the share of its CPUs, 0 to 1; ``memory`` in KiB; the rest in bytes per second.
    """

    cpu: float
    memory: int
    disk: float
    network: float


class Sampler:
    """Takes samples on one host, on one thread."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._prepared: libvirt.virConnect | None = None

    def sample(self) -> dict[str, Sample]:
        """Return the counters of every running domain by UUID; raise ``OperationError``."""
        connection = self._host.connection
        with translated():
            if connection is not self._prepared:
                # The daemon's first statistics have it probe every emulator, for two seconds in
                # which it holds a domain locked. Asked for its capabilities it does so too, but
                # holds up nobody.
                connection.getCapabilities()
                self._prepared = connection
            records = connection.getAllDomainStats(_GROUPS, _FLAGS)
        at = time.monotonic()
        return {domain.UUIDString(): _sample(at, counters) for domain, counters in records}


def levels(shares: Iterable[float]) -> tuple[float, ...]:
    """Return shares, 0 to 1, as a small graph shows them: where they are equal, so is the graph."""
    return tuple(round(share * GRAPH_LEVELS) / GRAPH_LEVELS for share in shares)


def usage(before: Sample, now: Sample) -> Usage:
    """Return what was used from ``before`` to ``now``; counters that were reset count as 0."""
    elapsed = max(now.at - before.at, 1e-3)
    cpu = (now.cpu_time - before.cpu_time) / 1e9 / elapsed / max(now.vcpus, 1)
    return Usage(
        cpu=min(max(cpu, 0.0), 1.0),
        memory=now.memory,
        disk=max(now.disk_bytes - before.disk_bytes, 0) / elapsed,
        network=max(now.network_bytes - before.network_bytes, 0) / elapsed,
    )


def _sample(at: float, counters: Mapping[str, int]) -> Sample:
    disks = range(counters.get("block.count", 0))
    cards = range(counters.get("net.count", 0))
    return Sample(
        at=at,
        cpu_time=counters.get("cpu.time", 0),
        vcpus=counters.get("vcpu.current", 1),
        memory=_memory(counters),
        disk_bytes=_sum(counters, "block", disks, ("rd.bytes", "wr.bytes")),
        network_bytes=_sum(counters, "net", cards, ("rx.bytes", "tx.bytes")),
    )


def _sum(counters: Mapping[str, int], group: str, numbers: range, names: tuple[str, ...]) -> int:
    return sum(counters.get(f"{group}.{n}.{name}", 0) for n in numbers for name in names)


def _memory(counters: Mapping[str, int]) -> int:
    """Return what the guest uses, by its own balloon driver, or else what QEMU takes for it."""
    available, usable = counters.get("balloon.available"), counters.get("balloon.usable")
    if available is not None and usable is not None:
        return available - usable
    current = counters.get("balloon.current", 0)
    return min(counters.get("balloon.rss", current), current)
