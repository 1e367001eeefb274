"""The commands that bring machines to another connection."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

from vmdesk.cli.command import Commands, Context
from vmdesk.cli.output import Result
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.operations import migrate
from vmdesk.core.operations.migrate import MigrationOptions
from vmdesk.core.operations.migration_storage import Storage


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
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
    host = Host(context.arguments.to)
    host.open()
    with closing(host):
        yield host


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
