"""The commands that bring machines to another connection."""

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

from vmdesk.cli.command import Commands, Context
from vmdesk.cli.output import Result
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.operations import clear_up, migrate, transfer
from vmdesk.core.operations.migrate import MigrationOptions
from vmdesk.core.operations.migration_storage import Storage
from vmdesk.core.operations.transfer import TransferOptions, TransferResult


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    _add_carrying(commands)
    _add_migration(commands)


def _add_carrying(commands: Commands) -> None:
    for word, run, description in (
        ("copy", transfer.copy, _("copy a machine that is off to another connection")),
        ("move", transfer.move, _("move a machine that is off to another connection")),
    ):
        parser = commands.add(word, _carry(word, run), description, takes_name=True)
        parser.add_argument("--to", required=True, metavar="URI", help=_("the other libvirt"))
        parser.add_argument("--name", dest="new_name", metavar="N", help=_("its name there"))
        parser.add_argument("--pool", default="", metavar="P", help=_("the storage pool there"))
        if word == "move":
            parser.add_argument(
                "--force", action="store_true", help=_("also if something of it would be lost")
            )


def _add_migration(commands: Commands) -> None:
    live = commands.add(
        "migrate", _migrate, _("let a running machine go on at another host"), takes_name=True
    )
    live.add_argument("--to", required=True, metavar="URI", help=_("the other libvirt"))
    live.add_argument(
        "--storage",
        choices=[kind.value for kind in Storage],
        default=Storage.AUTO.value,
        help=_("whether both hosts see the same disks; auto copies those that only one sees"),
    )
    live.add_argument(
        "--pool", default="", metavar="NAME", help=_("the storage pool there for copied disks")
    )
    live.add_argument(
        "--max-downtime",
        type=int,
        metavar="MS",
        help=_("milliseconds that the guest may stand still; default: what QEMU thinks right"),
    )
    live.add_argument(
        "--via",
        default="",
        metavar="URI",
        help=_("where the other host is reached for the data: tcp://ADDRESS, unix:///PATH"),
    )
    live.add_argument(
        "--check", action="store_true", help=_("only look what would prevent it; change nothing")
    )


@contextmanager
def _other(context: Context) -> Iterator[Host]:
    host = Host(context.arguments.to, context.host.asking)
    host.open(job=context.job)
    with closing(host):
        yield host


def _carry(
    word: str, run: Callable[[Host, Host, str, TransferOptions, Job], TransferResult]
) -> Callable[[Context], Result]:
    texts = {"copy": _("Copied “{name}” to {uri}."), "move": _("Moved “{name}” to {uri}.")}

    def carry(context: Context) -> Result:
        arguments = context.arguments
        info = context.domain()
        options = TransferOptions(
            folder=context.folders.disks,
            pool=arguments.pool,
            name=arguments.new_name,
            accepts_losses=getattr(arguments, "force", False),
        )
        with _other(context) as target:
            clear_up.run(target, context.job)
            done = run(context.host, target, info.uuid, options, context.job)
        lines = [texts[word].format(name=done.name, uri=arguments.to)]
        lines += [_("  lost: {what}").format(what=what) for what in done.losses]
        lines += [_("  changed: {what}").format(what=what) for what in done.changed]
        lines += [_("  kept here: {what}").format(what=what) for what in done.kept]
        data = dataclasses.asdict(done) | {"to": arguments.to}
        return Result("\n".join(lines), data | {"files": [str(path) for path in done.files]})

    return carry


def _migrate(context: Context) -> Result:
    arguments = context.arguments
    info = context.domain()
    options = MigrationOptions(
        Storage(arguments.storage), arguments.pool, arguments.max_downtime, arguments.via
    )
    with _other(context) as target:
        if arguments.check:
            return _check(context, target, info.uuid, options)
        done = migrate.run(context.host, target, info.uuid, options, context.job)
    text = _("“{name}” runs at {uri} now; it stood still for {time} ms.")
    lines = [text.format(name=done.name, uri=arguments.to, time=done.downtime_ms), *done.notes]
    data = {
        "migrated": done.name,
        "uuid": info.uuid,
        "to": arguments.to,
        "downtime_ms": done.downtime_ms,
        "notes": list(done.notes),
    }
    return Result("\n".join(lines), data)


def _check(context: Context, target: Host, uuid: str, options: MigrationOptions) -> Result:
    found = migrate.survey(context.host, target, uuid, options, context.job)
    lines = [f"{obstacle.what} {obstacle.hint}".strip() for obstacle in found.obstacles]
    data = {
        "name": found.name,
        "obstacles": [{"what": item.what, "hint": item.hint} for item in found.obstacles],
        "notes": list(found.notes),
    }
    return Result("\n".join([*(lines or [_("Nothing prevents it.")]), *found.notes]), data)
