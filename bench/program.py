"""A program with a window, run and looked at from outside: its pixels, processors and memory."""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bench.screen import Region
from vmdesk.core.formatting import KIB, MIB

TICK = os.sysconf("SC_CLK_TCK")
PATIENCE = 20.0
"""Seconds that a program gets to end."""


@dataclass(frozen=True, slots=True)
class Program:
    """How to start one, where on an empty screen its list has its words, and how to see details."""

    name: str
    argv: tuple[str, ...]
    list: Region
    row: tuple[int, int] = (0, 0)
    """Where its second row is, in pixels."""
    row_height: int = 0
    clicks: int = 1
    """How often a row is clicked for its details."""
    details: Region = field(default_factory=Region)
    """Where nothing but the details is: they have a window of their own, or a side."""


VMDESK = Program(
    "vmdesk",
    (str(Path(sys.executable).with_name("vmdesk")), "--connect"),
    Region(108, 60, 250, 760),
    (150, 200),
    76,
    details=Region(360, 60, 1100, 750),
)
VIRT_MANAGER = Program(
    "virt-manager",
    ("virt-manager", "--no-fork", "--connect"),
    Region(right=400, bottom=550),
    (150, 150),
    40,
    2,
    Region(560, 60, 1100, 750),
)
BOXES = Program("gnome-boxes", ("gnome-boxes",), Region())


@contextmanager
def bus() -> Iterator[str]:
    """Run a session bus, which GTK's programs look for; yield its address."""
    argv = ["dbus-daemon", "--session", "--nofork", "--print-address=1"]
    if shutil.which(argv[0]) is None:
        yield ""
        return
    daemon = subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert daemon.stdout is not None
    try:
        yield daemon.stdout.readline().strip()
    finally:
        daemon.terminate()
        daemon.wait()
        daemon.stdout.close()


@dataclass(frozen=True, slots=True)
class Running:
    """One that runs."""

    pid: int
    began: float

    def memory(self) -> float:
        """Return the MiB that are resident, its children included."""
        return sum(_resident(pid) for pid in _family(self.pid)) * KIB / MIB

    def used(self) -> float:
        """Return how many seconds of a processor it has used so far."""
        return sum(sum(map(int, _stat(pid)[11:13])) for pid in _family(self.pid)) / TICK


def _usual() -> dict[str, str]:
    """Return the environment; Python may keep what it compiles, as it is kept in a package."""
    return {key: it for key, it in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}


@contextmanager
def running(program: Program, uri: str, environment: dict[str, str]) -> Iterator[Running]:
    """Start a program and end it, with all that it has started."""
    argv = [*program.argv, *([uri] if program.argv[-1] == "--connect" else [])]
    began = time.monotonic()
    process = subprocess.Popen(
        argv,
        env={**_usual(), **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield Running(process.pid, began)
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        try:
            process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _stat(pid: int) -> list[str]:
    """Return what /proc says of a process, from its state on."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ["0"] * 50


def _resident(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS")), 0)


def _family(pid: int) -> list[int]:
    """Return a process and all that stem from it."""
    parents = {int(p.name): int(_stat(int(p.name))[1]) for p in Path("/proc").glob("[0-9]*")}
    found = [pid]
    for one in found:
        found += [child for child, parent in parents.items() if parent == one]
    return found
