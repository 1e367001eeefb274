"""One libvirt connection: what domains it has, and the events that tell of their changes."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from string import hexdigits

import libvirt

from vmdesk.core import connections, polkit_agent
from vmdesk.core.ask_tools import NOBODY, Asking
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.lost_connection import is_lost_connection

KEEPALIVE_INTERVAL = 5
"""Seconds between two questions to the daemon whether it is still there."""
KEEPALIVE_COUNT = 3
"""Questions without an answer after which the connection counts as lost."""


class DomainState(enum.IntEnum):
    """A domain's state, by libvirt's numbers (``virDomainState``)."""

    NOSTATE = libvirt.VIR_DOMAIN_NOSTATE
    RUNNING = libvirt.VIR_DOMAIN_RUNNING
    BLOCKED = libvirt.VIR_DOMAIN_BLOCKED
    PAUSED = libvirt.VIR_DOMAIN_PAUSED
    SHUTDOWN = libvirt.VIR_DOMAIN_SHUTDOWN
    SHUTOFF = libvirt.VIR_DOMAIN_SHUTOFF
    CRASHED = libvirt.VIR_DOMAIN_CRASHED
    SUSPENDED = libvirt.VIR_DOMAIN_PMSUSPENDED

    @property
    def is_active(self) -> bool:
        """Whether a hypervisor process exists, so that the domain uses memory and its disks."""
        return self not in (DomainState.SHUTOFF, DomainState.CRASHED, DomainState.NOSTATE)

    @property
    def can_be_reached(self) -> bool:
        """Whether the guest runs and can react to a shutdown or reboot request."""
        return self in (DomainState.RUNNING, DomainState.BLOCKED)


_STATES_TOLD = {
    libvirt.VIR_DOMAIN_EVENT_SUSPENDED: DomainState.PAUSED,
    libvirt.VIR_DOMAIN_EVENT_RESUMED: DomainState.RUNNING,
}
"""What a lifecycle event says for certain of a domain that runs, by ``virDomainEventType``."""

OnDomain = Callable[[str, DomainState | None], object]
"""Hears the UUID of a domain that has changed, and its state if that was told."""


@dataclass(frozen=True, slots=True)
class DomainInfo:
    """A snapshot of one domain. ``memory`` and ``max_memory`` are KiB; ``id`` is -1 when off."""

    uuid: str
    id: int
    name: str
    state: DomainState
    memory: int
    max_memory: int
    vcpus: int
    is_persistent: bool
    has_managed_save: bool
    note: str = ""


class Host:
    """A connection to libvirt. Every method may block, so none belongs on the window's thread.

    Call ``events.register`` first. All methods raise ``OperationError``. ``asking`` is who asks
    the user for what ssh or polkit wants to know when it is opened.
    """

    def __init__(self, uri: str, asking: Asking = NOBODY) -> None:
        self.uri = uri
        self.asking = asking
        self._connection: libvirt.virConnect | None = None
        self._callbacks: list[int] = []

    @property
    def connection(self) -> libvirt.virConnect:
        """The open connection, for the operations in core."""
        if self._connection is None:
            raise OperationError(
                _("There is no connection to libvirt."),
                _("vmdesk reconnects by itself; try again in a moment."),
            )
        return self._connection

    @property
    def is_open(self) -> bool:
        """Whether there is a connection, which may have been lost."""
        return self._connection is not None

    def open(
        self,
        on_domain: OnDomain = lambda _uuid, _state: None,
        on_closed: Callable[[], object] = lambda: None,
        on_reboot: Callable[[str], object] = lambda _uuid: None,
        job: Job | None = None,
    ) -> None:
        """Connect and subscribe; it may take as long as the user thinks about a question.

        ``on_domain`` gets the UUID of each domain that changed in any way, and its state where
        that was told with it; ``on_reboot`` the UUID of one whose guest has restarted;
        ``on_closed`` is called once if the daemon goes away. They are called on the thread that
        drives libvirt's events, before or after this method has returned. Raises ``Cancelled``
        if ``job`` is cancelled while the user is asked.
        """
        connect = partial(self._connect, on_domain, on_closed, on_reboot)
        with translated():
            try:
                connect()
            except libvirt.libvirtError as error:
                # What ssh has asked the user is not asked again.
                if connections.is_ssh(self.uri):
                    raise
                if self.asking.agent and polkit_agent.is_needed(error):
                    self._ask_and(connect, job or Job())
                elif is_lost_connection(error):
                    # A user's daemon ends when nobody needs it, perhaps just now: start another.
                    connect()
                else:
                    raise

    def _ask_and(self, connect: Callable[[], None], job: Job) -> None:
        try:
            polkit_agent.allowed(connect, self.asking.agent, polkit_agent.is_refusal, job)
        except polkit_agent.RefusedError as no:
            raise no.error from no

    def _connect(
        self,
        on_domain: OnDomain,
        on_closed: Callable[[], object],
        on_reboot: Callable[[str], object],
    ) -> None:
        self._connection = libvirt.open(self._address())
        try:
            self._keep_alive(self._connection)
            self._callbacks = _subscribe(self._connection, on_domain, on_reboot)
            self._connection.registerCloseCallback(lambda *_args: on_closed(), None)
        except libvirt.libvirtError:
            self.close()
            raise

    def _address(self) -> str:
        if self.asking.ssh is None or not connections.is_ssh(self.uri):
            return self.uri
        return connections.with_parameter(self.uri, "command", str(self.asking.ssh))

    @staticmethod
    def _keep_alive(connection: libvirt.virConnect) -> None:
        try:
            connection.setKeepAlive(KEEPALIVE_INTERVAL, KEEPALIVE_COUNT)
        except libvirt.libvirtError as error:
            # A driver inside this process (test:///, qemu:///embed) has no daemon to ask.
            if error.get_error_code() != libvirt.VIR_ERR_NO_SUPPORT:
                raise

    def close(self) -> None:
        """Unsubscribe and disconnect; without a connection it does nothing."""
        connection, self._connection = self._connection, None
        if connection is None:
            return
        try:
            for callback in self._callbacks:
                connection.domainEventDeregisterAny(callback)
            connection.unregisterCloseCallback()
        except libvirt.libvirtError:
            pass  # the daemon is gone, and the subscriptions with it
        self._callbacks = []
        connection.close()

    def domains(self) -> list[DomainInfo]:
        """List every domain, running or not."""
        with translated():
            found = self.connection.listAllDomains()
            # Asked of all at once: the way to another host and back may take 100 ms.
            persistent = self._uuids(libvirt.VIR_CONNECT_LIST_DOMAINS_PERSISTENT)
            saved = self._uuids(libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE)
        infos = (
            _info_or_none(domain, (domain.UUID() in persistent, domain.UUID() in saved))
            for domain in found
        )
        return [info for info in infos if info is not None]

    def _uuids(self, flags: int) -> set[bytes]:
        return {domain.UUID() for domain in self.connection.listAllDomains(flags)}

    def domain_info(self, uuid: str) -> DomainInfo | None:
        """Describe one domain, or return ``None`` if there is none of this UUID."""
        try:
            return _info_or_none(self.connection.lookupByUUIDString(uuid))
        except libvirt.libvirtError as error:
            if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
                return None
            raise translate(error) from error

    def domain(self, uuid: str) -> libvirt.virDomain:
        """Return libvirt's handle of a domain. Its ``name()`` goes stale with a rename."""
        with translated():
            return self.connection.lookupByUUIDString(uuid)

    def lookup(self, name_or_uuid: str) -> DomainInfo:
        """Describe the domain of this name, or else of this UUID.

        Raises ``OperationError`` with ``Cause.NOT_FOUND`` if there is neither.
        """
        try:
            domain = self.connection.lookupByName(name_or_uuid)
        except libvirt.libvirtError as error:
            if error.get_error_code() != libvirt.VIR_ERR_NO_DOMAIN:
                raise translate(error) from error
            info = self.domain_info(name_or_uuid) if _is_uuid(name_or_uuid) else None
        else:
            info = _info_or_none(domain)
        if info is None:
            raise OperationError(
                _("There is no virtual machine “{name}”.").format(name=name_or_uuid),
                _("“vmdeskctl list” shows those that there are."),
                cause=Cause.NOT_FOUND,
            )
        return info


def _subscribe(
    connection: libvirt.virConnect,
    on_domain: OnDomain,
    on_reboot: Callable[[str], object],
) -> list[int]:
    def lived(
        _connection: object, domain: libvirt.virDomain, event: int, *_details: object
    ) -> None:
        on_domain(domain.UUIDString(), _STATES_TOLD.get(event))

    def changed(_connection: object, domain: libvirt.virDomain, *_details: object) -> None:
        on_domain(domain.UUIDString(), None)

    def rebooted(_connection: object, domain: libvirt.virDomain, *_details: object) -> None:
        on_reboot(domain.UUIDString())

    # A lifecycle event tells of nearly everything; what it misses has an event of its own.
    heard = {
        libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE: lived,
        libvirt.VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE: changed,
        libvirt.VIR_DOMAIN_EVENT_ID_TRAY_CHANGE: changed,
        libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_ADDED: changed,
        libvirt.VIR_DOMAIN_EVENT_ID_DEVICE_REMOVED: changed,
        libvirt.VIR_DOMAIN_EVENT_ID_METADATA_CHANGE: changed,
        libvirt.VIR_DOMAIN_EVENT_ID_REBOOT: rebooted,
    }
    return [
        connection.domainEventRegisterAny(None, kind, callback, None)
        for kind, callback in heard.items()
    ]


def _info_or_none(
    domain: libvirt.virDomain, told: tuple[bool, bool] | None = None
) -> DomainInfo | None:
    """Describe ``domain``; a domain that is deleted meanwhile is ``None``.

    ``told`` is whether it is persistent and has a managed save, where that is known already.
    """
    try:
        is_persistent, has_managed_save = told or (
            bool(domain.isPersistent()),
            bool(domain.hasManagedSaveImage()),
        )
        state, max_memory, memory, vcpus, _cpu_time = domain.info()
        return DomainInfo(
            uuid=domain.UUIDString(),
            id=domain.ID(),
            name=domain.name(),
            state=DomainState(state),
            memory=memory,
            max_memory=max_memory,
            vcpus=vcpus,
            is_persistent=is_persistent,
            has_managed_save=has_managed_save,
            note=_note(domain),
        )
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_DOMAIN:
            return None
        raise translate(error) from error


def _note(domain: libvirt.virDomain) -> str:
    """Return what the user has written about a domain, or nothing."""
    try:
        return str(domain.metadata(libvirt.VIR_DOMAIN_METADATA_DESCRIPTION, None))
    except libvirt.libvirtError as error:
        # A driver without notes is asked in vain as well.
        without = (libvirt.VIR_ERR_NO_DOMAIN_METADATA, libvirt.VIR_ERR_NO_SUPPORT)
        if error.get_error_code() in without:
            return ""
        raise


def _is_uuid(text: str) -> bool:
    digits = text.replace("-", "")
    return len(digits) == 32 and set(digits) <= set(hexdigits)
