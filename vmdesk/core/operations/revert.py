"""Bring back an earlier description of a machine."""

from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import history
from vmdesk.core.domain import difference
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations.definition import Definition


@dataclass(frozen=True, slots=True)
class Reverted:
    """What was brought back, in words; a running machine has it ``from_next_start``."""

    number: int
    changes: tuple[str, ...]
    from_next_start: bool


def run(host: Host, uuid: str, number: int, job: Job) -> Reverted:
    """Store version ``number`` of the history again; the present one is kept in its turn.

    Names stay as they are, of the machine and of its files: a rename is taken back by another
    rename. Raises ``OperationError``:
    invalid value for a version that is not kept.
    """
    job.report(0, 0, _("Going back to version {number}").format(number=number))
    found = Definition(host, uuid)
    earlier = DomainXml.parse(history.text(uuid, number))
    if earlier.uuid != uuid:
        raise OperationError(
            _("Version {number} belongs to another machine.").format(number=number),
            cause=Cause.BAD_INPUT,
        )
    _keep_names(earlier, found.edited())
    changes = difference.in_words(found.text, earlier.text)
    found.replace(earlier)
    return Reverted(number, tuple(changes), found.is_active)


def _keep_names(earlier: DomainXml, present: DomainXml) -> None:
    earlier.name = present.name
    if earlier.is_uefi and not earlier.nvram and present.nvram:
        # libvirt would look for the UEFI variables under the present name.
        earlier.nvram = present.nvram
    files = {disk.target: disk.path for disk in present.disks if disk.device == "disk"}
    for disk in earlier.disks:
        renamed = files.get(disk.target)
        if disk.device == "disk" and renamed and disk.path and _is_missing(disk.path):
            disk.move_to(renamed)


def _is_missing(path: Path) -> bool:
    """Tell whether a file is gone; one that this user may not look at is not."""
    try:
        path.stat()
    except FileNotFoundError:
        return True
    except OSError:
        return False
    return False
