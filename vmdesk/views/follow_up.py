"""What can be done next with what a finished operation has made."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core.i18n import _
from vmdesk.core.operations import create, export, incoming
from vmdesk.tasks import Task


@dataclass(frozen=True, slots=True)
class FollowUp:
    """A link beside a finished operation; ``tip`` says more than its text."""

    text: str
    tip: str
    run: Callable[[], object]


def follow_up_of(
    task: Task, start: Callable[[str], object], show: Callable[[Path], object]
) -> FollowUp | None:
    """Return what a task's line offers, or ``None``.

    ``start`` takes the UUID of a machine, and ``show`` a folder.
    """
    match task.result:
        case (
            create.Created(uuid=uuid, name=name, is_started=False)
            | incoming.ImportResult(uuid=uuid, name=name, is_started=False)
        ):
            tip = _("Switch on “{name}”").format(name=name)
            return FollowUp(_("Start"), tip, lambda: start(uuid))
        case export.ExportResult(path=path, notes=notes):
            tip = "\n".join((str(path), *notes))
            return FollowUp(_("Show in folder"), tip, lambda: show(path.parent))
    return None


def outcome_of(task: Task) -> str:
    """Return what has come of a task where that is a file: its path."""
    return str(task.result.path) if isinstance(task.result, export.ExportResult) else ""
