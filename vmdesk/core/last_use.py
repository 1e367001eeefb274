"""When each machine ran last, as far as vmdesk has seen it: kept from one session to the next."""

import json
from collections.abc import Iterable
from pathlib import Path
from threading import Lock

MOST = 5000
"""Machines that are remembered; those that ran longest ago are forgotten first."""


class LastUse:
    """Times in seconds since 1970, by the machines' UUIDs."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._times = _read(file)
        self._saving = Lock()

    def __getitem__(self, uuid: str) -> float:
        return self._times.get(uuid, 0.0)

    def note(self, uuids: Iterable[str], now: float) -> None:
        """Take note that these machines run at this moment."""
        self._times.update(dict.fromkeys(uuids, now))

    def save(self) -> None:
        """Write all of it; what is on the disk is always whole. Raises ``OSError``."""
        # Two threads may be told to save: what is newer is to be written later.
        with self._saving:
            newest = sorted(self._times.items(), key=lambda item: -item[1])[:MOST]
            self._file.parent.mkdir(parents=True, exist_ok=True)
            part = self._file.with_suffix(".part")
            part.write_text(json.dumps(dict(newest)), encoding="utf-8")
            part.replace(self._file)


def _read(file: Path) -> dict[str, float]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}  # none yet, or a damaged one: it begins anew
    items = found.items() if isinstance(found, dict) else ()
    return {uuid: float(time) for uuid, time in items if isinstance(time, int | float)}
