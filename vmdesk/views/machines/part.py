"""The machines of one connection in the order of the list, as far as they are found.

What sorts and finds each row is kept ready. Qt's own sorting proxy asks Python for every
comparison, which takes ten times as long with 1,000 machines as the whole of this.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.models.domain_list_model import DomainListModel, DomainRow
from vmdesk.views.machines.order import SortBy, Sorted, SortKey, examine


@dataclass(slots=True)
class Wanted:
    """What the user wants to see, and in which order: the same for all parts."""

    last_use: Callable[[str], float]
    words: Sequence[str] = ()
    sort_by: SortBy = SortBy.NAME


class Part:
    """Knows places, and nothing of signals. Positions are those in ``domains``."""

    def __init__(self, domains: DomainListModel, wanted: Wanted, name: str = "") -> None:
        self.domains = domains
        self.name = name
        self.status = ConnectionStatus(ConnectionState.CONNECTING)
        self.is_folded = False
        self.shown: list[int] = []
        """Positions, in the order of the list."""
        self._wanted = wanted
        self._known: list[Sorted] = []
        self.renew()

    def __len__(self) -> int:
        return len(self._known)

    def renew(self) -> None:
        """Look at every machine anew, and put all in order."""
        self._known = [self.examine(row) for row in self.domains.rows()]
        self.arrange()

    def arrange(self) -> None:
        """Put the machines that are found in order."""
        words = self._wanted.words
        shown = (p for p, known in enumerate(self._known) if known.has(words))
        self.shown = sorted(shown, key=self._key)

    def examine(self, row: DomainRow) -> Sorted:
        """Return what sorts and finds a row."""
        words = self.domains.state_words(row)
        return examine(row, words, self._wanted.sort_by, self._wanted.last_use)

    def row_of(self, position: int) -> int | None:
        """Return the row in which a machine is shown."""
        row = bisect_left(self.shown, self._key(position), key=self._key)
        # Different machines may compare as equal: “vm1” and “VM1”.
        for candidate in range(row, len(self.shown)):
            if self.shown[candidate] == position:
                return candidate
            if self._key(self.shown[candidate]) != self._key(position):
                break
        return None

    def append(self) -> None:
        """Get to know the next machine, which is not shown yet."""
        self._known.append(self.examine(self.domains.rows()[len(self._known)]))

    def change(self, position: int, known: Sorted) -> None:
        """Know another thing of a machine."""
        self._known[position] = known

    def forget(self, first: int, last: int) -> None:
        """Close the gap that machines have left which are shown no more."""
        del self._known[first : last + 1]
        gone = last - first + 1
        self.shown = [at - gone if at > last else at for at in self.shown]

    def known(self, position: int) -> Sorted:
        """Return what is known of a machine."""
        return self._known[position]

    def is_found(self, known: Sorted) -> bool:
        """Tell whether the user wants to see such a machine."""
        return known.has(self._wanted.words)

    def row_for(self, key: SortKey, without: int | None = None) -> int:
        """Return the row for a machine of this key, ``without`` counting the one that it has."""
        shown = self.shown
        if without is not None:
            shown = shown[:without] + shown[without + 1 :]
        return bisect_left(shown, key, key=self._key)

    def _key(self, position: int) -> SortKey:
        return self._known[position].key
