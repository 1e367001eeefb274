"""Measure bundles against cp, tar, pigz and zstd on the same disk, in the same run.

    python bench/bundle.py [--source FOLDER] [--place FOLDER] [--rounds N]

The disk is a qcow2 image of an ext4 file system with the files of --source (about 2 GiB of a real
system). Everything is in the page cache. "time" ends when the program ends, "on disk" after an
fsync of what it wrote; ours syncs always, so it has just the second. The best of the rounds counts.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from vmdesk.core.bundle import unpack
from vmdesk.core.bundle import writer as bundle_writer
from vmdesk.core.bundle.layout import ArchiveForm, Role
from vmdesk.core.job import Job

MIB = 1024**2
XML = b"<domain><name>bench</name></domain>"


@dataclass
class Measured:
    what: str
    time: float
    on_disk: float
    size: int
    peak_memory: int


def make_disk(source: Path, place: Path) -> Path:
    used = int(subprocess.run(["du", "-sm", source], capture_output=True).stdout.split()[0])
    raw, disk = place / "disk.raw", place / "bench.qcow2"
    size = f"{used * 5 // 4 + 64}M"
    subprocess.run(["mkfs.ext4", "-q", "-d", source, raw, size], check=True)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, disk], check=True)
    raw.unlink()
    return disk


def export(disk: Path, target: Path, form: ArchiveForm) -> None:
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_EXCL)
    with bundle_writer.writing(descriptor, form, "bench", lambda _count: None) as writer:
        writer.add_bytes("bench.xml", Role.DOMAIN, XML)
        writer.add_disk(disk.name, bundle_writer.look_at(disk), "vda", disk.stat().st_size)
    os.fsync(descriptor)
    os.close(descriptor)


def import_(bundle: Path, folder: Path) -> None:
    for path in unpack.unpack(bundle, folder, Job()).files.values():
        with path.open("rb") as file:
            os.fsync(file.fileno())


def in_child(work: Callable[[], object]) -> tuple[float, int]:
    """Run in a process of its own; return its seconds and its peak of memory."""
    began = time.monotonic()
    pid = os.fork()
    if pid == 0:
        try:
            work()
        except BaseException as error:
            print(error, file=sys.stderr)
            os._exit(1)
        os._exit(0)
    _pid, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit("it failed")
    return time.monotonic() - began, usage.ru_maxrss * 1024


def measure(
    what: str, work: Callable[[], object], target: Path, rounds: int, is_synced: bool
) -> Measured:
    best = Measured(what, float("inf"), float("inf"), 0, 0)
    for _round in range(rounds):
        if target.is_dir():
            shutil.rmtree(target)
        target.unlink(missing_ok=True)
        os.sync()
        if not target.suffix:
            target.mkdir()
        seconds, memory = in_child(work)
        on_disk = seconds
        files = [path for path in target.rglob("*") if path.is_file()] or [target]
        if not is_synced:
            began = time.monotonic()
            for path in files:
                with path.open("rb") as file:
                    os.fsync(file.fileno())
            on_disk += time.monotonic() - began
        size = sum(path.stat().st_size for path in files)
        best = Measured(what, min(best.time, seconds), min(best.on_disk, on_disk), size, memory)
    return best


def program(*argv: str | Path) -> Callable[[], object]:
    return lambda: subprocess.run(argv, check=True)


def run(disk: Path, place: Path, rounds: int) -> None:
    out = place / "out"

    def add(what: str, work: Callable[[], object], target: Path, *, is_synced: bool) -> None:
        print_row(measure(what, work, target, rounds, is_synced))

    for what, name, argv in (
        ("cp", "cp.copy", ["cp", disk, place / "cp.copy"]),
        ("tar -cf", "tar.tar", ["tar", "-cf", place / "tar.tar"]),
        ("tar -I pigz", "pigz.tgz", ["tar", "-I", "pigz", "-cf", place / "pigz.tgz"]),
        ("tar -czf", "tar.tgz", ["tar", "-czf", place / "tar.tgz"]),
        ("tar -I 'zstd -T0'", "tar.zst", ["tar", "-I", "zstd -T0", "-cf", place / "tar.zst"]),
    ):
        of_disk = [] if what == "cp" else ["-C", disk.parent, disk.name]
        add(
            what,
            partial(subprocess.run, [*argv, *of_disk], check=True),
            place / name,
            is_synced=False,
        )
    for form in ArchiveForm:
        target = place / f"ours.{form.value}"
        add(f"export {form.value}", partial(export, disk, target, form), target, is_synced=True)
    for form, options in zip(ArchiveForm, (["-xf"], ["-xzf"], ["-I", "zstd", "-xf"]), strict=True):
        source = place / f"ours.{form.value}"
        argv = ["tar", *options, source, "-C", out]
        add(
            f"tar {' '.join(options)}",
            partial(subprocess.run, argv, check=True),
            out,
            is_synced=False,
        )
        add(f"import {form.value}", partial(import_, source, out), out, is_synced=True)
    foreign = with_xml(place)
    argv = ["tar", "-xzf", place / "tar.tgz", "-C", out]
    add("tar -xzf of tar -czf", partial(subprocess.run, argv, check=True), out, is_synced=False)
    add("import of tar -czf", partial(import_, foreign, out), out, is_synced=True)


def with_xml(place: Path) -> Path:
    """Return the .tgz of tar with an XML put in front, as another gzip member."""
    path = place / "foreign.tgz"
    if not path.exists():
        (place / "bench.xml").write_bytes(XML)
        head = subprocess.run(
            ["tar", "-cf", "-", "-C", place, "bench.xml"], check=True, capture_output=True
        ).stdout[:1024]
        gzip = subprocess.run(["gzip"], input=head, check=True, capture_output=True).stdout
        path.write_bytes(gzip + (place / "tar.tgz").read_bytes())
    return path


def print_row(row: Measured) -> None:
    print(
        f"{row.what:24} {row.time:8.2f} s {row.on_disk:8.2f} s {row.size / MIB:9.1f} MiB"
        f" {row.peak_memory / MIB:7.0f} MiB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--source", type=Path, default=Path("/usr/lib"))
    parser.add_argument("--place", type=Path, default=Path.cwd())
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.place) as folder:
        place = Path(folder)
        disk = make_disk(options.source, place)
        print(f"{'':24} {'time':>10} {'on disk':>10} {'size':>13} {'memory':>11}")
        run(disk, place, options.rounds)


if __name__ == "__main__":
    main()
