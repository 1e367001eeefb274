"""The commands that list, create, start, stop and delete machines."""

import dataclasses
from collections.abc import Callable, Sequence
from uuid import uuid4

from vmdesk.cli.command import Commands, Context, amount
from vmdesk.cli.output import Result
from vmdesk.core import details, formatting, viewer
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.host import DomainInfo, Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import create, delete, start_stop
from vmdesk.core.operations.create import Accelerator, NewDomain
from vmdesk.core.operations.delete import DeletionPlan, DoomedFile
from vmdesk.core.storage import discs
from vmdesk.core.storage.keeping import KeptFile


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    commands.add("list", _list, _("list all machines"), takes_name=False)
    commands.add("show", _show, _("describe a machine"), takes_name=True)
    _add_create(commands)
    begin = commands.add("start", _start, _("start a machine"), takes_name=True)
    begin.add_argument(
        "--without-kvm", action="store_true", help=_("emulate it, now and from now on")
    )
    for word, run, description in (
        ("stop", start_stop.force_off, _("force a machine off")),
        ("reboot", start_stop.reboot, _("ask the guest to restart")),
        ("pause", start_stop.pause, _("pause a machine")),
        ("resume", start_stop.resume, _("let a paused machine go on")),
    ):
        commands.add(word, _change_state(word, run), description, takes_name=True)
    shutdown = commands.add("shutdown", _shutdown, _("ask the guest to shut down"), takes_name=True)
    shutdown.add_argument(
        "--timeout",
        type=amount,
        default=start_stop.SHUTDOWN_TIMEOUT,
        metavar=_("SECONDS"),
        help=_("how long to wait until it is off; default: %(default)g"),
    )
    commands.add("console", _console, _("open the screen in virt-viewer"), takes_name=True)
    remove = commands.add("delete", _delete, _("delete a machine and its disks"), takes_name=True)
    remove.add_argument("--yes", action="store_true", help=_("force it off if it runs; don’t ask"))
    remove.add_argument(
        "--keep-disks", action="store_true", help=_("leave the disks where they are")
    )


def _add_create(commands: Commands) -> None:
    parser = commands.add("create", _create, _("create a machine from an ISO"), takes_name=False)
    parser.add_argument("--name", help=_("default: after the ISO"))
    parser.add_argument(
        "--iso", required=True, metavar="URL|PATH", help=_("where the installation disc is")
    )
    for option, kind, metavar, default, description in (
        ("--disk-size", amount, "GIB", create.DEFAULT_DISK_SIZE // GIB, _("size of its disk")),
        ("--memory", int, "MIB", create.DEFAULT_MEMORY * KIB // MIB, _("its memory")),
        ("--vcpus", int, "N", create.DEFAULT_VCPUS, _("its processors")),
    ):
        described = f"{description}; " + _("default: %(default)s")
        parser.add_argument(option, type=kind, metavar=metavar, default=default, help=described)
    parser.add_argument(
        "--pool", default="", help=_("the storage pool for the disk; see “vmdeskctl pools”")
    )
    parser.add_argument("--sha256", metavar="HEX", help=_("the checksum that the ISO must have"))
    parser.add_argument(
        "--accel",
        choices=[kind.value for kind in Accelerator],
        default=Accelerator.AUTO.value,
        help=_("run on the processor (kvm), emulate one (tcg), or what works here (auto)"),
    )
    parser.add_argument("--no-start", action="store_true", help=_("leave it off"))


def _summary(info: DomainInfo) -> dict[str, object]:
    return {
        "id": info.id if info.id >= 0 else None,
        "uuid": info.uuid,
        "name": info.name,
        "state": info.state.name.lower(),
        "memory_mib": info.memory * KIB // MIB,
        "vcpus": info.vcpus,
    }


def _list(context: Context) -> Result:
    infos = sorted(context.host.domains(), key=lambda info: info.name)
    width = max((len(info.name) for info in infos), default=0)
    lines = [
        f"{info.name:<{width}}  {info.state.name.lower():<9}  {formatting.cpus(info.vcpus)}"
        f"  {formatting.memory(info.memory)}"
        for info in infos
    ]
    return Result("\n".join(lines), [_summary(info) for info in infos])


def _show(context: Context) -> Result:
    info = context.domain()
    equipment = dataclasses.asdict(details.read(context.host, info.uuid, context.folders.isos))
    for disk in equipment["disks"]:
        del disk["path"]
    data = _summary(info) | equipment | {"max_memory_mib": info.max_memory * KIB // MIB}
    return Result("\n".join(f"{key}: {_plain(value)}" for key, value in data.items()), data)


def _plain(value: object) -> str:
    """Write a value of ``show`` on one line."""
    if isinstance(value, dict):
        return " ".join(f"{key}={_plain(part)}" for key, part in value.items())
    if isinstance(value, tuple):
        return ", ".join(_plain(part) for part in value)
    return "-" if value in (None, "") else str(value)


def _create(context: Context) -> Result:
    arguments = context.arguments
    name = arguments.name or _suggested_name(context)
    new = NewDomain(
        source=arguments.iso,
        name=name,
        disk_size=int(arguments.disk_size * GIB),
        memory=arguments.memory * MIB // KIB,
        vcpus=arguments.vcpus,
        sha256=arguments.sha256,
        accelerator=Accelerator(arguments.accel),
        start=not arguments.no_start,
        pool=arguments.pool,
        uuid=str(uuid4()),
    )
    made = create.run(context.host, new, context.folders, context.job)
    data = {
        "created": made.name,
        "uuid": made.uuid,
        "disk": str(made.disk),
        "pool": made.pool or None,
        "iso": str(made.iso.path),
        "iso_verification": made.iso.verification.value,
        "kvm": made.uses_kvm,
        "started": made.is_started,
    }
    text = _("Created “{name}” from {iso}.").format(name=made.name, iso=made.iso.path.name)
    return Result(f"{text} {made.iso.description}", data)


def _suggested_name(context: Context) -> str:
    source = discs.probe(context.host, context.arguments.iso, context.folders.isos, context.job)
    taken = {info.name for info in context.host.domains()}
    return create.unique_name(source.name, taken)


def _start(context: Context) -> Result:
    without_kvm = context.arguments.without_kvm
    run = start_stop.start_without_kvm if without_kvm else start_stop.start
    return _change_state("start", run)(context)


def _change_state(word: str, run: Callable[[Host, str, Job], None]) -> Callable[[Context], Result]:
    def command(context: Context) -> Result:
        info = context.domain()
        run(context.host, info.uuid, context.job)
        return _state_result(context, info, word)

    return command


def _shutdown(context: Context) -> Result:
    info = context.domain()
    timeout = context.arguments.timeout
    start_stop.shut_down_and_wait(context.host, info.uuid, timeout, context.job)
    return _state_result(context, info, "shutdown")


def _state_result(context: Context, before: DomainInfo, word: str) -> Result:
    # A transient domain is gone once it is off.
    now = context.host.domain_info(before.uuid)
    state = now.state.name.lower() if now is not None else "shutoff"
    data = {"command": word, "name": before.name, "uuid": before.uuid, "state": state}
    return Result(f"{before.name}: {state}", data)


def _console(context: Context) -> Result:
    info = context.domain()
    if not info.state.is_active:
        raise OperationError(
            _("“{name}” is off, so it has no screen.").format(name=info.name),
            _("Start it first: vmdeskctl start {name}").format(name=info.name),
            cause=Cause.WRONG_STATE,
        )
    is_new = viewer.open_console(context.host.uri, info.uuid, context.job)
    text = _("Opened the console.") if is_new else _("The console is open already.")
    return Result(text, {"console": info.name, "uuid": info.uuid, "opened": is_new})


def _delete(context: Context) -> Result:
    info = context.domain()
    arguments = context.arguments
    plan = delete.plan(context.host, info.uuid, context.job)
    if plan.state.is_active and not arguments.yes:
        raise OperationError(
            _("“{name}” is running.").format(name=info.name),
            _("Shut it down first, or say --yes to force it off."),
            cause=Cause.WRONG_STATE,
        )
    approved = () if arguments.keep_disks else plan.deleted
    if not arguments.yes and not context.output.ask(_question(plan, approved), context.job):
        raise OperationError(
            _("Nothing was deleted."), _("Say --yes to delete without a question.")
        )
    paths = [file.path for file in approved]
    done = delete.run(context.host, info.uuid, paths, arguments.yes, context.job)
    data = {
        "deleted": done.name,
        "uuid": info.uuid,
        "files": [str(path) for path in done.deleted],
        "kept": [{"source": file.source, "reason": file.reason} for file in done.kept],
    }
    text = _("Deleted “{name}”.").format(name=done.name)
    return Result("\n".join([text, *_kept(done.kept)]), data)


def _question(plan: DeletionPlan, approved: Sequence[DoomedFile]) -> str:
    lines = [_("Delete “{name}”?").format(name=plan.name)]
    for file in approved:
        size = formatting.size(file.used)
        text = _("    deleted: {path} ({size})")
        if file.pool:
            text = _("    deleted: {path} ({size}) in the storage pool “{pool}”")
        lines.append(text.format(path=file.path, size=size, pool=file.pool))
    return "\n".join([*lines, *_kept(plan.kept)])


def _kept(files: Sequence[KeptFile]) -> list[str]:
    text = _("    kept: {source} ({reason})")
    return [text.format(source=file.source, reason=file.reason) for file in files]
