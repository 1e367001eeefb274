"""The controller's part for machines that go to another connection: copied, moved, or migrated."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from vmdesk.connection import Connection
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.operations import migrate, transfer
from vmdesk.models.domain_list_model import PendingDomain, new_uuid
from vmdesk.tasks import Task
from vmdesk.work import Work

if TYPE_CHECKING:
    from vmdesk.core.operations.migrate import MigrationOptions
    from vmdesk.core.operations.transfer import TransferOptions, TransferResult


@dataclass(frozen=True, slots=True)
class TransferWish:
    """What the user chose: the name there, None for its own, and the pool for its disks.

    A move of what would not be whole there needs ``accepts_losses``.
    """

    name: str | None = None
    pool: str = ""
    accepts_losses: bool = False


class Transfers(QObject):
    """What goes from one host to others."""

    def __init__(self, work: Work, connection: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._connection = connection

    def survey(self, uuid: str, target: Transfers) -> Task:
        """Ask what a machine that is off would be there; the result is a ``TransferPlan``."""
        return self._work.ask(partial(transfer.survey, self._work.host, target._work.host, uuid))

    def survey_live(self, uuid: str, target: Transfers, options: MigrationOptions) -> Task:
        """Ask what keeps a running machine from going there; it gets a ``MigrationSurvey``."""
        hosts = self._work.host, target._work.host
        return self._work.ask(partial(migrate.survey, *hosts, uuid, options))

    def copy(self, uuid: str, target: Transfers, wish: TransferWish) -> Task:
        """Make one there that is like this machine; the task's result is a ``TransferResult``."""
        return self._send(_("Copy {name}"), transfer.copy, uuid, target, wish, new_uuid())

    def move(self, uuid: str, target: Transfers, wish: TransferWish) -> Task:
        """Let a machine be there and no longer here; the task's result is a ``TransferResult``."""
        return self._send(_("Move {name}"), transfer.move, uuid, target, wish, uuid)

    def migrate(self, uuid: str, target: Transfers, options: MigrationOptions) -> Task:
        """Let a running machine go on there; the task's result is a ``MigrationResult``."""
        task = self._work.operate(
            self._work.titled(_("Migrate {name}"), uuid),
            partial(migrate.run, self._work.host, target._work.host, uuid, options),
            uuid,
            lambda: self.migrate(uuid, target, options),
        )
        task.finished.connect(lambda: target._connection.refresh(uuid))
        return task

    def _send(
        self,
        title: str,
        send: Callable[[Host, Host, str, TransferOptions, Job], TransferResult],
        uuid: str,
        target: Transfers,
        wish: TransferWish,
        new_uuid: str,
    ) -> Task:
        options = transfer.TransferOptions(
            target._work.folders.disks, wish.pool, wish.name, new_uuid, wish.accepts_losses
        )
        target._expect(self._work, uuid, new_uuid, wish.name)
        task = self._work.operate(
            self._work.titled(title, uuid),
            partial(send, self._work.host, target._work.host, uuid, options),
            uuid,
            lambda: self._send(title, send, uuid, target, wish, new_uuid),
        )
        task.succeeded.connect(lambda _done: target._connection.refresh(new_uuid))
        task.failed.connect(lambda _error: target._work.domains.remove_pending(new_uuid))
        task.cancelled.connect(lambda: target._work.domains.remove_pending(new_uuid))
        return task

    def _expect(self, source: Work, uuid: str, new_uuid: str, name: str | None) -> None:
        """Show the row of what is on its way, unless a machine there has its UUID."""
        row = source.domains.row(uuid)
        if row is None or row.info is None or self._work.domains.row(new_uuid) is not None:
            return
        pending = PendingDomain(new_uuid, name or row.info.name, row.info.memory, row.info.vcpus)
        self._work.domains.add_pending(pending)
