"""Give a machine another name; its disks, UEFI variables and snapshots stay with it."""

import json
import os
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import disk_users
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations.create import name_problem
from vmdesk.core.operations.definition import Definition

# How libvirt tells QEMU of the variables; the file name is a JSON string.
_NVRAM = re.compile(r'"filename":("(?:[^"\\]|\\.)*"),"node-name":"libvirt-pflash1-storage"')


@dataclass(frozen=True, slots=True)
class Renamed:
    """What a rename did: the disk files that got another name, old and new."""

    old_name: str
    name: str
    files: tuple[tuple[Path, Path], ...]


def problem(host: Host, uuid: str, new_name: str) -> str | None:
    """Say why the machine can't have this name, or return ``None``; for a field to show."""
    if found := name_problem(new_name):
        return found
    with translated():
        others = [d for d in host.connection.listAllDomains() if d.UUIDString() != uuid]
        is_taken = new_name in {domain.name() for domain in others}
    if is_taken:
        return _("There is a machine named “{name}” already.").format(name=new_name)
    return None


def run(host: Host, uuid: str, new_name: str, job: Job, rename_files: bool = False) -> Renamed:
    """Rename a machine that is off, with its disk files if ``rename_files``.

    Only files named after the machine are renamed, and only those that no other machine uses.
    Raises ``OperationError``: invalid value for the name, wrong state for a machine that is
    running or saved, or that has snapshots, which know its files by their names.
    """
    job.report(0, 0, _("Renaming"))
    moves = check(host, uuid, new_name, job, rename_files)
    definition = Definition(host, uuid)
    old_name = definition.edited().name
    if new_name != old_name:
        definition.keep()
        _pin_nvram(host, definition)
        with translated():
            definition.domain.rename(new_name)
    # The old handle has the old name; ask for the machine anew.
    _rename_files(Definition(host, uuid), moves)
    return Renamed(old_name, new_name, tuple(moves.items()))


def check(
    host: Host, uuid: str, new_name: str, job: Job, rename_files: bool = False
) -> dict[Path, Path]:
    """Return the files that ``run`` would rename, or raise what it would raise."""
    if found := problem(host, uuid, new_name):
        raise OperationError(found, cause=Cause.INVALID_VALUE)
    definition = Definition(host, uuid)
    definition.require_off(_("Shut it down to rename it."))
    return _moves(host, uuid, definition, new_name, job) if rename_files else {}


def _pin_nvram(host: Host, definition: Definition) -> None:
    """Write the file of the UEFI variables down where libvirt derives it from the name.

    Otherwise the renamed machine would start with new ones, and forget how to boot its system.
    """
    xml = definition.edited()
    if not xml.is_uefi or xml.nvram:
        return
    with translated():
        command = host.connection.domainXMLToNative("qemu-argv", definition.text)
    if found := _NVRAM.search("\n".join(shlex.split(command))):
        xml.nvram = json.loads(found[1])
        definition.replace(xml)


def _moves(
    host: Host, uuid: str, definition: Definition, new_name: str, job: Job
) -> dict[Path, Path]:
    disk_users.require_here(host)
    with translated():
        has_snapshots = bool(definition.domain.snapshotNum())
    if has_snapshots:
        raise OperationError(
            _("The disk files can’t be renamed: the machine has snapshots."),
            _("Rename the machine alone; its disks keep their files."),
            cause=Cause.WRONG_STATE,
        )
    xml = definition.edited()
    needed = disk_users.files_of_others(host, uuid, job)
    moves = {
        disk.path: disk.path.with_name(new_name + disk.path.name[len(xml.name) :])
        for disk in xml.disks
        if disk.path is not None
        and _is_named_after(disk, xml)
        and disk_users.reason_to_keep(disk, needed) is None
    }
    for target in moves.values():
        if os.path.lexists(target):
            raise OperationError(
                _("The file {path} exists already.").format(path=target),
                _("Choose another name, or rename the machine alone."),
                cause=Cause.INVALID_VALUE,
            )
    return moves


def _is_named_after(disk: DiskDevice, xml: DomainXml) -> bool:
    """Tell ``NAME.qcow2`` and ``NAME-vdb.qcow2`` from the file of a machine named alike."""
    name = disk.path.name if disk.path is not None else ""
    return name.startswith(xml.name) and name[len(xml.name) : len(xml.name) + 1] in ("", ".", "-")


def _rename_files(definition: Definition, moves: dict[Path, Path]) -> None:
    """Rename files and point the machine to them; if that fails, both names are as before."""
    linked: list[Path] = []
    is_done = False
    xml = definition.edited()
    try:
        for source, target in moves.items():
            # A link is exclusive, and leaves the old name until the machine knows the new one.
            target.hardlink_to(source)
            linked.append(target)
        for disk in xml.disks:
            if disk.path in moves:
                disk.move_to(moves[disk.path])
        definition.replace(xml)
        is_done = True
    except OSError as exc:
        raise OperationError(
            _("The machine is renamed, but its disk files are not."),
            _("It works with the old files. Check the permissions of their folder."),
            str(exc),
        ) from exc
    finally:
        for path in moves if is_done else linked:
            path.unlink()
