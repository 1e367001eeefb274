"""Whether files can be kept in a folder, which need not exist yet."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core.i18n import _


@dataclass(frozen=True, slots=True)
class FolderState:
    """What is known of a folder: why nothing can be kept in it, or empty; its free bytes."""

    path: Path
    problem: str
    free_bytes: int
    exists: bool


def look(path: Path) -> FolderState:
    """Look at a folder, or at the one in which it would be made. It may take as long as a disk."""
    existing = next(place for place in (path, *path.parents) if os.path.lexists(place))
    problem = ""
    if not existing.is_dir():
        problem = _("{path} is not a folder.").format(path=existing)
    elif not os.access(existing, os.W_OK | os.X_OK):
        problem = _("You may not write to {path}.").format(path=existing)
    free = shutil.disk_usage(existing).free if not problem else 0
    return FolderState(path, problem, free, existing == path)
