"""What can be done next with what a finished operation has made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices

from vmdesk.core.i18n import _
from vmdesk.core.operations.export import ExportResult
from vmdesk.tasks import Task


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A link beside a finished operation; ``tip`` says more than its text."""

    text: str
    tip: str
    run: Callable[[], object]


def follow_up_of(task: Task) -> FollowUp | None:
    """Return what a task's line offers, or ``None``."""
    match task.result:
        case ExportResult(path=path, notes=notes):
            tip = "\n".join((str(path), *notes))
            return FollowUp(_("Show in folder"), tip, lambda: _show(path.parent))
    return None


def _show(folder: Path) -> None:
    QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))
