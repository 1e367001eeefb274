"""Apply what a user changed in a dialog of properties, in one go and refusals first."""

from dataclasses import dataclass

from vmdesk.core.host import Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Job
from vmdesk.core.operations import changes as possible
from vmdesk.core.operations import disk_size, modify, properties, rename
from vmdesk.core.operations.changes import Changes, Field
from vmdesk.core.operations.definition import Definition
from vmdesk.core.operations.modify import Applied


@dataclass(frozen=True, slots=True)
class Edit:
    """What to change: settings, the name (``None`` keeps it), and sizes in bytes by disk target.

    ``changes.base`` says which description the user looked at.
    """

    changes: Changes
    name: str | None = None
    rename_files: bool = False
    sizes: tuple[tuple[str, int], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to change."""
        no_fields = all(getattr(self.changes, field.value) is None for field in Field)
        return no_fields and self.name is None and not self.sizes


def run(host: Host, uuid: str, edit: Edit, job: Job) -> Applied:
    """Apply ``edit`` and say which fields have effect now and which from the next start.

    Raises ``OperationError`` before anything is written: wrong state if the description is not
    the user's any more or a rename needs the machine off, invalid value for a name, a figure or
    a size that can't be.
    """
    _check(host, uuid, edit, job)
    # The disks first: another machine may use one, which is found out only now.
    for target, size in edit.sizes:
        disk_size.grow(host, uuid, target, size, job)
    applied = modify.run(host, uuid, edit.changes, job)
    if edit.name is not None:
        rename.run(host, uuid, edit.name, job, edit.rename_files)
    return applied


def _check(host: Host, uuid: str, edit: Edit, job: Job) -> None:
    found = Definition(host, uuid, edit.changes.base)
    possible.check(host, found.edited(), edit.changes)
    if edit.name is not None:
        rename.check(host, uuid, edit.name, job, edit.rename_files)
    if edit.sizes:
        disks = {disk.target: disk for disk in properties.read(host, uuid).disks}
        for target, size in edit.sizes:
            present = disks[target].virtual_size if target in disks else None
            qemu_img.refuse_less(present or 0, size)
