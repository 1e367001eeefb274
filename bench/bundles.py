"""Exports and imports against cp, tar, pigz and zstd: the whole of each operation, synced."""

import os
import subprocess
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import disks, peers, session
from bench.child import memory_of
from bench.figures import Options, Row, compare, in_turns
from bench.files import Writer, program
from tests.core.operations import token_machine
from tests.e2e.session import private_session
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import GIB
from vmdesk.core.job import Job
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

MEMORY_GOAL = 100
"""MiB."""
VIRTUAL = 10
"""How many times as large as its content a disk is."""


@dataclass(frozen=True, slots=True)
class Form:
    """A form of bundles, its peers with their options for tar, and its goals."""

    form: ArchiveForm
    packers: dict[str, tuple[str, ...]]
    export_goals: tuple[float, ...]
    unpacker: tuple[str, ...]
    import_goal: float
    size_goal: float | None = None


_GZIPS: dict[str, tuple[str, ...]] = {"tar": ("-z",), "pigz": ("-I", "pigz")}
FORMS = (
    Form(ArchiveForm.TAR, {"tar": ()}, (0.3,), (), 1.0),
    Form(ArchiveForm.TAR_ZST, {"zstd": ("-I", "zstd -T0")}, (1.0,), ("-I", "zstd"), 1.0, 1.15),
    Form(ArchiveForm.TAR_GZ, _GZIPS, (0.07, 0.16), ("-z",), 0.5, 1.15),
)


def measure(options: Options) -> list[Row]:
    """Compare each form; gzip on a smaller disk, for tar takes a minute and a half for 2 GiB."""
    large, small = (GIB // 4, GIB // 8) if options.is_quick else (2 * GIB, GIB * 3 // 8)
    rows: list[Row] = []
    with private_session(), TemporaryDirectory(dir=options.place) as folder:
        place = Path(folder)
        disk = disks.make(place / "large.qcow2", large, VIRTUAL * large)
        define(disk)
        rows += [*_copied(disk, options), *_packed(disk, FORMS[0], options)]
        rows += _packed(disk, FORMS[1], options)
        rows += [row for name in ("xfs", "btrfs") for row in _shared(name, disk, options)]
        disk = disks.make(place / "small.qcow2", small, VIRTUAL * small)
        define(disk)
        rows += _packed(disk, FORMS[2], options)
    return rows


def _copied(disk: Path, options: Options) -> list[Row]:
    copy = disk.with_name("copy.qcow2")
    works = {
        "vmdesk": export_to(disk, disk.with_name("ours.tar"), ArchiveForm.TAR),
        "cp": Writer(program("cp", disk, copy), copy),
    }
    found = in_turns(options.rounds, works)
    return [compare(f"export .tar, {size_of(disk)}", found, "cp", 1.0)]


def _packed(disk: Path, form: Form, options: Options) -> list[Row]:
    """Compare an export with those of tar, and then an import of what it has made."""
    end = form.form.value
    bundle = disk.with_name(f"ours.{end}")
    ours = export_to(disk, bundle, form.form)
    ours.is_kept = True
    works = {"vmdesk": ours}
    for name, argv in form.packers.items():
        if peers.is_here(name):
            works[_command(argv, "-cf")] = _tar(disk, disk.with_name(f"{name}.{end}"), argv)
    found = in_turns(options.rounds, works)
    what = f"export .{end}, {size_of(disk)}"
    goals = zip(form.packers.values(), form.export_goals, strict=True)
    rows = [compare(what, found, _command(argv, "-cf"), goal) for argv, goal in goals]
    if form.size_goal is not None:
        sizes = {name: tuple(work.sizes) for name, work in works.items()}
        peer = _command(next(iter(form.packers.values())), "-cf")
        rows.append(compare(f"size of .{end}", sizes, peer, form.size_goal, "MiB"))
    rows.append(_memory(what, ours))
    rows += _unpacked(bundle, form, f"import .{end}, {size_of(disk)}", options)
    bundle.unlink()
    return rows


def _unpacked(bundle: Path, form: Form, what: str, options: Options) -> list[Row]:
    folder, other = bundle.with_name("ours"), bundle.with_name("theirs")
    ours = Writer(partial(import_from, bundle, folder), folder)
    name = _command(form.unpacker, "-xf")
    theirs = Writer(program("tar", *form.unpacker, "-xf", bundle, "-C", other), other)
    found = in_turns(options.rounds, {"vmdesk": ours, name: theirs})
    return [compare(what, found, name, form.import_goal), _memory(what, ours)]


def _shared(name: str, disk: Path, options: Options) -> list[Row]:
    """Export on a file system that can share blocks."""
    mounted = Path(os.environ.get("VMDESK_TEST_MOUNTS", ""), name)
    if not mounted.is_mount():
        print(f"  no {name} is mounted: its exports are skipped")
        return []
    with TemporaryDirectory(dir=mounted) as folder:
        copy = Path(folder, f"{name}.qcow2")
        subprocess.run(["cp", disk, copy], check=True)
        os.sync()
        define(copy)
        ours = export_to(copy, copy.with_name("ours.tar"), ArchiveForm.TAR)
        found = in_turns(options.rounds, {"vmdesk": ours})
    return [Row(f"export .tar on {name}, {size_of(disk)}", "s", found["vmdesk"], goal=0.1)]


def _memory(what: str, work: Writer) -> Row:
    idle = memory_of(_connect)
    return Row(
        f"memory of {what}", "MiB", tuple(peak - idle for peak in work.memory), goal=MEMORY_GOAL
    )


def size_of(disk: Path) -> str:
    """Say how much is in a disk, and how large it is."""
    size = disk.stat().st_size / GIB
    return f"{size:.2g} GiB in a disk of {VIRTUAL * size:.2g} GiB"


def _command(options: tuple[str, ...], mode: str) -> str:
    return " ".join(["tar", *(f"'{one}'" if " " in one else one for one in options), mode])


def _tar(disk: Path, target: Path, options: tuple[str, ...]) -> Writer:
    return Writer(program("tar", *options, "-cf", target, "-C", disk.parent, disk.name), target)


def export_to(disk: Path, target: Path, form: ArchiveForm) -> Writer:
    """Return what exports the machine of a disk."""

    def work() -> None:
        with session.host() as host:
            uuid = host.connection.lookupByName(disk.stem).UUIDString()
            export.run(host, uuid, target, ExportOptions(form), Job())

    return Writer(work, target)


def import_from(bundle: Path, folder: Path) -> None:
    """Import a bundle under a name that is free."""
    with session.host() as host:
        import_.run(host, bundle, ImportOptions(folder), Job())


def _connect() -> None:
    with session.host() as host:
        host.domains()


def define(disk: Path) -> None:
    """Define a machine with a disk, under the name of the disk."""

    def work() -> None:
        with session.host() as host:
            token_machine.define(host, disk.stem, [(disk, "qcow2")])

    memory_of(work)
