"""What the list is sorted by, and what sorts and finds one machine."""

import enum
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from vmdesk.core.host import DomainState
from vmdesk.core.natural_order import NaturalKey, natural_key
from vmdesk.models.domain_list_model import DomainRow

SortKey = tuple[float, NaturalKey]

_STATES = (
    DomainState.RUNNING,
    DomainState.BLOCKED,
    DomainState.SHUTDOWN,
    DomainState.PAUSED,
    DomainState.SUSPENDED,
    DomainState.CRASHED,
    DomainState.SHUTOFF,
)
_RANKS = {state: rank for rank, state in enumerate(_STATES)}


class SortBy(enum.Enum):
    """What the list is sorted by; the value is what the settings keep."""

    NAME = "name"
    STATE = "state"
    CPU = "cpu"
    """The busiest first."""
    USE = "use"
    """What runs first, then what ran last."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """What is known of a row for its place: what sorts it, and the text it is found by."""

    key: SortKey
    text: str

    def has(self, words: Sequence[str]) -> bool:
        """Tell whether every one of these casefolded words is found."""
        return all(word in self.text for word in words)


def examine(
    row: DomainRow, state_text: str, sort_by: SortBy, last_use: Callable[[str], float]
) -> Sorted:
    """Return what sorts and finds a row; ``last_use`` tells seconds since 1970 by UUID."""
    note = row.info.note if row.info is not None else ""
    text = f"{row.domain.name}\n{state_text}\n{note}".casefold()
    return Sorted((_rank(row, sort_by, last_use), natural_key(row.domain.name)), text)


def _rank(row: DomainRow, sort_by: SortBy, last_use: Callable[[str], float]) -> float:
    state = row.info.state if row.info is not None else None
    is_active = state is not None and state.is_active
    match sort_by:
        case SortBy.STATE:
            return -1 if state is None else _RANKS.get(state, -1)
        case SortBy.CPU if is_active:
            return -(row.cpu_history[-1] if row.cpu_history else 0.0)
        case SortBy.USE:
            return float("-inf") if is_active else -last_use(row.domain.uuid)
        case SortBy.CPU:
            return 1.0
    return 0.0
