"""One libvirt with all that vmdesk does on it: its machines, and the tasks that change them."""

from __future__ import annotations

import time
from collections.abc import Collection
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from vmdesk.connection import Connection, ConnectionState, ConnectionStatus
from vmdesk.core import (
    capabilities,
    details,
    folder_state,
    folder_window,
    notification,
    versions,
    viewer,
)
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.last_use import LastUse
from vmdesk.core.operations import create, delete, start_stop
from vmdesk.core.storage import discs, pools
from vmdesk.last_pictures import LastPictures
from vmdesk.models.domain_list_model import DomainListModel, PendingDomain
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.monitor import Monitor
from vmdesk.tasks import Task, TaskRunner
from vmdesk.work import Work

if TYPE_CHECKING:
    from vmdesk.bundles import Bundles
    from vmdesk.checkup import Checkup
    from vmdesk.core.kept_discs import SourceInfo
    from vmdesk.core.operations.create import NewDomain
    from vmdesk.core.operations.delete import DeletionPlan
    from vmdesk.hardware import Hardware
    from vmdesk.transfers import Transfers

PREPARATION_DELAY = 300
"""Milliseconds from the connection to what else is asked: first the machines are shown."""

QUIT_PATIENCE = 1.0
"""Seconds that questions of a kind to one host have to end when vmdesk does."""


class Site(QObject):
    """One connection. It has threads of its own: a host that hangs delays no other.

    The parts for what a user does are loaded and made when they are used first.
    """

    connection_changed = Signal(object)
    """A ``ConnectionStatus``."""
    domain_changed = Signal(object)
    """The UUID of a domain whose row was just brought up to date."""
    failed = Signal(object)
    """A ``Failure``."""
    kvm_failed = Signal(object)
    """A ``Failure`` because KVM does not work: offer ``start(uuid, without_kvm=True)``."""
    shutdown_ignored = Signal(object)
    """The UUID of a domain whose guest did not shut down in time: offer ``force_off``."""
    host_known = Signal(object)
    """The ``Capabilities`` of the host that vmdesk has connected to."""
    use_changed = Signal()
    """Other machines ran last: ``last_use`` tells."""
    start_needed = Signal(object)
    """The UUID of a domain that is off and whose console was asked for: offer ``start``."""
    disc_left_in = Signal(object)
    """The UUID of a domain that has restarted with its installation disc: offer to eject it."""
    cleared_up = Signal(object)
    """A tuple of ``Leftover``: what was broken off when vmdesk died; never empty."""
    left_out = Signal(object)
    """A ``LeftOut``: the user has agreed to an import without knowing this."""

    def __init__(
        self,
        host: Host,
        folders: Folders,
        tasks: TaskListModel,
        last_use: LastUse,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.name = host.uri
        self.is_added = False
        """Whether the user has added it by hand, and may remove it."""
        self.host = host
        self.domains = DomainListModel(host.uri, self)
        self.monitor = Monitor(host, self.domains, self)
        self._work = Work(host, folders, self.domains, tasks, self)
        self._work.failed.connect(self.failed)
        self._work.kvm_failed.connect(self.kvm_failed)
        self.last_pictures = LastPictures(self.domains, self._work.ask, self)
        # One thread, so that a stale snapshot never overwrites a fresh one.
        self._queries = TaskRunner(1, self)
        self._shutdowns: dict[str, QTimer] = {}
        self._connection = Connection(host, self._queries, self.domains, self)
        self._connection.changed.connect(self._show_connection)
        self._connection.domain_changed.connect(self._follow_shutdown)
        self._connection.domain_changed.connect(self.domain_changed)
        self.last_use = last_use
        self._active: frozenset[str] = frozenset()
        self._connection.domain_changed.connect(lambda _uuid: self._note_use())
        self._connection.domain_changed.connect(self.monitor.renew)
        # libvirt has no event for a disk that has grown, or a saved state that is gone.
        self._work.ended.connect(self._connection.refresh)
        self._connection.rebooted.connect(lambda uuid: self.hardware.follow_reboot(uuid))

    @cached_property
    def hardware(self) -> Hardware:
        """What changes machines."""
        from vmdesk.hardware import Hardware

        made = Hardware(self._work, self)
        made.disc_left_in.connect(self.disc_left_in)
        return made

    @cached_property
    def bundles(self) -> Bundles:
        """What exports and imports machines."""
        from vmdesk.bundles import Bundles

        made = Bundles(self._work, self._connection, self)
        made.cleared_up.connect(self.cleared_up)
        made.left_out.connect(self.left_out)
        return made

    @cached_property
    def transfers(self) -> Transfers:
        """What brings machines to other connections."""
        from vmdesk.transfers import Transfers

        return Transfers(self._work, self._connection, self)

    @cached_property
    def checkup(self) -> Checkup:
        """What finds and mends what stands in the way."""
        from vmdesk.checkup import Checkup

        return Checkup(self._work, self)

    @property
    def uri(self) -> str:
        """What tells this connection from others."""
        return self.domains.connection

    @property
    def operations(self) -> TaskRunner:
        """What runs the operations."""
        return self._work.operations

    @property
    def status(self) -> ConnectionStatus:
        """How the connection stands."""
        return self._connection.status

    @property
    def is_connected(self) -> bool:
        """Whether libvirt can be asked now."""
        return self.status.state is ConnectionState.CONNECTED

    @property
    def folders(self) -> Folders:
        """Where discs and new disks are kept."""
        return self._work.folders

    def set_folders(self, folders: Folders) -> None:
        """Keep discs and new disks elsewhere from now on; what runs goes on where it is."""
        self._work.folders = folders

    def reconnect(self) -> None:
        """Connect to libvirt now."""
        self._connection.connect_now()

    def close(self) -> bool:
        """Cancel what runs, wait for it and disconnect, for good.

        Returns whether that was done: questions to a host that hangs are not waited for.
        """
        self._connection.close()
        is_free = all([self._work.shut_down(QUIT_PATIENCE), self.monitor.shut_down(QUIT_PATIENCE)])
        # A host that does not answer is asked even when the connection is closed.
        parting = self.host.close if is_free else None
        is_done = self._queries.shut_down(QUIT_PATIENCE, parting)
        self.last_pictures.keep_all()
        return is_free and is_done

    def retire(self) -> None:
        """Like ``close``, but wait for nobody: a host that hangs must not hold the window up."""
        self._connection.close()
        self.last_pictures.forget_all()
        self.monitor.set_watching(False)
        for runner in (self.operations, self._queries):
            for task in runner.tasks:
                task.cancel()
        self._queries.start(_("Disconnect"), lambda _job: self.host.close())
        self._dismantle()

    def _dismantle(self) -> None:
        runners = (self.operations, self._queries, self._work.questions, self.monitor.runner)
        busy = next((runner.tasks[-1] for runner in runners if runner.tasks), None)
        if busy is None:
            self.deleteLater()
        else:
            busy.finished.connect(self._dismantle)

    def set_in_sight(self, uuids: Collection[str], selected: str) -> None:
        """Tell which rows can be seen, and which domain the details show (or an empty text)."""
        self.monitor.set_in_sight(uuids, selected)
        self.last_pictures.show([*uuids, selected])

    def limits(self, pool: str = "") -> Task:
        """Ask what a new machine can have at most; the task's result is a ``HostLimits``."""
        return self._work.ask(lambda _job: create.limits(self.host, self.folders, pool))

    def pools(self) -> Task:
        """Ask for the storage pools for new disks; the result is a tuple of ``PoolInfo``."""
        return self._work.ask(partial(pools.for_images, self.host))

    def probe(self, source: str) -> Task:
        """Ask what an address holds; the task's result is a ``SourceInfo``."""

        def look(job: Job) -> SourceInfo:
            return discs.probe(self.host, source, self.folders.isos, job)

        return self._work.ask(look)

    def look_at_folder(self, path: Path) -> Task:
        """Ask whether vmdesk can keep files in a folder; the result is a ``FolderState``."""
        return self._work.ask(lambda _job: folder_state.look(path))

    def versions(self) -> Task:
        """Ask what runs the machines; the task's result is a ``Versions``."""
        return self._work.ask(lambda _job: versions.read(self.host))

    def notify(self, summary: str, text: str) -> Task:
        """Show a message on the desktop, if it has a program for that."""
        return self._work.ask(partial(notification.send, summary, text))

    def show_folder(self, folder: Path) -> Task:
        """Show a folder of this computer in the desktop's program for files."""
        return self._work.ask(partial(folder_window.show, folder))

    def details(self, uuid: str) -> Task:
        """Ask for a domain's equipment; the task's result is a ``DomainDetails``."""
        library = self.folders.isos
        return self._work.ask(lambda _job: details.read(self.host, uuid, library))

    def deletion_plan(self, uuid: str) -> Task:
        """Ask what a deletion would take along; the task's result is a ``DeletionPlan``."""
        return self._work.ask(partial(delete.plan, self.host, uuid))

    def create(self, new: NewDomain) -> Task:
        """Make a machine; its row is there at once."""
        self.domains.add_pending(PendingDomain(new.uuid, new.name, new.memory, new.vcpus))
        task = self._work.operate(
            _("Create {name}").format(name=new.name),
            partial(create.run, self.host, new, self.folders),
            new.uuid,
            lambda: self.create(new),
        )
        task.succeeded.connect(lambda _made: self._connection.refresh(new.uuid))
        task.failed.connect(lambda _error: self.domains.remove_pending(new.uuid))
        task.cancelled.connect(lambda: self.domains.remove_pending(new.uuid))
        return task

    def start(self, uuid: str, without_kvm: bool = False) -> Task:
        """Start a machine; ``without_kvm`` has it emulated from now on."""
        run = start_stop.start_without_kvm if without_kvm else start_stop.start
        return self._work.on_domain(_("Start {name}"), run, uuid)

    def shut_down(self, uuid: str) -> Task:
        """Ask the guest to shut down; ``shutdown_ignored`` tells if it does not."""
        task = self._work.on_domain(_("Shut down {name}"), start_stop.shut_down, uuid)
        task.succeeded.connect(lambda _nothing: self._await_shutdown(uuid))
        return task

    def force_off(self, uuid: str) -> Task:
        """Take the power away."""
        return self._work.on_domain(_("Force off {name}"), start_stop.force_off, uuid)

    def reboot(self, uuid: str) -> Task:
        """Ask the guest to restart."""
        return self._work.on_domain(_("Restart {name}"), start_stop.reboot, uuid)

    def pause(self, uuid: str) -> Task:
        """Stop the guest's processors."""
        return self._work.on_domain(_("Pause {name}"), start_stop.pause, uuid)

    def resume(self, uuid: str) -> Task:
        """Let a paused guest go on."""
        return self._work.on_domain(_("Resume {name}"), start_stop.resume, uuid)

    def open_console(self, uuid: str) -> None:
        """Open the screen in virt-viewer, or say that the machine has to be started first."""
        row = self.domains.row(uuid)
        if row is None or row.info is None:
            return
        if not row.is_active:
            self.start_needed.emit(uuid)
            return
        # What is typed there takes less of a processor than what counts as busy.
        self.monitor.renew(uuid)
        title = self._work.titled(_("Open {name}"), uuid)
        open_it = partial(viewer.open_console, self.host.uri, uuid)
        # Without the domain's key: a console can be opened whatever is being done.
        self._work.operate(title, open_it, "", lambda: self.open_console(uuid))

    def delete(self, plan: DeletionPlan, delete_disks: bool, force_off: bool) -> Task:
        """Delete a machine as the user has agreed to it."""
        approved = {file.path for file in plan.deleted} if delete_disks else set()

        def run(job: Job) -> delete.Deleted:
            return delete.run(self.host, plan.uuid, approved, force_off, job)

        title = _("Delete {name}").format(name=plan.name)
        return self._work.operate(
            title, run, plan.uuid, lambda: self.delete(plan, delete_disks, force_off)
        )

    def _show_connection(self, status: ConnectionStatus) -> None:
        if status.state is ConnectionState.CONNECTED:
            self._note_use()
            QTimer.singleShot(PREPARATION_DELAY, self, self._prepare)
        self.connection_changed.emit(status)

    def _prepare(self) -> None:
        """Do what nobody waits for, now that the machines are on the screen."""
        if not self.is_connected:
            return
        # libvirt probes QEMU at the first question, for seconds: have it answered early.
        offered = self._work.ask(lambda _job: capabilities.read(self.host))
        offered.succeeded.connect(self.host_known)
        self.bundles.clear_up()
        self.last_pictures.sweep()

    def _note_use(self) -> None:
        """Take note of what runs, and of what ran until now."""
        rows = self.domains.rows()
        active = frozenset(row.domain.uuid for row in rows if row.is_active)
        if active != self._active:
            self.last_use.note(active | self._active, time.time())
            self._active = active
            self._work.ask(lambda _job: self.last_use.save())
            self.use_changed.emit()

    def _await_shutdown(self, uuid: str) -> None:
        self._stop_waiting(uuid)
        self.domains.set_asked_off(uuid, True)
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(lambda: self._give_up_shutdown(uuid))
        timer.start(round(start_stop.SHUTDOWN_TIMEOUT * 1000))
        self._shutdowns[uuid] = timer

    def _follow_shutdown(self, uuid: str) -> None:
        row = self.domains.row(uuid)
        if row is None or not row.is_active:
            self._stop_waiting(uuid)

    def _give_up_shutdown(self, uuid: str) -> None:
        self._stop_waiting(uuid)
        self.shutdown_ignored.emit(uuid)

    def _stop_waiting(self, uuid: str) -> None:
        timer = self._shutdowns.pop(uuid, None)
        if timer is not None:
            self.domains.set_asked_off(uuid, False)
            timer.stop()
            timer.deleteLater()
