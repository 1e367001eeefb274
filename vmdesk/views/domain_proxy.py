"""Which machines the list shows, and in which order."""

import enum
import re
from functools import lru_cache

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QSortFilterProxyModel, Qt

from vmdesk.core.host import DomainState
from vmdesk.models.domain_list_model import DomainRole

Index = QModelIndex | QPersistentModelIndex

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


class DomainProxy(QSortFilterProxyModel):
    """Filters by a substring of name or state and sorts as people do: vm2 before vm10."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._wanted = ""
        self._sort_by = SortBy.NAME
        self.setSortRole(Qt.ItemDataRole.DisplayRole)
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
            self.invalidateFilter()

    def set_sort_by(self, sort_by: SortBy) -> None:
        """Sort by something else."""
        if sort_by is not self._sort_by:
            self._sort_by = sort_by
            self.setSortRole(
                Qt.ItemDataRole.DisplayRole if sort_by is SortBy.NAME else DomainRole.STATE
            )
            self.invalidate()

    def filterAcceptsRow(self, row: int, parent: Index) -> bool:
        """Tell whether a row has what the user looks for."""
        if not self._wanted:
            return True
        index = self.sourceModel().index(row, 0, parent)
        text = f"{index.data()}\n{index.data(DomainRole.STATE_TEXT)}".casefold()
        return all(word in text for word in self._wanted.split())

    def lessThan(self, left: Index, right: Index) -> bool:
        """Compare two rows by what the user chose, and then by name."""
        if self._sort_by is SortBy.STATE:
            one, other = _state_rank(left), _state_rank(right)
            if one != other:
                return one < other
        return _natural(left.data()) < _natural(right.data())


def _state_rank(index: Index) -> int:
    state = index.data(DomainRole.STATE)
    return _STATE_ORDER.index(state) if state in _STATE_ORDER else -1


@lru_cache(maxsize=4096)
def _natural(name: str) -> tuple[tuple[bool, int, str], ...]:
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts
    )
