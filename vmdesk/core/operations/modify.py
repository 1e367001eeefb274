"""Change a machine's title, note, autostart, accelerator, memory and CPUs; only what is given."""

import enum
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

import libvirt

from vmdesk.core import domain_sizing, formatting
from vmdesk.core.domain_xml import DomainXml
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import is_lost_connection, translate, translated
from vmdesk.core.operations.definition import Definition

MINIMUM_MEMORY = 16 * MIB // KIB
"""KiB: what the smallest guests boot with."""

WARNING_SHARE = 0.75
"""The part of the host's memory above which a machine leaves it too little."""


_WS = {ord(character): None for character in "\n\r\t"}


class Field(enum.Enum):
    """What can be changed; the value is the name of the field in ``Changes``."""

    TITLE = "title"
    DESCRIPTION = "description"
    AUTOSTART = "autostart"
    ACCELERATOR = "use_kvm"
    MEMORY = "memory_kib"
    VCPUS = "vcpus"


@dataclass(frozen=True, slots=True)
class Changes:
    """What to change; ``None`` leaves a field as it is, an empty text removes it.

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
    live: bool = False
    base: str | None = None


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did: which fields have effect now, and which from the next start.

    ``refusals`` has libvirt's words on what was to be changed at once and could not.
    """

    now: frozenset[Field]
    next_start: frozenset[Field]
    refusals: tuple[str, ...] = ()


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


def pending(host: Host, uuid: str) -> frozenset[Field]:
    """Return the fields of a running machine that the next start will change."""
    found = Definition(host, uuid)
    running, stored = found.running(), found.edited()
    if running is None:
        return frozenset()
    return frozenset(field for field, value in _SHOWN.items() if value(running) != value(stored))


_SHOWN: dict[Field, Callable[[DomainXml], object]] = {
    Field.TITLE: lambda xml: xml.title,
    Field.DESCRIPTION: lambda xml: xml.description,
    Field.ACCELERATOR: lambda xml: xml.type,
    Field.MEMORY: lambda xml: xml.memory_kib,
    Field.VCPUS: lambda xml: xml.vcpus,
}


def run(host: Host, uuid: str, changes: Changes, job: Job) -> Applied:
    """Apply ``changes`` and say what has effect now and what from the next start.

    All values are checked before the first is written. Raises ``OperationError``: invalid value
    for one that this host can't give, wrong state if the base is outdated.
    """
    job.report(0, 0, _("Changing the machine"))
    found = Definition(host, uuid, changes.base)
    _check(host, found.edited(), changes)
    wanted = frozenset(field for field in Field if getattr(changes, field.value) is not None)
    resized, refusals = _resize_live(found, changes)
    xml = found.edited()
    _edit(xml, changes, wanted - resized)
    found.replace(xml)
    if changes.autostart is not None:
        with translated():
            found.domain.setAutostart(changes.autostart)
    if not found.is_active:
        return Applied(wanted, frozenset())
    retitled = _retitle_live(found.domain, changes)
    now = wanted & (resized | retitled | {Field.AUTOSTART})
    return Applied(now, wanted - now, refusals)


def _edit(xml: DomainXml, changes: Changes, fields: frozenset[Field]) -> None:
    if changes.title is not None:
        xml.title = changes.title
    if changes.description is not None:
        xml.description = changes.description
    if changes.use_kvm is not None:
        xml.set_type("kvm" if changes.use_kvm else "qemu")
    if changes.memory_kib is not None and Field.MEMORY in fields:
        domain_sizing.set_memory(xml, changes.memory_kib)
    if changes.vcpus is not None and Field.VCPUS in fields:
        domain_sizing.set_vcpus(xml, changes.vcpus)


def _resize_live(found: Definition, changes: Changes) -> tuple[frozenset[Field], tuple[str, ...]]:
    """Change memory and CPUs of a running machine within their maxima, which stay as they are.

    The stored configuration follows in the same call. What can't be done at once is left to the
    next start, so a refusal is no error here.
    """
    running = found.running() if changes.live else None
    if running is None:
        return frozenset(), ()
    flags = libvirt.VIR_DOMAIN_AFFECT_LIVE | libvirt.VIR_DOMAIN_AFFECT_CONFIG
    calls: list[tuple[Field, int | None, int, Callable[[int, int], object]]] = [
        (Field.MEMORY, changes.memory_kib, running.memory_kib, found.domain.setMemoryFlags),
        (Field.VCPUS, changes.vcpus, running.vcpus, found.domain.setVcpusFlags),
    ]
    done: set[Field] = set()
    refusals = []
    for field, value, most, call in calls:
        if value is None or value > most:
            continue
        found.keep()
        try:
            call(value, flags)
        except libvirt.libvirtError as error:
            if is_lost_connection(error):
                raise translate(error) from error
            refusals.append(error.get_error_message() or str(error))
        else:
            done.add(field)
    found.refresh()
    return frozenset(done), tuple(refusals)


def _retitle_live(domain: libvirt.virDomain, changes: Changes) -> frozenset[Field]:
    done = set()
    for field, kind, value in (
        (Field.TITLE, libvirt.VIR_DOMAIN_METADATA_TITLE, changes.title),
        (Field.DESCRIPTION, libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, changes.description),
    ):
        if value is not None:
            with translated():
                flags = libvirt.VIR_DOMAIN_AFFECT_LIVE
                domain.setMetadata(kind, value or None, None, None, flags)
            done.add(field)
    return frozenset(done)


def _check(host: Host, xml: DomainXml, changes: Changes) -> None:
    problem = _text_problem(changes) or _hardware_problem(bounds(host), changes)
    if problem is None and changes.use_kvm and xml.type != "kvm":
        problem = _kvm_problem(host, xml)
    if problem is not None:
        raise OperationError(problem, cause=Cause.INVALID_VALUE)


def _text_problem(changes: Changes) -> str | None:
    if changes.title is not None and "\n" in changes.title:
        return _("A title has one line.")
    for text in (changes.title or "", changes.description or ""):
        if any(
            unicodedata.category(character) in ("Cc", "Cs") for character in text.translate(_WS)
        ):
            return _("Titles and notes can't hold control characters.")
    return None


def _hardware_problem(most: Bounds, changes: Changes) -> str | None:
    memory, vcpus = changes.memory_kib, changes.vcpus
    if memory is not None and memory < MINIMUM_MEMORY:
        return _("A machine needs {size} of memory at least.").format(
            size=formatting.memory(MINIMUM_MEMORY)
        )
    if memory is not None and memory > most.memory_kib:
        return _("This computer has {size} of memory; the machine can't have more.").format(
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
