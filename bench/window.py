"""The window against those of virt-manager and Boxes, seen from outside on a virtual screen."""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import peers, program, screen
from bench.figures import Options, Row, compare, in_turns
from bench.machines import RUNNING, Machines, test_file
from bench.program import BOXES, VIRT_MANAGER, VMDESK, Program, Running
from bench.screen import Pointer, Screen, Signal
from tests.e2e.session import URI, private_session
from vmdesk.settings import Settings

FEW, MANY = 10, 1000
QUIET = 2.5
"""Seconds without news after which a window is what it will be."""
PATIENCE = 60.0
PATIENCE_WITH_CLICK = 10.0
HOVER = 0.5
"""Seconds after which the pointer has done what it does to a row that it is over."""
ROWS = 6
REST = 5.0
"""Seconds after which a window has all in memory that it shows at first."""
IDLE_AFTER, IDLE_SPAN = 60.0, 20.0
"""Seconds after which a window that was left alone is watched, and in each round for how long."""
CHANGES = 10
"""Each time; the median counts."""

Found = dict[str, float]
"""What one look at one program has found, by name."""


def measure(options: Options) -> list[Row]:
    """Run the programs in turns with few and with many machines."""
    few, many = (FEW, FEW * 10) if options.is_quick else (FEW, MANY)
    programs = [one for one in (VMDESK, VIRT_MANAGER) if one is VMDESK or peers.is_here(one.name)]
    with ExitStack() as stack:
        root = stack.enter_context(private_session())
        folder = Path(stack.enter_context(TemporaryDirectory()))
        skip_what_first_starts_show()
        bench = Bench(stack.enter_context(program.bus()), options.rounds)
        rows = [*_with_many(bench, test_file(folder / "node.xml", many), many, programs)]
        machines = Machines(root)
        stack.callback(machines.close)
        machines.grow(few)
        rows += _with_few(bench, machines, few, programs)
        if peers.is_here(BOXES.name):
            rows += _with_boxes(bench, few)
        machines.grow(many)
        rows += _changes(bench, machines, many, programs)
    return rows


def skip_what_first_starts_show() -> None:
    """Look away: Boxes has a tutorial, and vmdesk tells whoever has no KVM so."""
    Settings().knows_no_kvm = True
    file = Path(os.environ["XDG_CONFIG_HOME"], "glib-2.0/settings/keyfile")
    file.parent.mkdir(parents=True)
    file.write_text("[org/gnome/boxes]\nfirst-run=false\n")


class Bench:
    """Runs programs, each time on a new screen."""

    def __init__(self, bus: str, rounds: int) -> None:
        self._bus = bus
        self._rounds = rounds

    def in_turns(
        self, programs: list[Program], uri: str, look: Callable[["Seen"], Found]
    ) -> dict[str, dict[str, tuple[float, ...]]]:
        """Start each program in turn and look at it; return by program what was found, by name."""
        found: dict[str, list[Found]] = {one.name: [] for one in programs}

        def work(one: Program) -> Callable[[], float]:
            def once() -> float:
                with self._shown(one, uri) as seen:
                    found[one.name].append(look(seen))
                return 0.0

            return once

        for one in programs:
            with self._shown(one, uri) as seen:
                seen.start()  # its files are in memory then
        in_turns(self._rounds, {one.name: work(one) for one in programs})
        return {
            name: {key: tuple(one[key] for one in looks) for key in looks[0]}
            for name, looks in found.items()
        }

    def idle(self, programs: list[Program], uri: str) -> dict[str, tuple[float, ...]]:
        """Leave all programs alone, side by side; return the seconds of CPU that each second took.

        They are opened once: so little of a processor is left to chance by opening them anew.
        """
        with ExitStack() as stack:
            shown = [stack.enter_context(self._shown(one, uri)) for one in programs]
            for seen in shown:
                seen.start()
            time.sleep(IDLE_AFTER)
            used = [[seen.process.used() for seen in shown]]
            for _round in range(self._rounds):
                time.sleep(IDLE_SPAN)
                used.append([seen.process.used() for seen in shown])
        return {
            seen.program.name: tuple(
                (after - before) / IDLE_SPAN for before, after in pairwise(all_)
            )
            for seen, all_ in zip(shown, zip(*used, strict=True), strict=True)
        }

    @contextmanager
    def _shown(self, one: Program, uri: str) -> Iterator["Seen"]:
        with screen.opened() as display:
            environment = {
                "DISPLAY": display.display,
                "DBUS_SESSION_BUS_ADDRESS": self._bus,
                "GSETTINGS_BACKEND": "keyfile",
                "QT_QPA_PLATFORM": "xcb",
                "GDK_BACKEND": "x11",
                "NO_AT_BRIDGE": "1",
            }
            before = display.pixels(one.list)
            with program.running(one, uri, environment) as process:
                yield Seen(one, display, process, before)


class Seen:
    """A program that was just started."""

    def __init__(self, one: Program, display: Screen, process: Running, before: bytes) -> None:
        self.program = one
        self.screen = display
        self.process = process
        self._before = before

    def start(self) -> float:
        """Wait for the list; return the seconds that it took."""
        shown = self.screen.settled(self.program.list, self._before, QUIET, PATIENCE)
        return shown - self.process.began

    def memory(self) -> float:
        """Wait for the window to come to rest; return the MiB that are resident."""
        time.sleep(REST)
        return self.process.memory()

    def changes(self, change: Callable[[int], None]) -> float:
        """Let somebody else change a machine; return the median of the seconds until it shows."""
        signal = Signal(self.screen, self.program.list, change)
        delays = []
        for number in range(CHANGES):
            began = time.monotonic()
            change(number % 2)
            delays.append(signal.wait(number % 2) - began)
        return sorted(delays)[CHANGES // 2]

    def details(self) -> float:
        """Click on a row; return the seconds until its details are on the screen."""
        pointer = Pointer(self.screen.display)
        x, y = self.program.row
        # Nobody manages windows here, and the first click gives one the keyboard as well.
        pointer.move(x, y - self.program.row_height)
        pointer.click()
        time.sleep(HOVER)
        for row in range(ROWS):
            pointer.move(x, y + row * self.program.row_height)
            time.sleep(HOVER)
            before = self.screen.pixels(self.program.details)
            for _click in range(self.program.clicks):
                began = pointer.click()
            # A window that is busy takes two clicks for two of one at times, and shows nothing.
            with suppress(TimeoutError):
                shown = self.screen.settled(
                    self.program.details, before, QUIET, PATIENCE_WITH_CLICK
                )
                pointer.close()
                return shown - began
        raise TimeoutError(f"{self.program.name} shows no details")


def _with_many(bench: Bench, uri: str, count: int, programs: list[Program]) -> Iterator[Row]:
    def look(seen: Seen) -> Found:
        start, memory = seen.start(), seen.memory()
        return {"start": start, "memory": memory, "details": seen.details() * 1000}

    found = bench.in_turns(programs, uri, look)
    idle = bench.idle(programs, uri)
    what = f"{count} machines (test:///)"
    yield _row(f"start to list, {what}", "s", found, "start", 0.25)
    yield compare(f"idle CPU, {what}", idle, VIRT_MANAGER.name, 0.02, "s/s")
    yield _row(f"resident memory, {what}", "MiB", found, "memory", 0.6)
    yield _row(f"click on a row to its details, {what}", "ms", found, "details", 0.02)


def _with_few(
    bench: Bench, machines: Machines, count: int, programs: list[Program]
) -> Iterator[Row]:
    def look(seen: Seen) -> Found:
        start, memory = seen.start(), seen.memory()
        change = seen.changes(machines.change) * 1000
        return {"start": start, "memory": memory, "change": change}

    found = bench.in_turns(programs, URI, look)
    idle = bench.idle(programs, URI)
    what = f"{count} machines"
    yield _row(f"start to list, {what}", "s", found, "start", 0.7)
    yield compare(f"idle CPU, {what}, {RUNNING} of which run", idle, VIRT_MANAGER.name, 0.5, "s/s")
    yield _row(f"resident memory, {what}", "MiB", found, "memory", 1.1)
    yield _row(f"outside change to pixels, {what}", "ms", found, "change", 0.6)


def _with_boxes(bench: Bench, count: int) -> Iterator[Row]:
    found = bench.in_turns([VMDESK, BOXES], URI, lambda seen: {"start": seen.start()})
    yield _row(f"start to list, {count} machines", "s", found, "start", 0.35, BOXES)


def _changes(
    bench: Bench, machines: Machines, count: int, programs: list[Program]
) -> Iterator[Row]:
    def look(seen: Seen) -> Found:
        seen.start()
        return {"change": seen.changes(machines.change) * 1000}

    found = bench.in_turns(programs, URI, look)
    yield _row(f"outside change to pixels, {count} machines", "ms", found, "change", 0.1)


def _row(
    what: str,
    unit: str,
    found: dict[str, dict[str, tuple[float, ...]]],
    key: str,
    goal: float,
    peer: Program = VIRT_MANAGER,
) -> Row:
    figures = {name: values[key] for name, values in found.items()}
    return compare(what, figures, peer.name, goal, unit)
