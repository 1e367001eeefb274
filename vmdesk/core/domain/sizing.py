"""Give a domain other memory or CPUs, keeping all that must agree with them consistent."""

from lxml import etree

from vmdesk.core import formatting, xml_tree
from vmdesk.core.domain.xml import DomainXml, read_kib, write_kib
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

_MIB = 1024
"""KiB in a MiB, the granule of a NUMA cell's memory."""


def set_memory(xml: DomainXml, kib: int) -> None:
    """Give the machine ``kib`` KiB, as the most it can have and as what it starts with.

    NUMA cells share it in the proportion that they had; memory that is plugged in as a device
    counts, and the limit for hot-plugging grows with it. Raises ``OperationError`` (invalid
    value) if the plugged-in memory alone is more, or huge pages can't make up that much.
    """
    _require_whole_pages(xml, kib)
    xml.memory_kib = kib
    xml.current_memory_kib = kib
    limit = xml.root.find("maxMemory")
    if limit is not None and read_kib(limit) < kib:
        write_kib(limit, kib)
    cells = xml.root.findall("cpu/numa/cell")
    if cells:
        plugged = sum(map(read_kib, xml.root.findall("devices/memory/target/size")))
        _share_memory(cells, kib - plugged)


def _require_whole_pages(xml: DomainXml, kib: int) -> None:
    pages = xml.root.findall("memoryBacking/hugepages/page")
    largest = max((_attribute_kib(page, "size") for page in pages), default=0)
    if largest and kib % largest:
        raise OperationError(
            _("This machine’s memory is made of huge pages of {size} each.").format(
                size=formatting.memory(largest)
            ),
            _("Choose a multiple of {size}.").format(size=formatting.memory(largest)),
            cause=Cause.INVALID_VALUE,
        )


def _share_memory(cells: list[etree._Element], kib: int) -> None:
    shares = [_attribute_kib(cell, "memory") for cell in cells]
    granules, whole = kib // _MIB, sum(shares)
    if granules < len(cells) or not whole:
        raise OperationError(
            _("That is too little memory for this machine."),
            _("Its NUMA cells and memory modules need more."),
            cause=Cause.INVALID_VALUE,
        )
    parts = [max(1, granules * share // whole) for share in shares]
    parts[parts.index(max(parts))] += granules - sum(parts)
    for cell, part in zip(cells, parts, strict=True):
        cell.set("memory", str(part * _MIB))
        if cell.get("unit", "KiB") != "KiB":
            cell.set("unit", "KiB")


def _attribute_kib(element: etree._Element, name: str) -> int:
    amount = etree.Element("memory", unit=element.get("unit", "KiB"))
    amount.text = element.get(name)
    return read_kib(amount)


def set_vcpus(xml: DomainXml, count: int) -> None:
    """Give the machine ``count`` CPUs, as the most it can have and as what it starts with.

    The topology, NUMA cells, pinning and scheduling follow. libvirt refuses a domain in which
    they differ from the number of CPUs.
    """
    if count == xml.vcpus == xml.current_vcpus:
        return
    xml.vcpus = count
    xml.current_vcpus = count
    # The states of single CPUs: all of them are on now.
    states = xml.root.find("vcpus")
    if states is not None:
        xml_tree.remove(states)
    topology = xml.root.find("cpu/topology")
    if topology is not None:
        _fit_topology(topology, count)
    cells = [cell for cell in xml.root.findall("cpu/numa/cell") if cell.get("cpus")]
    if cells:
        _share_cpus(cells, count)
    _trim_tuning(xml, count)


def _fit_topology(topology: etree._Element, count: int) -> None:
    """Change the cores if that is enough, since systems are licensed by sockets."""
    fixed = [name for name in topology.attrib if name != "cores"]
    if count % _product(topology, fixed):
        fixed = ["threads"] if count % _product(topology, ["threads"]) == 0 else []
    for name in topology.attrib:
        if name != "cores" and name not in fixed and topology.get(name) != "1":
            topology.set(name, "1")
    topology.set("cores", str(count // _product(topology, fixed)))


def _product(topology: etree._Element, names: list[str]) -> int:
    product = 1
    for name in names:
        product *= max(1, xml_tree.number(topology.get(name), 1))
    return product


def _share_cpus(cells: list[etree._Element], count: int) -> None:
    first = 0
    for position, cell in enumerate(cells):
        share = count // len(cells) + (position < count % len(cells))
        if share:
            last = first + share - 1
            cell.set("cpus", str(first) if share == 1 else f"{first}-{last}")
        else:
            del cell.attrib["cpus"]
        first += share


def _trim_tuning(xml: DomainXml, count: int) -> None:
    for pin in xml.root.findall("cputune/vcpupin"):
        if xml_tree.number(pin.get("vcpu")) >= count:
            xml_tree.remove(pin)
    for schedule in xml.root.findall("cputune/vcpusched"):
        held = schedule.get("vcpus", "")
        kept = [_below(part, count) for part in held.split(",")]
        text = ",".join(filter(None, kept))
        if not text.replace("^", ""):
            xml_tree.remove(schedule)
        elif text != held:
            schedule.set("vcpus", text)


def _below(part: str, count: int) -> str:
    """Cut a range such as ``2-5``, ``3`` or ``^3`` off at ``count``; empty if nothing is left."""
    low, _dash, high = part.partition("-")
    if xml_tree.number(low.strip().removeprefix("^")) >= count:
        return ""
    if high and xml_tree.number(high) >= count:
        last = str(count - 1)
        return low if low == last else f"{low}-{last}"
    return part
