"""The commands about where disks are kept: storage pools, and disks added and taken away."""

from pathlib import Path

from vmdesk.cli.command import Commands, Context, amount
from vmdesk.cli.output import Result
from vmdesk.core import formatting
from vmdesk.core.formatting import GIB
from vmdesk.core.i18n import _
from vmdesk.core.operations import disks
from vmdesk.core.storage import pools
from vmdesk.core.storage.pools import PoolInfo


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    every = commands.add("pools", _pools, _("list the storage pools"), takes_name=False)
    every.add_argument(
        "--start", metavar="POOL", help=_("start a pool, or look anew at what is in it, before")
    )
    add = commands.add("add-disk", _add_disk, _("add a disk to a machine"), takes_name=True)
    what = add.add_mutually_exclusive_group(required=True)
    what.add_argument("--size", type=amount, metavar="GIB", help=_("size of a new disk"))
    what.add_argument("--image", type=Path, metavar="PATH", help=_("a disk image that is there"))
    add.add_argument("--pool", default="", help=_("the storage pool for a new disk"))
    description = _("take a disk out of a machine")
    remove = commands.add("remove-disk", _remove_disk, description, takes_name=True)
    remove.add_argument("target", metavar="TARGET", help=_("its name in the machine, as vdb"))
    remove.add_argument(
        "--delete", action="store_true", help=_("delete its image if nobody else needs it")
    )


def _pools(context: Context) -> Result:
    if context.arguments.start is not None:
        pools.choose(context.host, context.arguments.start, context.job)
    found = pools.every(context.host, context.job)
    width = max((len(pool.name) for pool in found), default=0)
    lines = [f"{pool.name:<{width}}  {_described(pool)}" for pool in found]
    return Result("\n".join(lines), [_plain(pool) for pool in found])


def _described(pool: PoolInfo) -> str:
    if not pool.is_running:
        return f"{pool.state.name.lower():<9}  {pool.path}"
    room = _("{free} of {capacity} free").format(
        free=formatting.size(pool.free), capacity=formatting.size(pool.capacity)
    )
    return f"{pool.state.name.lower():<9}  {pool.path}  {room}"


def _plain(pool: PoolInfo) -> dict[str, object]:
    return {
        "name": pool.name,
        "type": pool.type,
        "state": pool.state.name.lower(),
        "path": str(pool.path),
        "capacity": pool.capacity if pool.is_running else None,
        "free": pool.free if pool.is_running else None,
    }


def _add_disk(context: Context) -> Result:
    arguments, info = context.arguments, context.domain()
    if arguments.image is not None:
        added = disks.add_existing(context.host, info.uuid, arguments.image, context.job)
    else:
        folder, size = context.folders.disks, int(arguments.size * GIB)
        pool = arguments.pool
        added = disks.add_new(context.host, info.uuid, folder, size, context.job, pool)
    data = {
        "name": info.name,
        "uuid": info.uuid,
        "target": added.target,
        "path": str(added.path),
        "now": added.is_now,
    }
    text = _("Added {path} as {target}.").format(path=added.path, target=added.target)
    if not added.is_now:
        text += " " + _("It has effect from the next start.")
    return Result(text, data)


def _remove_disk(context: Context) -> Result:
    arguments, info = context.arguments, context.domain()
    removed = disks.remove(
        context.host, info.uuid, arguments.target, context.job, delete_file=arguments.delete
    )
    data = {
        "name": info.name,
        "uuid": info.uuid,
        "target": removed.target,
        "now": removed.is_now,
        "deleted": None if removed.deleted is None else str(removed.deleted),
        "kept_because": removed.kept_because or None,
    }
    lines = [_("Removed {target}.").format(target=removed.target)]
    if not removed.is_now:
        lines.append(_("It has effect from the next start."))
    if removed.deleted is not None:
        lines.append(_("Deleted {path}.").format(path=removed.deleted))
    if removed.kept_because:
        lines.append(_("Its image is kept: {reason}.").format(reason=removed.kept_because))
    return Result(" ".join(lines), data)
