"""The controller's part for machines in files: export them, look at files, import them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from vmdesk.connection import Connection
from vmdesk.core import paths
from vmdesk.core.bundle import content
from vmdesk.core.i18n import _
from vmdesk.core.operations import clear_up, export, import_, incoming, start_stop
from vmdesk.models.domain_list_model import PendingDomain, new_uuid
from vmdesk.tasks import Task
from vmdesk.work import Work

if TYPE_CHECKING:
    from vmdesk.core.bundle.untrusted_xml import Dropped
    from vmdesk.core.operations.export import ExportOptions
    from vmdesk.core.operations.incoming import ImportResult, Preview
    from vmdesk.core.staging import Leftover


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a machine came without that nobody could know before the whole file was read."""

    name: str
    dropped: tuple[Dropped, ...]


@dataclass(frozen=True, slots=True)
class ImportWish:
    """What the user agreed to: the machine of a preview, under a name, its disks in a pool."""

    preview: Preview
    name: str
    same_identity: bool = False
    start: bool = False
    pool: str = ""


class Bundles(QObject):
    """Exports and imports on one host."""

    cleared_up = Signal(object)
    """A tuple of ``Leftover``: what was broken off when vmdesk died; never empty."""

    left_out = Signal(object)
    """A ``LeftOut``: the user has agreed to an import without knowing this."""

    def __init__(self, work: Work, connection: Connection, parent: QObject) -> None:
        super().__init__(parent)
        self._work = work
        self._connection = connection

    def survey(self, uuid: str) -> Task:
        """Ask what an export would take along; the task's result is a ``Survey``."""
        return self._work.ask(partial(export.survey, self._work.host, uuid))

    def export_folder(self, last: str) -> Task:
        """Ask where exports go: to the ``last`` folder if it is there, else to the desktop."""
        return self._work.ask(
            lambda _job: Path(last) if last and Path(last).is_dir() else paths.desktop_dir()
        )

    def place(self, path: Path) -> Task:
        """Ask what is where an export is to go; the task's result is a ``Place``."""
        return self._work.ask(partial(export.look_at_place, path))

    def export(self, uuid: str, target: Path, options: ExportOptions) -> Task:
        """Write a machine that is off into a file; the task's result is an ``ExportResult``."""
        return self._work.operate(
            self._work.titled(_("Export {name}"), uuid),
            partial(export.run, self._work.host, uuid, target, options),
            uuid,
            lambda: self.export(uuid, target, options),
        )

    def identify(self, path: Path) -> Task:
        """Ask what a file is, by its content; the task's result is a ``Content``."""
        return self._work.ask(lambda _job: content.identify(path))

    def preview(self, path: Path, pool: str = "") -> Task:
        """Ask what an import would make; the task's result is a ``Preview``."""
        options = incoming.ImportOptions(self._work.folders.disks, pool=pool)
        return self._work.ask(partial(import_.preview, self._work.host, path, options))

    def verify(self, path: Path, pool: str = "") -> Task:
        """Like ``preview``, but read and check the whole file."""
        options = incoming.ImportOptions(self._work.folders.disks, pool=pool)
        return self._work.ask(partial(import_.verify, self._work.host, path, options))

    def import_(self, wish: ImportWish) -> Task:
        """Make the machine of a preview; its row is there at once.

        The task's result is an ``ImportResult``.
        """
        preview, name = wish.preview, wish.name
        uuid = self._uuid_for(preview, wish.same_identity)
        self._work.domains.add_pending(PendingDomain(uuid, name, preview.memory_kib, preview.vcpus))
        options = incoming.ImportOptions(
            self._work.folders.disks, name, wish.same_identity, uuid=uuid, pool=wish.pool
        )
        task = self._work.operate(
            _("Import {name}").format(name=name),
            partial(import_.run, self._work.host, preview.path, options),
            uuid,
            lambda: self.import_(wish),
        )
        task.succeeded.connect(lambda made: self._show(uuid, made, wish.start))
        task.succeeded.connect(lambda made: self._compare(preview, made))
        task.failed.connect(lambda _error: self._withdraw(uuid))
        task.cancelled.connect(lambda: self._work.domains.remove_pending(uuid))
        return task

    def clear_up(self) -> None:
        """Clear away what was broken off, without a word unless there was something."""
        task = self._work.ask(lambda job: clear_up.run(self._work.host, job))
        task.succeeded.connect(self._tell_of)

    def _uuid_for(self, preview: Preview, same_identity: bool) -> str:
        own = preview.identity if same_identity else None
        return own if own and self._work.domains.row(own) is None else new_uuid()

    def _show(self, pending: str, made: ImportResult, start: bool) -> None:
        # While it waited, somebody else may have taken the UUID.
        if made.uuid != pending:
            self._work.domains.remove_pending(pending)
        self._connection.refresh(made.uuid)
        if start:
            # Not a part of the import: if the start fails, the machine is there all the same.
            self._work.on_domain(_("Start {name}"), start_stop.start, made.uuid)

    def _compare(self, preview: Preview, made: ImportResult) -> None:
        unknown = tuple(item for item in made.dropped if item not in preview.dropped)
        if unknown:
            self.left_out.emit(LeftOut(made.name, unknown))

    def _withdraw(self, uuid: str) -> None:
        self._work.domains.remove_pending(uuid)

    def _tell_of(self, leftovers: tuple[Leftover, ...]) -> None:
        if leftovers:
            self.cleared_up.emit(leftovers)
