"""Show a folder in the desktop's program for files."""

import shutil
import tempfile
from pathlib import Path

from vmdesk.core import process
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError

_PROGRAM = "xdg-open"
_MOMENT = 5.0
"""Seconds in which it ends if it has found no program."""


def show(folder: Path, job: Job) -> None:
    """Show a folder. Raises ``OperationError`` with its path where no program does that."""
    with tempfile.TemporaryFile() as words:
        is_there = shutil.which(_PROGRAM) is not None
        if not is_there or process.detach([_PROGRAM, str(folder)], words, _MOMENT, job):
            words.seek(0)
            raise OperationError(
                _("No program for folders was found on this computer."),
                _("Install a file manager. The folder is {folder}.").format(folder=folder),
                f"{folder}\n{words.read().decode(errors='replace')}".strip(),
            )
