"""The format of vmdesk's own files: older ones are migrated, those of a newer vmdesk left alone.

Each folder of such files says in a file named ``format`` which one they are in: a number that
counts up with each change that an older vmdesk would not understand. A number for all of a folder
covers also what can't carry one, such as the XML of the history and the settings of Qt.
"""

import fcntl
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

from vmdesk.core import paths
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError

NAME = "format"
FIRST = 1
"""What files are in that say nothing: vmdesk did not say it at first."""

Step = Callable[[Path], None]
"""Migrates the files of a folder by one format. It may be broken off, and is then done again."""

STEPS: Sequence[Step] = ()
"""The first leads from format 1 to 2, and so on."""

_log = logging.getLogger(__name__)


def admit_all() -> None:
    """Admit the folders of settings, data (the history is there) and state (the journals)."""
    for folder in (paths.config_dir(), paths.data_dir(), paths.state_dir()):
        try:
            admit(folder)
        except OSError as exc:
            # Who can't write there can't spoil anything either.
            _log.warning("The format of the files in %s can't be noted: %s", folder, exc)


def admit(folder: Path, steps: Sequence[Step] = STEPS) -> None:
    """Bring the files of a folder, which is made if needed, to the present format.

    Raises ``OperationError`` if a newer vmdesk has written them: then nothing was touched.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mark = folder / NAME
    present = FIRST + len(steps)
    if _said(mark, folder) == present:
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Another start may be at it; then there is nothing left to do for this one.
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        found = _said(mark, folder) or FIRST
        if found > present:
            raise _newer(folder, found)
        for number in range(found, present):
            steps[number - FIRST](folder)
            _say(mark, number + 1)
        _say(mark, present)
    finally:
        os.close(descriptor)


def _said(mark: Path, folder: Path) -> int | None:
    try:
        text = mark.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return None
    if not text.isdecimal() or int(text) < FIRST:
        raise _newer(folder, text[:20])
    return int(text)


def _say(mark: Path, number: int) -> None:
    part = mark.with_name(f"{NAME}.part")
    part.write_text(f"{number}\n", encoding="utf-8")
    part.replace(mark)


def _newer(folder: Path, found: int | str) -> OperationError:
    return OperationError(
        _("A newer vmdesk has been here, and this one does not understand what it has kept."),
        _("Update vmdesk. Nothing was changed in {folder}.").format(folder=folder),
        f"{folder / NAME}: {found}",
    )
