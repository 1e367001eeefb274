"""Take measurements in turns, and say what came out: medians, spreads, ratios, and goals met."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

HEAD = (
    "| what | vmdesk | peer | of the peer | ratio | goal | met |",
    "|---|---|---|---|---|---|---|",
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table: what vmdesk took, and what its peer took in the same rounds.

    ``goal`` is the largest ratio to the peer, or the largest figure where there is no peer.
    """

    what: str
    unit: str
    ours: tuple[float, ...]
    peer: str = ""
    theirs: tuple[float, ...] = ()
    goal: float | None = None

    @property
    def ratios(self) -> tuple[float, ...]:
        """Ours to theirs, round by round."""
        pairs = zip(self.ours, self.theirs, strict=True) if self.theirs else ()
        return tuple(ours / theirs for ours, theirs in pairs)

    @property
    def is_met(self) -> bool | None:
        """Whether the goal is met; None without a goal, or without its peer."""
        if self.goal is None or (self.peer and not self.ratios):
            return None
        return median(self.ratios or self.ours) <= self.goal


@dataclass(frozen=True, slots=True)
class Options:
    """How to measure: a quick look or the whole, and the folder for large files."""

    is_quick: bool
    place: Path
    rounds: int = 5


def in_turns(rounds: int, works: Mapping[str, Callable[[], float]]) -> dict[str, tuple[float, ...]]:
    """Let each work measure itself once in each round, another one first each time.

    A disk or a processor that is faster one minute and slower the next is so for all of them.
    """
    names = list(works)
    found: dict[str, list[float]] = {name: [] for name in names}
    for number in range(rounds):
        at = number % len(names)
        for name in names[at:] + names[:at]:
            found[name].append(works[name]())
    return {name: tuple(values) for name, values in found.items()}


def compare(
    what: str,
    found: Mapping[str, tuple[float, ...]],
    peer: str,
    goal: float | None = None,
    unit: str = "s",
) -> Row:
    """Return the row of ``vmdesk`` against one of the peers in what ``in_turns`` has found."""
    return Row(what, unit, found["vmdesk"], peer, found.get(peer, ()), goal)


def table(rows: Iterable[Row]) -> list[str]:
    """Return the lines of a table in Markdown."""
    return [*HEAD, *map(_line, rows)]


def _line(row: Row) -> str:
    theirs = _spread(row.theirs, row.unit) if row.theirs else "–"
    ratio = _spread(row.ratios, "") if row.ratios else "–"
    goal = "–" if row.goal is None else f"≤ {row.goal:g}{'' if row.peer else f' {row.unit}'}"
    met = {True: "yes", False: "**no**", None: "–"}[row.is_met]
    cells = (
        row.what, _spread(row.ours, row.unit), row.peer or "–", theirs, ratio, goal, met,
    )  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _spread(values: tuple[float, ...], unit: str) -> str:
    most, middle, least = max(values), median(values), min(values)
    text = f"{_short(middle)} {unit}".rstrip()
    return text if len(values) == 1 else f"{text} ({_short(least)}–{_short(most)})"


def _short(value: float) -> str:
    if abs(value) >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.3g}"


def save(rows: Iterable[Row], file: Path) -> None:
    """Write rows for the process that makes the table."""
    file.write_text(json.dumps([asdict(row) for row in rows]))


def load(file: Path) -> list[Row]:
    """Read what ``save`` wrote."""
    loaded = json.loads(file.read_text())
    return [Row(**{**row, "ours": (*row["ours"],), "theirs": (*row["theirs"],)}) for row in loaded]
