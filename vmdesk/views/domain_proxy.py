"""Which machines the list shows, and in which order."""

import enum
import re
from dataclasses import dataclass
from functools import lru_cache

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from vmdesk.core.host import DomainState
from vmdesk.models.domain_list_model import Activity, DomainListModel, DomainRole

Index = QModelIndex | QPersistentModelIndex

_Natural = tuple[tuple[bool, int, str], ...]

_FEW = 20
"""Rows that are cheaper to look at one by one."""
_STATE_ORDER = (
    DomainState.RUNNING,
    DomainState.BLOCKED,
    DomainState.SHUTDOWN,
    DomainState.PAUSED,
    DomainState.SUSPENDED,
    DomainState.CRASHED,
    DomainState.SHUTOFF,
)


class SortBy(enum.Enum):
    """What the list is sorted by; the value is what the settings keep."""

    NAME = "name"
    STATE = "state"


@dataclass(frozen=True, slots=True)
class _Words:
    """What sorts and what is found in all rows of one state."""

    rank: int
    text: str


@dataclass(frozen=True, slots=True)
class _Many:
    """What is known of all rows of the source while many of them are sorted."""

    matches: list[bool]
    ranks: list[int]


class DomainProxy(QSortFilterProxyModel):
    """Filters by a substring of name or state and sorts as people do: vm2 before vm10."""

    def __init__(self, domains: DomainListModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._domains = domains
        self._wanted = ""
        self._sort_by = SortBy.NAME
        self._many: _Many | None = None
        self.setSortRole(Qt.ItemDataRole.DisplayRole)
        # Slots run in the order of their connection: before and after those of the base class.
        domains.rowsInserted.connect(self._prepare)
        self.setSourceModel(domains)
        domains.rowsInserted.connect(self._forget)
        self.sort(0)

    @property
    def sort_by(self) -> SortBy:
        """What the list is sorted by."""
        return self._sort_by

    @property
    def is_filtered(self) -> bool:
        """Whether the user looks for something."""
        return bool(self._wanted)

    def set_filter(self, text: str) -> None:
        """Show the machines that have every word of ``text`` in their name or state."""
        wanted = text.casefold().strip()
        if wanted != self._wanted:
            self._wanted = wanted
            self._renew()

    def set_sort_by(self, sort_by: SortBy) -> None:
        """Sort by something else."""
        if sort_by is not self._sort_by:
            self._sort_by = sort_by
            self.setSortRole(
                Qt.ItemDataRole.DisplayRole if sort_by is SortBy.NAME else DomainRole.STATE
            )
            self._renew()

    def index_of(self, uuid: str) -> QModelIndex:
        """Return the index of a machine's row, invalid if it is not shown."""
        return self.mapFromSource(self._domains.index_of(uuid))

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Tell whether a row has what the user looks for."""
        if self._many is not None:
            return self._many.matches[row]
        index = self._domains.index(row, 0, parent)
        return self._has(str(self._domains.data(index)), self._state_text(index))

    def lessThan(self, left: Index, right: Index) -> bool:
        """Compare two rows by what the user chose, and then by name."""
        if self._many is not None:
            return self._many.ranks[left.row()] < self._many.ranks[right.row()]
        return self._key(left) < self._key(right)

    def _key(self, index: Index) -> tuple[int, _Natural]:
        return self._rank(index), _natural(str(self._domains.data(index)))

    def _rank(self, index: Index) -> int:
        if self._sort_by is SortBy.NAME:
            return 0
        state = self._domains.data(index, DomainRole.STATE)
        return _STATE_ORDER.index(state) if state in _STATE_ORDER else -1

    def _state_text(self, index: Index) -> str:
        return str(self._domains.data(index, DomainRole.STATE_TEXT))

    def _has(self, name: str, state: str) -> bool:
        text = f"{name}\n{state}".casefold()
        return all(word in text for word in self._wanted.split())

    def _renew(self) -> None:
        self._many = self._look_at_all()
        self.invalidate()
        self._many = None

    def _prepare(self, _parent: QModelIndex, first: int, last: int) -> None:
        if last - first >= _FEW:
            self._many = self._look_at_all()

    def _forget(self) -> None:
        self._many = None

    def _look_at_all(self) -> _Many:
        """Match and rank every row at once: to ask Qt for each costs ten times as much."""
        rows = self._domains.rows()
        seen: dict[tuple[DomainState | None, Activity | None], _Words] = {}
        words = []
        for position, row in enumerate(rows):
            kind = (row.info.state if row.info is not None else None, row.activity)
            if kind not in seen:
                index = self._domains.index(position)
                seen[kind] = _Words(self._rank(index), self._state_text(index))
            words.append(seen[kind])
        keys = [
            (word.rank, _natural(row.domain.name)) for row, word in zip(rows, words, strict=True)
        ]
        ranks = [0] * len(keys)
        for rank, position in enumerate(sorted(range(len(keys)), key=keys.__getitem__)):
            ranks[position] = rank
        pairs = zip(rows, words, strict=True)
        return _Many([self._has(row.domain.name, word.text) for row, word in pairs], ranks)


@lru_cache(maxsize=4096)
def _natural(name: str) -> _Natural:
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts
    )
