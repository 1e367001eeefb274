"""The last picture of each machine outlives vmdesk: one that is off still shows its screen."""

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from PySide6.QtCore import QBuffer, QIODevice, QModelIndex, QObject
from PySide6.QtGui import QImage

from vmdesk.core.job import Job
from vmdesk.core.kept_pictures import KeptPictures
from vmdesk.models.domain_list_model import DomainListModel, DomainRole, DomainRow
from vmdesk.pictures import SMALL, shrunk, unpacked
from vmdesk.tasks import Task

PAUSE = 60.0
"""Seconds between two times that the picture of a running machine is kept."""

Ask = Callable[[Callable[[Job], object]], Task]
"""Runs a function on another thread."""


@dataclass(frozen=True, slots=True)
class _Kept:
    key: int
    """The ``cacheKey`` of the image."""
    at: float


class LastPictures(QObject):
    """Keeps pictures as they come, and shows them for machines that have none yet."""

    def __init__(self, domains: DomainListModel, ask: Ask, parent: QObject) -> None:
        super().__init__(parent)
        self._domains = domains
        self._ask = ask
        self._files = KeptPictures(domains.connection)
        self._kept: dict[str, _Kept] = {}
        self._being_kept: set[str] = set()
        """Machines whose picture is on its way to the disk: the end of vmdesk would cut it off."""
        self._looked_for: set[str] = set()
        domains.dataChanged.connect(self._follow)
        domains.rowsAboutToBeRemoved.connect(self._forget)

    def show(self, uuids: Collection[str]) -> None:
        """Show what is kept of these machines, as far as they are off and have no picture."""
        for uuid in uuids:
            row = self._domains.row(uuid)
            is_off = row is not None and row.info is not None and not row.is_active
            if row is not None and is_off and row.picture is None and uuid not in self._looked_for:
                self._looked_for.add(uuid)
                self._look_for(uuid)

    def sweep(self) -> None:
        """Forget machines that were deleted while vmdesk was not there; all are listed now."""
        uuids = {row.domain.uuid for row in self._domains.rows()}
        self._ask(lambda _job: self._files.sweep(uuids))

    def forget_all(self) -> None:
        """Forget every machine: the user has removed the connection."""
        self._ask(lambda _job: self._files.sweep(()))

    def keep_all(self) -> None:
        """Keep what is not kept yet: vmdesk ends, and no other thread writes any more."""
        for row in self._domains.rows():
            is_due = self._is_new(row) or row.domain.uuid in self._being_kept
            if is_due and row.picture is not None:
                self._files.write(row.domain.uuid, _content(row.picture))

    def _look_for(self, uuid: str) -> None:
        def show(picture: QImage) -> None:
            row = self._domains.row(uuid)
            if row is not None and row.picture is None and not picture.isNull():
                self._kept[uuid] = _Kept(picture.cacheKey(), time.monotonic())
                self._domains.set_picture(uuid, picture)

        task = self._ask(lambda _job: unpacked(self._files.read(uuid), SMALL))
        task.succeeded.connect(show)

    def _follow(self, first: QModelIndex, last: QModelIndex, roles: list[int]) -> None:
        # Statistics come each second for every machine, and tell nothing here.
        if roles and DomainRole.PICTURE not in roles:
            return
        for row in self._domains.rows()[first.row() : last.row() + 1]:
            kept = self._kept.get(row.domain.uuid)
            is_due = kept is None or time.monotonic() - kept.at >= PAUSE
            is_off = row.info is not None and not row.is_active
            if (is_due or is_off) and self._is_new(row) and row.picture is not None:
                self._keep(row.domain.uuid, row.picture)

    def _is_new(self, row: DomainRow) -> bool:
        kept = self._kept.get(row.domain.uuid)
        return row.picture is not None and (kept is None or kept.key != row.picture.cacheKey())

    def _keep(self, uuid: str, picture: QImage) -> None:
        self._kept[uuid] = _Kept(picture.cacheKey(), time.monotonic())
        self._being_kept.add(uuid)
        task = self._ask(lambda _job: self._files.write(uuid, _content(picture)))
        task.succeeded.connect(lambda _nothing: self._being_kept.discard(uuid))

    def _forget(self, _parent: QModelIndex, first: int, last: int) -> None:
        for row in self._domains.rows()[first : last + 1]:
            uuid = row.domain.uuid
            self._kept.pop(uuid, None)
            self._being_kept.discard(uuid)
            self._looked_for.discard(uuid)
            if row.info is not None:
                self._remove(uuid)

    def _remove(self, uuid: str) -> None:
        self._ask(lambda _job: self._files.remove(uuid))


def _content(picture: QImage) -> bytes:
    """Return a picture as a small file."""
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    # PNG needs no plugin, and screens of text are small in it. PySide takes a str, whatever its
    # annotations say.
    shrunk(picture, SMALL).save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())
