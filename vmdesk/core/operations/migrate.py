"""Let a running machine go on another host: live migration, through libvirt."""

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

import libvirt
import libvirt_qemu

from vmdesk.core import disk_users
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.lost_connection import is_lost_connection
from vmdesk.core.operations import migration_storage, migration_survey
from vmdesk.core.operations.migration_storage import Storage
from vmdesk.core.operations.migration_survey import MigrationSurvey

LOOK_INTERVAL = 0.25
"""Seconds between two looks at how far it is."""

_FLAGS = (
    libvirt.VIR_MIGRATE_LIVE
    | libvirt.VIR_MIGRATE_PERSIST_DEST
    | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE
    | libvirt.VIR_MIGRATE_AUTO_CONVERGE
    | libvirt.VIR_MIGRATE_ABORT_ON_ERROR
)


MAX_DOWNTIME_MS = 2_000_000
"""QEMU takes no more (MAX_MIGRATE_DOWNTIME_SECONDS in its migration.h)."""


@dataclass(frozen=True, slots=True)
class MigrationOptions:
    """What the user chose.

    ``max_downtime_ms`` is how long the guest may stand still at the end, at least 1 and at most
    ``MAX_DOWNTIME_MS``; None leaves it to QEMU.
    ``pool`` is where copied disks go. ``via`` is the address that the other host's QEMU listens
    on, as ``tcp://192.168.1.2`` or ``unix:///path``, where the usual ones can't be reached.
    """

    storage: Storage = Storage.AUTO
    pool: str = ""
    max_downtime_ms: int | None = None
    via: str = ""


@dataclass(frozen=True, slots=True)
class MigrationResult:
    """How it went: for how many milliseconds the guest stood still, and what to know."""

    name: str
    downtime_ms: int
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Way:
    """``peer`` is what one daemon calls the other by; without it, this program calls both."""

    peer: str
    via: str
    is_tunnelled: bool = False

    @property
    def flags(self) -> int:
        flags = libvirt.VIR_MIGRATE_PEER2PEER if self.peer else 0
        return flags | (libvirt.VIR_MIGRATE_TUNNELLED if self.is_tunnelled else 0)


def survey(
    source: Host, target: Host, uuid: str, options: MigrationOptions, job: Job
) -> MigrationSurvey:
    """Look what would prevent it, and what becomes of the disks.

    Raises ``OperationError`` (invalid value) for a downtime that can't be.
    """
    downtime = options.max_downtime_ms
    if downtime is not None and not 1 <= downtime <= MAX_DOWNTIME_MS:
        raise OperationError(
            _("A guest can’t be told to stand still for {time} ms at most.").format(time=downtime),
            _("Give 1 to {most} milliseconds.").format(most=MAX_DOWNTIME_MS),
            cause=Cause.INVALID_VALUE,
        )
    return migration_survey.look(source, target, uuid, options.storage, options.pool, job)


def run(
    source: Host, target: Host, uuid: str, options: MigrationOptions, job: Job
) -> MigrationResult:
    """Migrate a running machine; afterwards it runs there, or goes on running here.

    Raises ``OperationError`` (wrong state) for what stands in the way, and like ``survey``.
    """
    found = survey(source, target, uuid, options, job)
    _refuse(found)
    domain = source.domain(uuid)
    with translated():
        parameters, flags = _parameters(domain, found, options)
    try:
        _try_all(source, target, domain, found.storage.targets, parameters, flags, options, job)
    except (OperationError, Cancelled):
        # A cancel may have come too late.
        if not _has_arrived(source, target, uuid):
            _clear_up(target, found)
            raise
    with translated():
        moved = target.connection.lookupByUUIDString(uuid)
        statistics = moved.jobStats(libvirt.VIR_DOMAIN_JOB_STATS_COMPLETED)
    return MigrationResult(found.name, int(statistics.get("downtime", 0)), found.notes)


def _refuse(found: MigrationSurvey) -> None:
    if not found.obstacles:
        return
    first = found.obstacles[0]
    raise OperationError(
        _("“{name}” can’t go there while it runs: {reason}").format(
            name=found.name, reason=first.what
        ),
        first.hint,
        "\n".join(f"{obstacle.what} {obstacle.hint}".strip() for obstacle in found.obstacles[1:]),
        Cause.WRONG_STATE,
    )


def _parameters(
    domain: libvirt.virDomain, found: MigrationSurvey, options: MigrationOptions
) -> tuple[dict[str, object], int]:
    flags = _FLAGS
    if not domain.isPersistent():
        flags &= ~(libvirt.VIR_MIGRATE_PERSIST_DEST | libvirt.VIR_MIGRATE_UNDEFINE_SOURCE)
    if options.storage is Storage.SHARED:
        # libvirt knows of network file systems only; the user knows better.
        flags |= libvirt.VIR_MIGRATE_UNSAFE
    parameters: dict[str, object] = {}
    if found.storage.copied:
        flags |= libvirt.VIR_MIGRATE_NON_SHARED_DISK
        secret = libvirt.VIR_DOMAIN_XML_MIGRATABLE | libvirt.VIR_DOMAIN_XML_SECURE
        live = domain.XMLDesc(secret)
        parameters = {
            libvirt.VIR_MIGRATE_PARAM_MIGRATE_DISKS: found.storage.targets,
            libvirt.VIR_MIGRATE_PARAM_DEST_XML: _elsewhere(live, found),
        }
        if domain.isPersistent():
            stored = domain.XMLDesc(secret | libvirt.VIR_DOMAIN_XML_INACTIVE)
            parameters[libvirt.VIR_MIGRATE_PARAM_PERSIST_XML] = _elsewhere(stored, found)
    return parameters, flags


def _elsewhere(text: str, found: MigrationSurvey) -> str:
    return migration_storage.pointed_to_copies(text, found.storage)


def _ways(source: Host, target: Host, options: MigrationOptions, copies: bool) -> Iterator[_Way]:
    """Yield the ways in the order in which they are tried.

    From one daemon to the other is best: what this program does not carry can't be cut off here.
    """
    name = urlsplit(target.uri).hostname
    is_reachable = name or (disk_users.are_here(source) and "socket=" in target.uri)
    peers = [target.uri, ""] if is_reachable else [""]
    usual = [f"tcp://[{name}]" if ":" in name else f"tcp://{name}", ""] if name else [""]
    for via in [options.via] if options.via else usual:
        for peer in peers:
            yield _Way(peer, via)
    # libvirt carries no disks through its tunnel.
    if peers[0] and not copies:
        yield _Way(peers[0], "tunnel", is_tunnelled=True)


def _try_all(
    source: Host,
    target: Host,
    domain: libvirt.virDomain,
    copied: list[str],
    parameters: dict[str, object],
    flags: int,
    options: MigrationOptions,
    job: Job,
) -> None:
    closed: dict[str, str] = {}
    copies = bool(copied)
    for way in _ways(source, target, options, copies):
        if way.via in closed or (way.peer and way.peer in closed):
            continue
        call = partial(_call, domain, target, way, parameters | _addresses(way, copies), flags)
        try:
            _follow(domain, call, copied, options, job)
        except libvirt.libvirtError as error:
            with translated():  # where that daemon is gone, it can't be asked for its name
                which = _unreached(error, way, target)
            if which is None or not (source.connection.isAlive() and target.connection.isAlive()):
                raise translate(error) from error
            closed[which] = error.get_error_message() or str(error)
        else:
            return
    raise OperationError(
        _("The two computers don’t reach each other."),
        _("Open the ports 49152 to 49215 there, or name an address that can be reached."),
        "\n".join(closed.values()),
    )


def _addresses(way: _Way, copies: bool) -> dict[str, object]:
    if not way.via or way.is_tunnelled:
        return {}
    addresses: dict[str, object] = {libvirt.VIR_MIGRATE_PARAM_URI: way.via}
    if copies and way.via.startswith("unix:"):
        addresses[libvirt.VIR_MIGRATE_PARAM_DISKS_URI] = way.via + "-disks"
    return addresses


def _call(
    domain: libvirt.virDomain, target: Host, way: _Way, parameters: dict[str, object], flags: int
) -> None:
    if way.peer:
        domain.migrateToURI3(way.peer, parameters, flags | way.flags)
    else:
        domain.migrate3(target.connection, parameters, flags)


def _unreached(error: libvirt.libvirtError, way: _Way, target: Host) -> str | None:
    """Return which end of a way could not be reached; None for another kind of failure."""
    message = error.get_error_message() or ""
    if way.peer and way.peer in message:
        return way.peer
    if _is_named(way, target, message):
        return way.via
    # Both connections of this program are there: one from daemon to daemon is what is lost.
    return (way.peer or way.via) if is_lost_connection(error) else None


def _is_named(way: _Way, target: Host, message: str) -> bool:
    """Tell whether libvirt's words are about where the data goes: addresses in any language."""
    address = urlsplit(way.via)
    if address.scheme == "unix":
        return address.path in message
    # As in “'there:49152'” and “'there' service '49152'”, and not as in “there: Permission denied”.
    name = re.escape(address.hostname or target.connection.getHostname())
    return re.search(rf"{name}(:\d|')", message, re.IGNORECASE) is not None


def _follow(
    domain: libvirt.virDomain,
    call: "partial[None]",
    copied: list[str],
    options: MigrationOptions,
    job: Job,
) -> None:
    """Run ``call`` on a thread of its own; here its progress is told, and a cancel passed on."""
    news = threading.Event()
    with ThreadPoolExecutor(1) as pool, job.stopping_with(news.set):
        future: Future[None] = pool.submit(call)
        future.add_done_callback(lambda _future: news.set())
        is_limited = options.max_downtime_ms is None
        while not future.done():
            news.wait(LOOK_INTERVAL)
            # A call to libvirt fails while the migration has not begun or has just ended.
            with suppress(libvirt.libvirtError, Cancelled):
                if job.is_cancelled:
                    news.clear()
                    _break_off_copies(domain, copied)
                    domain.abortJob()
                    continue
                is_limited = is_limited or _limit(domain, options)
                _report(domain.jobStats(), job)
        future.result()


def _break_off_copies(domain: libvirt.virDomain, copied: list[str]) -> None:
    """Have QEMU let go of the network that disks are copied over, before anything waits for it.

    Where the network is gone, QEMU's mirrors wait for what they have sent, or QEMU answers nothing
    while it closes the connection (seen with QEMU 7.2), until the kernel gives up: for a quarter of
    an hour (``tcp_retries2``). libvirt has no call for this; QEMU has ``yank``. The names are those
    that libvirt gives (qemuMigrationSrcNBDStorageCopyBlockdevPrepareSource in its
    qemu_migration.c); a disk that the guest itself has on the network has another. Where libvirt
    passes no command on to QEMU, the cancel waits for the network.
    """
    for target in copied:
        node = {"type": "block-node", "node-name": f"migration-{target}-storage"}
        yank = {"execute": "yank", "arguments": {"instances": [node]}}
        with suppress(libvirt.libvirtError):
            libvirt_qemu.qemuMonitorCommand(domain, json.dumps(yank), 0)


def _limit(domain: libvirt.virDomain, options: MigrationOptions) -> bool:
    domain.migrateSetMaxDowntime(options.max_downtime_ms)
    return True


def _report(statistics: dict[str, int], job: Job) -> None:
    if statistics["type"] != libvirt.VIR_DOMAIN_JOB_NONE:
        total = statistics.get("data_total", 0)
        done = total - statistics.get("data_remaining", 0)
        job.report(done, total, _("Migrating"))


def _has_arrived(source: Host, target: Host, uuid: str) -> bool:
    try:
        here, there = source.domain_info(uuid), target.domain_info(uuid)
    except OperationError:
        return False  # a daemon is gone; nobody knows
    is_gone = here is None or not here.state.is_active
    return is_gone and there is not None and there.state.is_active


def _clear_up(target: Host, found: MigrationSurvey) -> None:
    """Delete the copies of disks; where the other daemon is gone, they stay."""
    with suppress(OperationError):
        if target.domain_info(found.uuid) is None:
            migration_storage.take_back(target, found.storage)
