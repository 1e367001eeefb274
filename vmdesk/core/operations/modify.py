"""Change a machine's settings, only those that are given, at once or for its next start."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import libvirt

from vmdesk.core.domain import sizing, wiring
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.lost_connection import is_lost_connection
from vmdesk.core.operations import changes as possible
from vmdesk.core.operations.changes import Changes, Field, Network
from vmdesk.core.operations.definition import Definition


@dataclass(frozen=True, slots=True)
class Applied:
    """What a change did: which fields have effect now, and which from the next start.

    ``refusals`` has libvirt's words on what was to be changed at once and could not.
    """

    now: frozenset[Field]
    next_start: frozenset[Field]
    refusals: tuple[str, ...] = ()


_SHOWN: dict[Field, Callable[[DomainXml], object]] = {
    Field.TITLE: lambda xml: xml.title,
    Field.DESCRIPTION: lambda xml: xml.description,
    Field.ACCELERATOR: lambda xml: xml.type,
    Field.MEMORY: lambda xml: xml.memory_kib,
    Field.VCPUS: lambda xml: xml.vcpus,
    Field.DISPLAY: lambda xml: [graphics.type for graphics in xml.graphics],
    Field.NETWORK: lambda xml: [(card.type, card.source, card.model) for card in xml.interfaces],
}


def pending(host: Host, uuid: str) -> frozenset[Field]:
    """Return the fields of a running machine that the next start will change."""
    found = Definition(host, uuid)
    return _differences(found.running(), found.edited())


def _differences(running: DomainXml | None, stored: DomainXml) -> frozenset[Field]:
    if running is None:
        return frozenset()
    return frozenset(field for field, value in _SHOWN.items() if value(running) != value(stored))


def run(host: Host, uuid: str, changes: Changes, job: Job) -> Applied:
    """Apply ``changes`` and say what has effect now and what from the next start.

    All values are checked before the first is written. Raises ``OperationError``: invalid value
    for one that this host can't give, wrong state if the base is outdated.
    """
    job.report(0, 0, _("Changing the machine"))
    found = Definition(host, uuid, changes.base)
    possible.check(host, found.edited(), changes)
    wanted = frozenset(field for field in Field if getattr(changes, field.value) is not None)
    # What the description refuses it must refuse before anything is written.
    _edit(found.edited(), changes, wanted)
    resized, refusals = _resize_live(found, changes)
    xml = found.edited()
    _edit(xml, changes, wanted - resized)
    found.replace(xml)
    if changes.autostart is not None:
        with translated():
            found.domain.setAutostart(changes.autostart)
    running = found.running()
    if running is not None:
        _retitle_live(found.domain, changes)
        refusals += _reconnect_live(found.domain, running, changes.networks or ())
    later = (wanted & _differences(found.running(), xml)) - resized
    return Applied(wanted - later, later, refusals)


def _edit(xml: DomainXml, changes: Changes, fields: frozenset[Field]) -> None:
    if changes.title is not None:
        xml.title = changes.title
    if changes.description is not None:
        xml.description = changes.description
    if changes.use_kvm is not None:
        xml.set_type("kvm" if changes.use_kvm else "qemu")
    if changes.memory_kib is not None and Field.MEMORY in fields:
        sizing.set_memory(xml, changes.memory_kib)
    if changes.vcpus is not None and Field.VCPUS in fields:
        sizing.set_vcpus(xml, changes.vcpus)
    if changes.display is not None:
        wiring.set_display(xml, changes.display)
    for network in changes.networks or ():
        _connect(xml, network)


def _connect(xml: DomainXml, network: Network) -> None:
    card = wiring.card(xml, network.mac)
    wiring.connect(card, network.kind, network.source)
    if network.model:
        wiring.set_model(card, network.model)


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
    refusals: list[str] = []
    for field, value, most, call in calls:
        if value is None or value > most:
            continue
        found.keep()
        refused = _attempt(partial(call, value, flags))
        refusals += refused
        if not refused:
            done.add(field)
    found.refresh()
    return frozenset(done), tuple(refusals)


def _retitle_live(domain: libvirt.virDomain, changes: Changes) -> None:
    for kind, value in (
        (libvirt.VIR_DOMAIN_METADATA_TITLE, changes.title),
        (libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, changes.description),
    ):
        if value is not None:
            with translated():
                flags = libvirt.VIR_DOMAIN_AFFECT_LIVE
                domain.setMetadata(kind, value or None, None, None, flags)


def _reconnect_live(
    domain: libvirt.virDomain, running: DomainXml, networks: tuple[Network, ...]
) -> tuple[str, ...]:
    """Plug running cards into their new networks where that needs no other card."""
    refusals: list[str] = []
    for network in networks:
        for card in running.interfaces:
            if card.mac.lower() != network.mac.lower():
                continue
            before = card.xml
            wiring.connect(card, network.kind, network.source)
            if card.xml != before:
                call = partial(domain.updateDeviceFlags, card.xml, libvirt.VIR_DOMAIN_AFFECT_LIVE)
                refusals += _attempt(call)
    return tuple(refusals)


def _attempt(call: Callable[[], object]) -> list[str]:
    """Try what only some guests and drivers allow; return libvirt's words if it refuses."""
    try:
        call()
    except libvirt.libvirtError as error:
        if is_lost_connection(error):
            raise translate(error) from error
        return [error.get_error_message() or str(error)]
    return []
