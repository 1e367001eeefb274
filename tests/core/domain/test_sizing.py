"""Memory and CPUs, and all in a domain's XML that must agree with them."""

import re

import pytest

from tests.core.domain.test_xml import golden
from vmdesk.core.domain import sizing
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.job import Cause, OperationError

GIB = 1024**2


def attributes(xml: DomainXml, path: str, name: str) -> list[str | None]:
    return [element.get(name) for element in xml.root.findall(path)]


def test_memory_sets_the_most_and_the_present_amount() -> None:
    xml = golden("ballooned")
    sizing.set_memory(xml, 3 * GIB)
    assert (xml.memory_kib, xml.current_memory_kib) == (3 * GIB, 3 * GIB)


def test_a_present_amount_that_was_not_written_is_not_added() -> None:
    xml = golden("cpu-units-unnamed")
    sizing.set_memory(xml, 3 * GIB)
    assert xml.current_memory_kib == 3 * GIB
    assert "currentMemory" not in xml.text


@pytest.mark.parametrize("name", ["numa-two-cells", "numa-uneven-cells"])
@pytest.mark.parametrize("kib", [3 * GIB, 7 * GIB, 200 * GIB])
def test_cells_share_all_the_memory(name: str, kib: int) -> None:
    xml = golden(name)
    sizing.set_memory(xml, kib)
    cells = attributes(xml, "cpu/numa/cell", "memory")
    assert sum(int(cell or 0) for cell in cells) == kib
    assert set(attributes(xml, "cpu/numa/cell", "unit")) == {"KiB"}


def test_plugged_in_memory_counts_and_can_be_all_there_is_room_for() -> None:
    xml = golden("hotplug-memory")
    sizing.set_memory(xml, 4 * GIB)
    assert attributes(xml, "cpu/numa/cell", "memory") == [str(3 * GIB)]
    assert "<maxMemory slots='16' unit='KiB'>33554432<" in xml.text
    with pytest.raises(OperationError) as caught:
        sizing.set_memory(xml, GIB)
    assert caught.value.cause is Cause.INVALID_VALUE


def test_huge_pages_must_make_up_the_memory() -> None:
    xml = golden("hugepages")
    sizing.set_memory(xml, 3 * GIB)
    assert xml.memory_kib == 3 * GIB
    with pytest.raises(OperationError, match="huge pages of 1 GiB") as caught:
        sizing.set_memory(xml, 3 * GIB + 1024)
    assert caught.value.cause is Cause.INVALID_VALUE
    assert xml.memory_kib == 3 * GIB


@pytest.mark.parametrize(
    ("name", "count", "topology"),
    [
        ("windows-11-tpm", 8, "sockets='1' dies='1' cores='4' threads='2'"),
        ("windows-11-tpm", 3, "sockets='1' dies='1' cores='3' threads='1'"),
        ("windows-server-2019", 12, "sockets='2' dies='1' cores='6' threads='1'"),
        ("windows-server-2019", 5, "sockets='1' dies='1' cores='5' threads='1'"),
        ("dies-and-clusters", 64, "sockets='2' dies='4' cores='4' threads='2'"),
        ("dies-and-clusters", 2, "sockets='1' dies='1' cores='1' threads='2'"),
        ("ppc64", 1, "sockets='1' dies='1' cores='1' threads='1'"),
    ],
)
def test_the_topology_has_as_many_cpus_as_the_machine(name: str, count: int, topology: str) -> None:
    xml = golden(name)
    sizing.set_vcpus(xml, count)
    assert f"<topology {topology}/>" in xml.text
    product = 1
    for figure in re.findall(r"\d+", topology):
        product *= int(figure)
    assert product == xml.vcpus == xml.current_vcpus == count


@pytest.mark.parametrize(
    ("count", "cells"), [(9, ["0-4", "5-8"]), (2, ["0", "1"]), (1, ["0", None])]
)
def test_cells_share_the_cpus(count: int, cells: list[str | None]) -> None:
    xml = golden("numa-two-cells")
    sizing.set_vcpus(xml, count)
    assert attributes(xml, "cpu/numa/cell", "cpus") == cells


@pytest.mark.parametrize(("count", "scheduled"), [(3, ["1-2"]), (2, ["1"]), (1, []), (9, ["1-3"])])
def test_pins_and_schedules_of_cpus_that_go_are_dropped(count: int, scheduled: list[str]) -> None:
    xml = golden("hugepages")
    sizing.set_vcpus(xml, count)
    assert attributes(xml, "cputune/vcpusched", "vcpus") == scheduled
    pins = attributes(xml, "cputune/vcpupin", "vcpu")
    assert pins == [str(cpu) for cpu in range(min(count, 4))]


def test_a_schedule_may_leave_cpus_out() -> None:
    xml = DomainXml.parse(
        "<domain><vcpu>8</vcpu><cputune>"
        "<vcpusched vcpus='0-5,^3,7' scheduler='idle'/><vcpusched vcpus='6,^7'/>"
        "</cputune></domain>"
    )
    sizing.set_vcpus(xml, 5)
    assert attributes(xml, "cputune/vcpusched", "vcpus") == ["0-4,^3"]


def test_the_same_number_of_cpus_changes_nothing() -> None:
    xml = golden("numa-uneven-cells")
    before = xml.text
    sizing.set_vcpus(xml, 12)
    assert xml.text == before


def test_single_cpus_that_were_off_are_on_afterwards() -> None:
    xml = golden("hotplug-memory")
    sizing.set_vcpus(xml, 8)
    assert xml.current_vcpus == 8
    assert xml.root.find("vcpus") is None
