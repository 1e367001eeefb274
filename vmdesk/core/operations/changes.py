"""What can be changed about a machine, and what this host allows."""

import enum
import unicodedata
from dataclasses import dataclass

import libvirt

from vmdesk.core import capabilities, formatting
from vmdesk.core.domain import wiring
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.libvirt_errors import translated

MINIMUM_MEMORY = 16 * MIB // KIB
"""KiB: what the smallest guests boot with."""

WARNING_SHARE = 0.75
"""The part of the host's memory above which a machine leaves it too little."""

_WHITE_SPACE = {ord(character): None for character in "\n\r\t"}


class Field(enum.Enum):
    """What can be changed; the value is the name of the field in ``Changes``."""

    TITLE = "title"
    DESCRIPTION = "description"
    AUTOSTART = "autostart"
    ACCELERATOR = "use_kvm"
    MEMORY = "memory_kib"
    VCPUS = "vcpus"
    DISPLAY = "display"
    NETWORK = "networks"


@dataclass(frozen=True, slots=True)
class Network:
    """What the card with the address ``mac`` is connected to, and how the guest sees it.

    ``kind`` is one of ``domain_wiring.SOURCES``; ``source`` names the network or the bridge;
    an empty ``model`` leaves the kind of card.
    """

    mac: str
    kind: str
    source: str = ""
    model: str = ""


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; ``None`` leaves a field as it is, an empty text removes it.

    ``display`` is one of ``domain_wiring.DISPLAYS``; ``networks`` has the cards that change.
    ``live`` asks to change memory and CPUs of a running machine at once where that is possible.
    ``base`` is the stored description that the user looked at (``definition.read``): if it is
    another one now, nothing is changed.
    """

    title: str | None = None
    description: str | None = None
    autostart: bool | None = None
    use_kvm: bool | None = None
    memory_kib: int | None = None
    vcpus: int | None = None
    display: str | None = None
    networks: tuple[Network, ...] | None = None
    live: bool = False
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a machine can have at most, and the memory above which to warn; memory in KiB."""

    memory_kib: int
    warning_kib: int
    vcpus: int


def bounds(host: Host) -> Bounds:
    """Return the most that this host can give to one machine."""
    with translated():
        _model, memory_mib, cpus, *_rest = host.connection.getInfo()
    memory_kib = memory_mib * MIB // KIB
    return Bounds(memory_kib, int(memory_kib * WARNING_SHARE), cpus)


def check(host: Host, xml: DomainXml, changes: Changes) -> None:
    """Raise ``OperationError`` (invalid value) for a change that can't be made here."""
    problem = text_problem(changes) or size_problem(bounds(host), changes)
    problem = problem or _wiring_problem(host, xml, changes)
    if problem is None and changes.use_kvm and xml.type != "kvm":
        problem = _kvm_problem(host, xml)
    if problem is not None:
        raise OperationError(problem, cause=Cause.INVALID_VALUE)


def text_problem(changes: Changes) -> str | None:
    """Say what is wrong with the title or the note, or return ``None``; for a field to show."""
    if changes.title is not None and "\n" in changes.title:
        return _("A title has one line.")
    for character in ((changes.title or "") + (changes.description or "")).translate(_WHITE_SPACE):
        if unicodedata.category(character) in ("Cc", "Cs"):
            return _("Titles and notes can’t hold control characters.")
    return None


def size_problem(most: Bounds, changes: Changes) -> str | None:
    """Say what is wrong with memory or CPUs, or return ``None``; for a field to show."""
    memory, vcpus = changes.memory_kib, changes.vcpus
    if memory is not None and memory < MINIMUM_MEMORY:
        return _("A machine needs {size} of memory at least.").format(
            size=formatting.memory(MINIMUM_MEMORY)
        )
    if memory is not None and memory > most.memory_kib:
        return _("This computer has {size} of memory; the machine can’t have more.").format(
            size=formatting.memory(most.memory_kib)
        )
    if vcpus is not None and not 1 <= vcpus <= most.vcpus:
        return _("This computer has {cpus}; a machine can have from 1 to that many.").format(
            cpus=formatting.cpus(most.vcpus)
        )
    return None


def _kvm_problem(host: Host, xml: DomainXml) -> str | None:
    try:
        host.connection.getDomainCapabilities(None, xml.arch, xml.machine, "kvm")
    except libvirt.libvirtError as error:
        # A driver that can't tell leaves it to the definition to say no.
        if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
            return _("KVM does not work on this computer, or not for this kind of machine.")
    return None


def _wiring_problem(host: Host, xml: DomainXml, changes: Changes) -> str | None:
    display = changes.display
    if display is not None and display not in wiring.DISPLAYS:
        return _("“{kind}” is no kind of display.").format(kind=display)
    has_spice = any(graphics.type == "spice" for graphics in xml.graphics)
    if display == "spice" and not has_spice and not capabilities.read(host).has_spice:
        return _("QEMU has no SPICE on this computer.")
    for network in changes.networks or ():
        wiring.card(xml, network.mac)
        needs_source = bool(wiring.SOURCES.get(network.kind, ""))
        if network.kind not in wiring.SOURCES or needs_source != bool(network.source):
            return _("Choose which network or bridge the card is connected to.")
    return None
