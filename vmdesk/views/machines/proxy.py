"""Which machines the list shows, and in which order: a section for each connection."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager

from PySide6.QtCore import (
    QAbstractListModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QTimer,
    Signal,
)

from vmdesk.connection import ConnectionStatus
from vmdesk.core.domain_key import DomainKey
from vmdesk.models.domain_list_model import DomainListModel, DomainRole
from vmdesk.views.machines.dragging import MACHINE, machine_to_drag
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.part import Part, Wanted
from vmdesk.views.machines.section import Section

Index = QModelIndex | QPersistentModelIndex

CPU_INTERVAL = 3000
"""Milliseconds after which rows that are sorted by CPU take their new places: no list is of use
whose rows never rest."""
_FEW = 20
"""Rows that are moved one by one; of more, all are put in order anew."""
_UNRELATED = {DomainRole.PICTURE, DomainRole.CPU_HISTORY}
"""Roles that change neither the place of a row nor whether it is shown at once."""


class DomainProxy(QAbstractListModel):
    """Filters by words in name, state and note, and sorts as people do: vm2 before vm10.

    With two connections or more, each section has a header row, and can be folded.
    """

    counted = Signal()
    """There are more machines or fewer, whether they are shown or not."""

    def __init__(
        self,
        last_use: Callable[[str], float] = lambda _uuid: 0.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._wanted = Wanted(last_use)
        self._parts: list[Part] = []
        self._count = 0
        self._headers: dict[int, Part] = {}
        """By row. Like the number of rows, Qt asks for it at each row when it lays them out."""
        self._followers: dict[str, _Follower] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(CPU_INTERVAL)
        self._timer.timeout.connect(self.renew)

    @property
    def sort_by(self) -> SortBy:
        """What the list is sorted by."""
        return self._wanted.sort_by

    @property
    def is_filtered(self) -> bool:
        """Whether the user looks for something."""
        return bool(self._wanted.words)

    @property
    def count(self) -> int:
        """How many machines there are, whether they are shown or not."""
        return sum(map(len, self._parts))

    @property
    def has_headers(self) -> bool:
        """Whether there are sections: with one connection, nobody needs its name."""
        return len(self._parts) > 1

    def add(self, domains: DomainListModel, name: str = "") -> None:
        """Show one more section with the machines of a connection."""
        part = Part(domains, self._wanted, name)
        with self._arranging():
            self._parts.append(part)
        self._followers[domains.connection] = _Follower(part, self)
        self.counted.emit()

    def remove(self, connection: str) -> None:
        """Show a section no longer."""
        self._followers.pop(connection).end()
        with self._arranging():
            self._parts = [p for p in self._parts if p.domains.connection != connection]
        self.counted.emit()

    def set_header(self, connection: str, name: str, status: ConnectionStatus) -> None:
        """Say what a section is called, and how its connection stands."""
        for part in self._of(connection):
            part.name, part.status = name, status
            self._tell_header(part)

    @property
    def folded(self) -> frozenset[str]:
        """The connections whose machines are not shown."""
        return frozenset(part.domains.connection for part in self._parts if part.is_folded)

    def set_folded(self, connection: str, is_folded: bool) -> None:
        """Hide or show the machines of a section."""
        for part in self._of(connection):
            with self._arranging():
                part.is_folded = is_folded

    def set_filter(self, text: str) -> None:
        """Show the machines that have every word of ``text`` in their name, state or note.

        Meanwhile no section is folded, and one without such a machine is not shown.
        """
        words = text.casefold().split()
        if words != self._wanted.words:
            with self._arranging():
                self._wanted.words = words
                for part in self._parts:
                    part.arrange()

    def set_sort_by(self, sort_by: SortBy) -> None:
        """Sort by something else."""
        if sort_by is not self.sort_by:
            self._wanted.sort_by = sort_by
            self.renew()
            if sort_by is SortBy.CPU:
                self._timer.start()
            else:
                self._timer.stop()

    def renew(self) -> None:
        """Look at every machine anew, and put all in order."""
        with self._arranging():
            for part in self._parts:
                part.renew()

    def index_of(self, key: DomainKey) -> QModelIndex:
        """Return the index of a machine's row, or of a header, invalid if it is not shown."""
        for part in self._of(key.connection):
            if not key.uuid:
                return self.index(self._start(part) - 1) if self._has_header(part) else _NOWHERE
            source = part.domains.index_of(key.uuid)
            row = part.row_of(source.row()) if source.isValid() else None
            if row is not None and self._is_open(part):
                return self.index(self._start(part) + row)
        return _NOWHERE

    def first(self) -> DomainKey | None:
        """Return the first machine that is shown, or else the first header."""
        for part in self._parts:
            if part.shown and self._is_open(part):
                return part.domains.key(part.domains.rows()[part.shown[0]].domain.uuid)
        headers = (part.domains.key("") for part in self._parts if self._has_header(part))
        return next(headers, None)

    def header_at(self, row: int) -> Section | None:
        """Return what a row tells of a connection, if it is a header."""
        part = self._headers.get(row)
        return None if part is None else self._section(part)

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of rows, headers included."""
        return 0 if parent.isValid() else self._count

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what ``role`` asks of a machine or of a section."""
        row = index.row() if self.checkIndex(index, self.CheckIndexOption.IndexIsValid) else -1
        for part in self._parts:
            if row < 0:
                break
            if row < (length := self._length(part)):
                position = row - self._has_header(part)
                if position < 0:
                    return self._section(part).data(role)
                return part.domains.data(part.domains.index(part.shown[position]), role)
            row -= length
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Let machines be dragged: to another section."""
        flags = super().flags(index)
        is_machine = self.has_headers and index.isValid() and self.header_at(index.row()) is None
        return flags | Qt.ItemFlag.ItemIsDragEnabled if is_machine else flags

    def mimeTypes(self) -> list[str]:
        """Return the type of what is dragged."""
        return [MACHINE]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return what a drag of the first of these carries."""
        return machine_to_drag(indexes[0].data(DomainRole.KEY))

    def insert(self, part: Part, first: int, last: int) -> None:
        """Take in machines of a connection."""
        if last - first >= _FEW or first < len(part):
            with self._arranging():
                part.renew()
        else:
            for position in range(first, last + 1):
                part.append()
                self._show_row(part, position)
            self._tell_header(part)
        self.counted.emit()

    def hide(self, part: Part, first: int, last: int) -> None:
        """Let machines of a connection go that are still there."""
        for position in range(first, last + 1):
            self._hide_row(part, position)

    def forget(self, part: Part, first: int, last: int) -> None:
        """Follow the places of those that are left."""
        part.forget(first, last)
        self._tell_header(part)
        self.counted.emit()

    def change(self, part: Part, first: int, last: int, roles: list[int]) -> None:
        """Show machines as they are now."""
        if not roles or not _UNRELATED.issuperset(roles):
            if last - first >= _FEW:
                with self._arranging():
                    part.renew()
            else:
                for position in range(first, last + 1):
                    self._place_anew(part, position)
        for position in range(first, last + 1):
            row = part.row_of(position)
            if row is not None and self._is_open(part):
                # Each second for each machine that runs: Qt's index() would ask for all lengths.
                index = self.createIndex(self._start(part) + row, 0)
                self.dataChanged.emit(index, index, roles)

    def _of(self, connection: str) -> list[Part]:
        return [part for part in self._parts if part.domains.connection == connection]

    def _is_open(self, part: Part) -> bool:
        return not self.has_headers or not part.is_folded or self.is_filtered

    def _has_header(self, part: Part) -> bool:
        return self.has_headers and (bool(part.shown) or not self.is_filtered)

    def _length(self, part: Part) -> int:
        return self._has_header(part) + (len(part.shown) if self._is_open(part) else 0)

    def _start(self, part: Part) -> int:
        """Return the row of the first machine of a part."""
        before = self._parts[: self._parts.index(part)]
        return sum(map(self._length, before)) + self._has_header(part)

    def _measure(self) -> None:
        """Keep up with parts that have become longer or shorter."""
        self._count, self._headers = 0, {}
        for part in self._parts:
            if self._has_header(part):
                self._headers[self._count] = part
            self._count += self._length(part)

    def _section(self, part: Part) -> Section:
        is_folded = not self._is_open(part)
        key = part.domains.key("")
        return Section(key, part.name, part.status, len(part), is_folded)

    def _tell_header(self, part: Part) -> None:
        if part in self._parts and self._has_header(part):
            index = self.index(self._start(part) - 1)
            self.dataChanged.emit(index, index)

    @contextmanager
    def _arranging(self) -> Iterator[None]:
        """Put rows in order inside, and keep every index on its machine."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        keys = [index.data(DomainRole.KEY) for index in before]
        yield
        self._measure()
        self.changePersistentIndexList(before, [self.index_of(key) for key in keys])
        self.layoutChanged.emit()

    def _show_row(self, part: Part, position: int) -> None:
        known = part.known(position)
        if not part.is_found(known):
            return
        row = part.row_for(known.key)
        if not self._is_open(part):
            part.shown.insert(row, position)
        elif self.has_headers and not self._has_header(part):
            with self._arranging():  # its header comes along
                part.shown.insert(row, position)
        else:
            at = self._start(part) + row
            self.beginInsertRows(QModelIndex(), at, at)
            part.shown.insert(row, position)
            self._measure()
            self.endInsertRows()

    def _hide_row(self, part: Part, position: int) -> None:
        row = part.row_of(position)
        if row is None:
            return
        if not self._is_open(part):
            del part.shown[row]
            return
        at = self._start(part) + row
        goes_with_header = self.is_filtered and self.has_headers and len(part.shown) == 1
        self.beginRemoveRows(QModelIndex(), at - goes_with_header, at)
        del part.shown[row]
        self._measure()
        self.endRemoveRows()

    def _place_anew(self, part: Part, position: int) -> None:
        """Show, hide or move a row that is another now."""
        before = part.known(position)
        after = part.examine(part.domains.rows()[position])
        if before == after:
            return
        row = part.row_of(position)
        if row is None or not part.is_found(after):
            self._hide_row(part, position)
            part.change(position, after)
            self._show_row(part, position)
            return
        target = part.row_for(after.key, without=row)
        part.change(position, after)
        if target == row:
            return
        is_open, start = self._is_open(part), self._start(part)
        if is_open:
            # Qt counts the place that the row leaves.
            to = start + target + (target > row)
            self.beginMoveRows(QModelIndex(), start + row, start + row, QModelIndex(), to)
        del part.shown[row]
        part.shown.insert(target, position)
        if is_open:
            self.endMoveRows()


class _Follower(QObject):
    """Hears what the machines of one part do, for as long as there is a list."""

    def __init__(self, part: Part, proxy: DomainProxy) -> None:
        super().__init__(proxy)
        self._part = part
        self._proxy = proxy
        domains = part.domains
        domains.rowsInserted.connect(self._insert)
        domains.rowsAboutToBeRemoved.connect(self._hide)
        domains.rowsRemoved.connect(self._forget)
        domains.dataChanged.connect(self._change)

    def end(self) -> None:
        """Hear no more."""
        domains = self._part.domains
        domains.rowsInserted.disconnect(self._insert)
        domains.rowsAboutToBeRemoved.disconnect(self._hide)
        domains.rowsRemoved.disconnect(self._forget)
        domains.dataChanged.disconnect(self._change)
        self.deleteLater()

    def _insert(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._proxy.insert(self._part, first, last)

    def _hide(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._proxy.hide(self._part, first, last)

    def _forget(self, _parent: QModelIndex, first: int, last: int) -> None:
        self._proxy.forget(self._part, first, last)

    def _change(self, first: QModelIndex, last: QModelIndex, roles: Iterable[int] = ()) -> None:
        self._proxy.change(self._part, first.row(), last.row(), list(roles))


_NOWHERE = QModelIndex()
