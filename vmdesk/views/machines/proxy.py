"""Which machines the list shows, and in which order.

What sorts and finds each row is kept ready. Qt's own sorting proxy asks Python for every
comparison, which takes ten times as long with 1,000 machines as the whole of this.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable
from typing import Any

from PySide6.QtCore import (
    QAbstractProxyModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QTimer,
)

from vmdesk.models.domain_list_model import DomainListModel, DomainRole, DomainRow
from vmdesk.views.machines.order import SortBy, Sorted, SortKey, examine

Index = QModelIndex | QPersistentModelIndex

CPU_INTERVAL = 3000
"""Milliseconds after which rows that are sorted by CPU take their new places: no list is of use
whose rows never rest."""
_FEW = 20
"""Rows that are moved one by one; of more, all are put in order anew."""
_UNRELATED = {DomainRole.PICTURE, DomainRole.CPU_HISTORY}
"""Roles that change neither the place of a row nor whether it is shown at once."""


class DomainProxy(QAbstractProxyModel):
    """Filters by words in name, state and note, and sorts as people do: vm2 before vm10."""

    def __init__(
        self,
        domains: DomainListModel,
        last_use: Callable[[str], float] = lambda _uuid: 0.0,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._domains = domains
        self._last_use = last_use
        self._wanted: list[str] = []
        self._sort_by = SortBy.NAME
        self._known: list[Sorted] = []
        """By position in the source."""
        self._shown: list[int] = []
        """Positions in the source, in the order of this model."""
        self._timer = QTimer(self)
        self._timer.setInterval(CPU_INTERVAL)
        self._timer.timeout.connect(self.renew)
        self.setSourceModel(domains)
        domains.rowsInserted.connect(self._insert)
        domains.rowsAboutToBeRemoved.connect(self._hide_rows)
        domains.rowsRemoved.connect(self._forget)
        domains.dataChanged.connect(self._change)
        self.renew()

    @property
    def sort_by(self) -> SortBy:
        """What the list is sorted by."""
        return self._sort_by

    @property
    def is_filtered(self) -> bool:
        """Whether the user looks for something."""
        return bool(self._wanted)

    def set_filter(self, text: str) -> None:
        """Show the machines that have every word of ``text`` in their name, state or note."""
        wanted = text.casefold().split()
        if wanted != self._wanted:
            self._wanted = wanted
            self._arrange()

    def set_sort_by(self, sort_by: SortBy) -> None:
        """Sort by something else."""
        if sort_by is not self._sort_by:
            self._sort_by = sort_by
            self.renew()
            if sort_by is SortBy.CPU:
                self._timer.start()
            else:
                self._timer.stop()

    def renew(self) -> None:
        """Look at every machine anew, and put all in order."""
        self._known = [self._examine(row) for row in self._domains.rows()]
        self._arrange()

    def index_of(self, uuid: str) -> QModelIndex:
        """Return the index of a machine's row, invalid if it is not shown."""
        return self.mapFromSource(self._domains.index_of(uuid))

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of machines that are shown."""
        return 0 if parent.isValid() else len(self._shown)

    def columnCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return 1: this is a list."""
        return 0 if parent.isValid() else 1

    def hasChildren(self, parent: Index = QModelIndex()) -> bool:  # noqa: B008, N802 - as in Qt
        """Tell whether there is a row."""
        return self.rowCount(parent) > 0

    def index(
        self,
        row: int,
        column: int = 0,
        parent: Index = QModelIndex(),  # noqa: B008 - Qt's own signature
    ) -> QModelIndex:
        """Return the index of a row."""
        is_there = not parent.isValid() and column == 0 and 0 <= row < len(self._shown)
        return self.createIndex(row, column) if is_there else QModelIndex()

    def parent(self, child: Index | None = None) -> Any:
        """Return no index: no row has one above it. Without a ``child``, the owner of this."""
        return super().parent() if child is None else QModelIndex()

    def mapToSource(self, index: Index) -> QModelIndex:  # noqa: N802 - Qt's own name
        """Return the same machine's index in the source."""
        if not index.isValid() or index.row() >= len(self._shown):
            return QModelIndex()
        return self._domains.index(self._shown[index.row()])

    def mapFromSource(self, index: Index) -> QModelIndex:  # noqa: N802 - Qt's own name
        """Return the same machine's index here, invalid if it is not shown."""
        row = self._row_of(index.row()) if index.isValid() else None
        return QModelIndex() if row is None else self.index(row)

    def _examine(self, row: DomainRow) -> Sorted:
        return examine(row, self._domains.state_words(row), self._sort_by, self._last_use)

    def _key(self, position: int) -> SortKey:
        return self._known[position].key

    def _row_of(self, position: int) -> int | None:
        """Return the row in which the machine at this position of the source is shown."""
        row = bisect_left(self._shown, self._key(position), key=self._key)
        # Different machines may compare as equal: “vm1” and “VM1”.
        for candidate in range(row, len(self._shown)):
            if self._shown[candidate] == position:
                return candidate
            if self._key(self._shown[candidate]) != self._key(position):
                break
        return None

    def _arrange(self) -> None:
        """Put all rows in order, and keep every index on its machine."""
        self.layoutAboutToBeChanged.emit()
        before = self.persistentIndexList()
        positions = [self._shown[index.row()] for index in before]
        wanted = self._wanted
        shown = (p for p, known in enumerate(self._known) if known.has(wanted))
        self._shown = sorted(shown, key=self._key)
        rows = {position: row for row, position in enumerate(self._shown)}
        after = [self.index(rows.get(position, -1)) for position in positions]
        self.changePersistentIndexList(before, after)
        self.layoutChanged.emit()

    def _insert(self, _parent: QModelIndex, first: int, last: int) -> None:
        if last - first >= _FEW or first < len(self._known):
            self.renew()
            return
        for position in range(first, last + 1):
            self._known.append(self._examine(self._domains.rows()[position]))
            self._show_row(position)

    def _show_row(self, position: int) -> None:
        if self._known[position].has(self._wanted):
            row = bisect_left(self._shown, self._key(position), key=self._key)
            self.beginInsertRows(QModelIndex(), row, row)
            self._shown.insert(row, position)
            self.endInsertRows()

    def _hide_row(self, position: int) -> None:
        row = self._row_of(position)
        if row is not None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._shown[row]
            self.endRemoveRows()

    def _hide_rows(self, _parent: QModelIndex, first: int, last: int) -> None:
        for position in range(first, last + 1):
            self._hide_row(position)

    def _forget(self, _parent: QModelIndex, first: int, last: int) -> None:
        del self._known[first : last + 1]
        gone = last - first + 1
        self._shown = [at - gone if at > last else at for at in self._shown]

    def _change(self, first: QModelIndex, last: QModelIndex, roles: Iterable[int] = ()) -> None:
        roles = list(roles)
        if not roles or not _UNRELATED.issuperset(roles):
            if last.row() - first.row() >= _FEW:
                self.renew()
            else:
                for position in range(first.row(), last.row() + 1):
                    self._place_anew(position)
        for position in range(first.row(), last.row() + 1):
            row = self._row_of(position)
            if row is not None:
                self.dataChanged.emit(self.index(row), self.index(row), roles)

    def _place_anew(self, position: int) -> None:
        """Show, hide or move a row that is another now."""
        before = self._known[position]
        after = self._examine(self._domains.rows()[position])
        if before == after:
            return
        row = self._row_of(position)
        if row is None or not after.has(self._wanted):
            self._hide_row(position)
            self._known[position] = after
            self._show_row(position)
            return
        others = self._shown[:row] + self._shown[row + 1 :]
        target = bisect_left(others, after.key, key=self._key)
        self._known[position] = after
        if target != row:
            # Qt counts the place that the row leaves.
            self.beginMoveRows(QModelIndex(), row, row, QModelIndex(), target + (target > row))
            del self._shown[row]
            self._shown.insert(target, position)
            self.endMoveRows()
