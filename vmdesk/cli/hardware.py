"""The commands that change machines: memory, CPUs, disk, name, discs, and going back."""

from pathlib import Path
from time import localtime, strftime

from vmdesk.cli.command import Commands, Context, amount
from vmdesk.cli.output import Result
from vmdesk.core import details, history
from vmdesk.core.domain import difference
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.host import DomainInfo
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.operations import definition, disk_size, eject, modify, rename, revert
from vmdesk.core.operations.changes import Changes
from vmdesk.core.operations.eject import DriveChange


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    change = commands.add("modify", _modify, _("change a machine"), takes_name=True)
    change.add_argument("--memory", type=int, metavar="MIB")
    change.add_argument("--vcpus", type=int, metavar="N")
    change.add_argument("--disk-size", type=amount, metavar="GIB", help=_("grow a disk to this"))
    change.add_argument("--disk", metavar="TARGET", help=_("which disk; default: the first"))
    change.add_argument("--rename", metavar="NEW", help=_("give it another name; off only"))
    change.add_argument(
        "--live", action="store_true", help=_("change a running machine at once where it can be")
    )
    commands.add("eject", _eject, _("take the installation disc out"), takes_name=True)
    insert = commands.add("insert", _insert, _("put an installation disc in"), takes_name=True)
    insert.add_argument("--iso", required=True, metavar="URL|PATH")
    commands.add("history", _history, _("list earlier versions of a machine"), takes_name=True)
    back = commands.add("revert", _revert, _("bring an earlier version back"), takes_name=True)
    back.add_argument("number", type=int, metavar="N")


def _modify(context: Context) -> Result:
    arguments = context.arguments
    info = context.domain()
    if all(v is None for v in (arguments.memory, arguments.vcpus, arguments.disk_size)) and (
        arguments.rename is None
    ):
        raise OperationError(
            _("There is nothing to change."),
            _("Say what: --memory, --vcpus, --disk-size or --rename."),
            cause=Cause.INVALID_VALUE,
        )
    _check_rename(context, info)
    data: dict[str, object] = {"modified": info.name, "uuid": info.uuid}
    if arguments.memory is not None or arguments.vcpus is not None:
        applied = modify.run(context.host, info.uuid, _changes(context), context.job)
        data["now"] = sorted(field.value for field in applied.now)
        data["next_start"] = sorted(field.value for field in applied.next_start)
    if arguments.disk_size is not None:
        target = arguments.disk or _first_disk(context, info)
        size = int(arguments.disk_size * GIB)
        grown = disk_size.grow(context.host, info.uuid, target, size, context.job)
        data["disk"] = {"target": target, "before": grown.before, "after": grown.after}
    if arguments.rename is not None:
        renamed = rename.run(context.host, info.uuid, arguments.rename, context.job)
        data["modified"] = renamed.name
    return Result(_summary(data), data)


def _summary(data: dict[str, object]) -> str:
    text = _("Changed “{name}”.").format(name=data["modified"])
    if data.get("next_start"):
        text += " " + _("It has effect from the next start.")
    return text


def _check_rename(context: Context, info: DomainInfo) -> None:
    """Refuse a rename before anything else is changed."""
    name = context.arguments.rename
    if name is None:
        return
    if problem := rename.problem(context.host, info.uuid, name):
        raise OperationError(problem, cause=Cause.INVALID_VALUE)
    if info.state.is_active:
        raise OperationError(
            _("“{name}” must be off to be renamed.").format(name=info.name),
            _("Shut it down first."),
            cause=Cause.WRONG_STATE,
        )


def _changes(context: Context) -> Changes:
    arguments = context.arguments
    memory = None if arguments.memory is None else arguments.memory * MIB // KIB
    return Changes(memory_kib=memory, vcpus=arguments.vcpus, live=arguments.live)


def _first_disk(context: Context, info: DomainInfo) -> str:
    disks = details.read(context.host, info.uuid, context.folders.isos).disks
    if not disks:
        raise OperationError(
            _("“{name}” has no disk.").format(name=info.name), cause=Cause.WRONG_STATE
        )
    return disks[0].target


def _eject(context: Context) -> Result:
    info = context.domain()
    changes = eject.run(context.host, info.uuid, context.job)
    text = _("Ejected.") if changes else _("No disc was in the drive.")
    return _drives_result(info, "ejected", changes, text)


def _insert(context: Context) -> Result:
    info = context.domain()
    library = context.folders.isos
    source = context.arguments.iso
    changes = eject.insert(context.host, info.uuid, source, library, context.job)
    discs = ", ".join(Path(change.disc).name for change in changes if change.disc is not None)
    return _drives_result(info, "inserted", changes, _("Inserted {disc}.").format(disc=discs))


def _drives_result(
    info: DomainInfo, word: str, changes: tuple[DriveChange, ...], text: str
) -> Result:
    drives = [
        {
            "target": change.target,
            "disc": None if change.disc is None else str(change.disc),
            "now": change.is_now,
        }
        for change in changes
    ]
    return Result(text, {word: drives, "name": info.name, "uuid": info.uuid})


def _history(context: Context) -> Result:
    """List what is kept, each with what has changed between it and the version after it."""
    info = context.domain()
    later = definition.read(context.host, info.uuid)
    lines, versions = [], []
    for entry in history.entries(info.uuid):
        text = history.text(info.uuid, entry.number)
        changed = difference.in_words(text, later)
        when = strftime("%Y-%m-%d %H:%M", localtime(entry.saved_at))
        lines.append(f"{entry.number:>4}  {when}  {'; '.join(changed)}")
        versions.append(
            {
                "number": entry.number,
                "saved_at": round(entry.saved_at),
                "changed_then": changed,
            }
        )
        later = text
    return Result("\n".join(lines), {"name": info.name, "uuid": info.uuid, "versions": versions})


def _revert(context: Context) -> Result:
    info = context.domain()
    done = revert.run(context.host, info.uuid, context.arguments.number, context.job)
    data = {
        "reverted": info.name,
        "uuid": info.uuid,
        "number": done.number,
        "changes": list(done.changes),
        "from_next_start": done.from_next_start,
    }
    text = _("“{name}” is as it was in version {number}.")
    lines = [text.format(name=info.name, number=done.number), *done.changes]
    return Result("\n".join(lines), data)
