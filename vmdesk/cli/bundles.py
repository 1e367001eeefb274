"""The commands that export machines to one file, look at such files, and import them."""

from collections.abc import Sequence
from pathlib import Path

from vmdesk.cli.command import Commands, Context, Parser
from vmdesk.cli.output import Result
from vmdesk.core import formatting, paths
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.operations import clear_up, export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.incoming import ImportOptions, Preview
from vmdesk.core.staging import Leftover


def add_commands(commands: Commands) -> None:
    """Add this module's commands."""
    out = commands.add("export", _export, _("export a machine to one file"), takes_name=True)
    out.add_argument("-o", "--output", metavar="FILE|DIR", help=_("default: the desktop"))
    out.add_argument("--format", choices=[form.value for form in ArchiveForm])
    out.add_argument(
        "--with-tpm", action="store_true", help=_("include the TPM’s state, which holds secrets")
    )
    out.add_argument(
        "--force", action="store_true", help=_("overwrite the file, discard a saved state")
    )
    _add_file(commands.add("inspect", _inspect, _("look into a file"), takes_name=False))
    _add_file(commands.add("verify", _verify, _("check a file as a whole"), takes_name=False))
    into = commands.add("import", _import, _("import a machine from a file"), takes_name=False)
    _add_file(into)
    into.add_argument("--name", help=_("default: the name that it has in the file"))
    into.add_argument(
        "--same-identity", action="store_true", help=_("keep UUID and MACs where they are free")
    )
    into.add_argument(
        "--pool", default="", metavar="NAME", help=_("the storage pool for its disks")
    )
    into.add_argument("--start", action="store_true")


def _add_file(parser: Parser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE")


def _export(context: Context) -> Result:
    arguments = context.arguments
    info = context.domain()
    target = paths.desktop_dir() if arguments.output is None else Path(arguments.output)
    options = ExportOptions(
        form=_form(arguments.format, target),
        with_tpm=arguments.with_tpm,
        overwrites=arguments.force,
        discards_saved_state=arguments.force,
    )
    leftovers = clear_up.run(context.host, context.job)
    done = export.run(context.host, info.uuid, target, options, context.job)
    size = formatting.size(done.size)
    text = _("Exported “{name}” to {path} ({size}).")
    lines = [text.format(name=info.name, path=done.path, size=size), *done.notes]
    lines += _cleared(leftovers)
    data = {
        "exported": info.name,
        "uuid": info.uuid,
        "path": str(done.path),
        "size": done.size,
        "notes": list(done.notes),
        "cleared_up": _cleared(leftovers),
    }
    return Result("\n".join(lines), data)


def _form(chosen: str | None, target: Path) -> ArchiveForm:
    """Return the form that was asked for, or that the name of the file asks for."""
    if chosen is not None:
        return ArchiveForm(chosen)
    fitting = (form for form in ArchiveForm if target.name.endswith(f".{form.value}"))
    return next(fitting, ArchiveForm.TAR_GZ)


def _options(context: Context) -> ImportOptions:
    return ImportOptions(folder=context.folders.disks)


def _inspect(context: Context) -> Result:
    file = context.arguments.file
    return _preview_result(import_.preview(context.host, file, _options(context), context.job))


def _verify(context: Context) -> Result:
    file = context.arguments.file
    return _preview_result(import_.verify(context.host, file, _options(context), context.job))


def _preview_result(preview: Preview) -> Result:
    disks = [
        {
            "target": disk.target,
            "format": disk.format,
            "virtual_size": disk.virtual_size,
            "stored_size": disk.stored_size,
        }
        for disk in preview.disks
    ]
    data = {
        "kind": preview.content.value,
        "name": preview.name,
        "memory_mib": preview.memory_kib * KIB // MIB,
        "vcpus": preview.vcpus,
        "uefi": preview.is_uefi,
        "disks": disks,
        "dropped": [{"what": item.what, "why": item.why} for item in preview.dropped],
        "changed": list(preview.changed),
        "required_bytes": preview.required_bytes,
        "free_bytes": preview.free_bytes,
        "verified": preview.is_verified,
    }
    return Result(_preview_text(preview), data)


def _preview_text(preview: Preview) -> str:
    cpus, memory = formatting.cpus(preview.vcpus), formatting.memory(preview.memory_kib)
    lines = [f"{preview.name}: {cpus}, {memory}"]
    for disk in preview.disks:
        size = _("unknown size")
        if disk.virtual_size is not None:
            size = formatting.size(disk.virtual_size)
        lines.append(f"  {disk.target}: {disk.format}, {size}")
    lines += [
        _("  left out: {what} ({why})").format(what=d.what, why=d.why) for d in preview.dropped
    ]
    lines += [_("  changed: {what}").format(what=change) for change in preview.changed]
    room = _("  needs {required} of {free} that are free")
    required, free = formatting.size(preview.required_bytes), formatting.size(preview.free_bytes)
    lines.append(room.format(required=required, free=free))
    lines.append(_("  verified") if preview.is_verified else _("  not verified"))
    return "\n".join(lines)


def _import(context: Context) -> Result:
    arguments = context.arguments
    options = ImportOptions(
        folder=context.folders.disks,
        name=arguments.name,
        same_identity=arguments.same_identity,
        start=arguments.start,
        pool=arguments.pool,
    )
    leftovers = clear_up.run(context.host, context.job)
    done = import_.run(context.host, arguments.file, options, context.job)
    data = {
        "imported": done.name,
        "uuid": done.uuid,
        "files": [str(path) for path in done.files],
        "dropped": [{"what": item.what, "why": item.why} for item in done.dropped],
        "changed": list(done.changed),
        "verified": done.is_verified,
        "started": done.is_started,
        "cleared_up": _cleared(leftovers),
    }
    lines = [_("Imported “{name}”.").format(name=done.name), *_cleared(leftovers)]
    return Result("\n".join(lines), data)


def _cleared(leftovers: Sequence[Leftover]) -> list[str]:
    text = _("{what} was broken off. What it left behind, {size}, was cleared away.")
    return [
        text.format(what=leftover.text, size=formatting.size(leftover.size))
        for leftover in leftovers
    ]
