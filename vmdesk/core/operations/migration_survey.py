"""Look what would prevent a machine from going to another host while it runs, before it does."""

from collections.abc import Iterator
from dataclasses import dataclass

import libvirt
from lxml import etree

from vmdesk.core import versions
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import DomainState, Host
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.job import Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import migration_storage
from vmdesk.core.operations.migration_storage import Storage, StoragePlan

_UNASKED = {libvirt.VIR_ERR_NO_SUPPORT, libvirt.VIR_ERR_CONFIG_UNSUPPORTED}


@dataclass(frozen=True, slots=True)
class Obstacle:
    """One thing that prevents it, and what to do about it."""

    what: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class MigrationSurvey:
    """What was found: nothing stands in the way if there are no ``obstacles``."""

    uuid: str
    name: str
    obstacles: tuple[Obstacle, ...]
    notes: tuple[str, ...]
    storage: StoragePlan


def look(
    source: Host, target: Host, uuid: str, storage: Storage, pool: str, job: Job
) -> MigrationSurvey:
    """Ask both hosts; raises ``OperationError`` only where one can't be asked."""
    job.report(0, 0, _("Looking at both computers"))
    domain = source.domain(uuid)
    with translated():
        live = DomainXml.parse(domain.XMLDesc())
        obstacles = [
            *_of_state(source, domain),
            *_of_place(source, target, live),
            *_of_hypervisor(source, target, live),
            *_of_devices(live),
            *_of_networks(target, live),
        ]
    found = StoragePlan()
    try:
        found = migration_storage.plan(source, target, domain, storage, pool, job)
    except OperationError as error:
        obstacles.append(Obstacle(error.summary, error.hint))
    notes = (*migration_storage.describe(found), *_notes(live))
    return MigrationSurvey(uuid, live.name, tuple(obstacles), notes, found)


def _of_state(source: Host, domain: libvirt.virDomain) -> Iterator[Obstacle]:
    if DomainState(domain.info()[0]) not in {
        DomainState.RUNNING,
        DomainState.BLOCKED,
        DomainState.PAUSED,
    }:
        yield Obstacle(_("The machine is not running."), _("Move it instead."))
    count = domain.snapshotNum()
    if count:
        text = ngettext(
            "The machine has {count} snapshot.", "The machine has {count} snapshots.", count
        )
        yield Obstacle(
            text.format(count=count),
            _("libvirt takes none along. Delete them, or shut the machine down and move it."),
        )


def _of_place(source: Host, target: Host, xml: DomainXml) -> Iterator[Obstacle]:
    here, there = source.connection, target.connection
    if _host_uuid(here) == _host_uuid(there) or here.getHostname() == there.getHostname():
        yield Obstacle(
            _("Both connections lead to the same computer."),
            _("Shut the machine down and move it."),
        )
    taken = {info.name: info.uuid for info in target.domains()}
    if xml.uuid in taken.values():
        yield Obstacle(_("The other computer has this machine already."))
    elif xml.name in taken:
        yield Obstacle(
            _("The other computer has a machine named “{name}”.").format(name=xml.name),
            _("Rename one of them."),
        )


def _host_uuid(connection: libvirt.virConnect) -> str:
    return str(etree.fromstring(connection.getCapabilities()).findtext("host/uuid", ""))


def _of_hypervisor(source: Host, target: Host, xml: DomainXml) -> Iterator[Obstacle]:
    here, there = source.connection, target.connection
    if here.getType() != there.getType():
        yield Obstacle(_("The other computer runs another kind of hypervisor."))
        return
    if there.getVersion() < here.getVersion():
        yield Obstacle(
            _("The other computer’s QEMU is older: {there}, and here {here}.").format(
                there=versions.dotted(there.getVersion()), here=versions.dotted(here.getVersion())
            ),
            _("Update it there, or shut the machine down and move it."),
        )
    try:
        there.getDomainCapabilities(None, xml.arch, xml.machine, xml.type)
    except libvirt.libvirtError as error:
        yield Obstacle(
            _("The other computer can’t run machines of the type {machine} with {kind}.").format(
                machine=xml.machine, kind=xml.type
            ),
            error.get_error_message() or "",
        )
        return
    if not _has_fitting_cpu(here, there, xml):
        yield Obstacle(
            _("The other computer’s processor lacks what the guest uses."),
            _("Shut the machine down, choose a CPU that both have, and start it again."),
        )


def _has_fitting_cpu(here: libvirt.virConnect, there: libvirt.virConnect, xml: DomainXml) -> bool:
    cpu = xml.root.find("cpu")
    if cpu is None:
        return True
    if cpu.get("mode") == "host-passthrough":
        return _host_cpu(here) == _host_cpu(there)
    text = etree.tostring(cpu, encoding="unicode", with_tail=False)
    try:
        result = there.compareHypervisorCPU(None, xml.arch, xml.machine, xml.type, text)
    except libvirt.libvirtError as error:
        if error.get_error_code() in _UNASKED:
            return True  # libvirt itself will tell
        raise
    return bool(result != libvirt.VIR_CPU_COMPARE_INCOMPATIBLE)


def _host_cpu(connection: libvirt.virConnect) -> tuple[str, str]:
    cpu = etree.fromstring(connection.getCapabilities()).find("host/cpu")
    return ("", "") if cpu is None else (cpu.findtext("vendor", ""), cpu.findtext("model", ""))


def _of_devices(xml: DomainXml) -> Iterator[Obstacle]:
    devices = {
        "devices/hostdev": _("It uses a device of this computer."),
        "devices/interface[@type='hostdev']": _("It uses a network card of this computer."),
        "devices/filesystem": _("It shares a folder of this computer."),
        "devices/shmem": _("It shares memory with other programs of this computer."),
    }
    for path, text in devices.items():
        if xml.root.find(path) is not None:
            yield Obstacle(text, _("Remove it from the machine first."))


def _of_networks(target: Host, xml: DomainXml) -> Iterator[Obstacle]:
    wanted = {card.source for card in xml.interfaces if card.type == "network"}
    if not wanted:
        return
    there = {network.name(): network for network in target.connection.listAllNetworks()}
    for name in sorted(wanted):
        if name not in there:
            yield Obstacle(
                _("The other computer has no network “{name}”.").format(name=name),
                _("Make one of this name there."),
            )
        elif not there[name].isActive():
            yield Obstacle(
                _("The network “{name}” of the other computer is not active.").format(name=name),
                _("Start it there."),
            )


def _notes(xml: DomainXml) -> Iterator[str]:
    if any(card.type == "user" for card in xml.interfaces):
        yield _("The guest’s open connections break: it reaches the network through its computer.")
    for disk in xml.cdroms:
        if not disk.is_empty:
            yield _("The disc in {target} stays in only if the other computer has it too.").format(
                target=disk.target
            )
