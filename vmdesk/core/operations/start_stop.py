"""Start, shut down, force off, reboot, pause and resume a machine."""

import contextlib
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import libvirt

from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import DomainState, Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations.definition import Definition
from vmdesk.core.storage import pools

_STORED = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE

SHUTDOWN_TIMEOUT = 60.0
"""Seconds that a guest has for its shutdown before force off is offered."""

LOOK_INTERVAL = 1.0
"""Seconds between two looks whether libvirt is still there while it is waited for."""


def start(host: Host, uuid: str, job: Job) -> None:
    """Start a machine that is off; raise ``OperationError`` that names a missing disk or ISO."""
    domain = host.domain(uuid)
    if _state(host, uuid).is_active:
        raise _wrong_state(_("The machine is running already."))
    job.report(0, 0, _("Starting"))
    with translated():
        # In the system instance libvirt sees what this user may not, and says what is missing.
        if not pools.are_needed(host):
            _check_files(DomainXml.parse(domain.XMLDesc(_STORED)))
        domain.create()


def start_without_kvm(host: Host, uuid: str, job: Job) -> None:
    """Start a machine that is off with QEMU's emulation, now and from now on."""
    definition = Definition(host, uuid)
    definition.require_off(_("Shut it down first: the accelerator can’t change while it runs."))
    xml = definition.edited()
    xml.set_type("qemu")
    definition.replace(xml)
    start(host, uuid, job)


def _check_files(domain: DomainXml) -> None:
    for disk in domain.disks:
        path = disk.path
        # A missing disc with "optional" is left out by libvirt: the drive is empty then.
        is_optional = disk.startup_policy == "optional"
        if path is None or is_optional or _exists(path):
            continue
        if disk.is_cdrom:
            raise OperationError(
                _("The installation disc {path} is missing.").format(path=path),
                _("Put it back, or eject it and start again."),
            )
        raise OperationError(
            _("The disk {path} is missing.").format(path=path),
            _("Put it back where it was, or delete the machine."),
        )


def shut_down(host: Host, uuid: str, job: Job) -> None:
    """Ask the guest to shut down, and return at once: it may take its time, or ignore it."""
    _require_running(host, uuid)
    job.report(0, 0, _("Asking the guest to shut down"))
    with translated():
        host.domain(uuid).shutdown()


def shut_down_and_wait(host: Host, uuid: str, timeout: float, job: Job) -> None:
    """Ask the guest to shut down and wait until it is off.

    Raises ``OperationError`` if it is not after ``timeout`` seconds, or if libvirt is lost
    meanwhile; needs running events.
    """
    with _stop_of(host, uuid) as stopped:
        shut_down(host, uuid, job)
        with job.stopping_with(stopped.set):
            is_off = _wait(stopped, timeout, host)
    if not is_off:
        raise OperationError(
            _("The guest did not shut down."),
            _("It may ignore the request, or wait for an answer on its screen. Force it off?"),
        )


@contextmanager
def _stop_of(host: Host, uuid: str) -> Iterator[threading.Event]:
    """Yield what is set as soon as the domain has stopped, however that came about."""
    stopped = threading.Event()

    def changed(_connection: object, _domain: object, event: int, *_details: object) -> None:
        if event == libvirt.VIR_DOMAIN_EVENT_STOPPED:
            stopped.set()

    connection, domain = host.connection, host.domain(uuid)
    with translated():
        callback = connection.domainEventRegisterAny(
            domain, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, changed, None
        )
    try:
        yield stopped
    finally:
        # With the connection goes the callback, and then this says only that it is lost.
        with contextlib.suppress(libvirt.libvirtError):
            connection.domainEventDeregisterAny(callback)


def _wait(stopped: threading.Event, timeout: float, host: Host) -> bool:
    """Wait for ``stopped``; raise ``OperationError`` once there is nobody left to tell of it."""
    deadline = time.monotonic() + timeout
    while not stopped.wait(min(LOOK_INTERVAL, max(0.0, deadline - time.monotonic()))):
        with translated():
            # The cheapest call that reaches the daemon: without one it raises.
            host.connection.getLibVersion()
        if time.monotonic() >= deadline:
            return False
    return True


def force_off(host: Host, uuid: str, job: Job) -> None:
    """Take the power away: what the guest has not written to its disks is lost."""
    if not _state(host, uuid).is_active:
        raise _wrong_state(_("The machine is off already."))
    job.report(0, 0, _("Forcing off"))
    with translated():
        host.domain(uuid).destroy()


def reboot(host: Host, uuid: str, job: Job) -> None:
    """Ask the guest to restart, and return at once."""
    _require_running(host, uuid)
    job.report(0, 0, _("Asking the guest to restart"))
    with translated():
        host.domain(uuid).reboot()


def pause(host: Host, uuid: str, job: Job) -> None:
    """Stop the guest's processors; its memory stays."""
    _require_running(host, uuid)
    job.report(0, 0, _("Pausing"))
    with translated():
        host.domain(uuid).suspend()


def resume(host: Host, uuid: str, job: Job) -> None:
    """Let a paused guest go on, or wake one that put itself to sleep."""
    state = _state(host, uuid)
    if state not in (DomainState.PAUSED, DomainState.SUSPENDED):
        raise _wrong_state(_("The machine is not paused."))
    job.report(0, 0, _("Resuming"))
    domain = host.domain(uuid)
    with translated():
        if state is DomainState.SUSPENDED:
            domain.pMWakeup()
        else:
            domain.resume()


def _state(host: Host, uuid: str) -> DomainState:
    info = host.domain_info(uuid)
    if info is None:
        raise OperationError(
            _("This virtual machine does not exist any more."), cause=Cause.NOT_FOUND
        )
    return info.state


def _require_running(host: Host, uuid: str) -> None:
    state = _state(host, uuid)
    if state in (DomainState.PAUSED, DomainState.SUSPENDED):
        raise _wrong_state(_("The machine is paused."), _("Resume it first."))
    if not state.can_be_reached:
        raise _wrong_state(_("The machine is not running."))


def _wrong_state(summary: str, hint: str = "") -> OperationError:
    return OperationError(summary, hint, cause=Cause.WRONG_STATE)


def _exists(path: Path) -> bool:
    """Tell whether ``path`` is there; one that this user may not look at counts as there."""
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError:
        return True
    return True
