"""How vmdesk's costs grow with the number of machines and the size of disks, as plots."""

import os
import shutil
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from PySide6.QtCore import QCoreApplication, QEventLoop

from bench import bundles, chart, disks, program, screen
from bench.chart import Points
from bench.child import Figures, figures_of
from bench.figures import Options, Row
from bench.files import Writer
from bench.holding import InProcess, pause
from bench.machines import test_file
from bench.program import VMDESK
from bench.window import Bench, Found, Seen, skip_what_first_starts_show
from tests.e2e.session import private_session
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import DomainState
from vmdesk.models.domain_list_model import DomainRole

FOLDER = Path(__file__).with_name("growth")
COUNTS = (10, 100, 1000, 5000)
SIZES = (1, 4, 16)
"""GiB."""
ROOM = 4
"""How many times the size of a full disk has to be free: with its archive, what comes out of that,
and a margin."""
SPARSE = 64 * MIB
WORDS = ("w", "machine-1", "machine", "running", "")
CHANGES = 20
ROUNDS = 3


def measure(options: Options) -> list[Row]:
    """Draw the plots into ``growth``; there is nothing to compare."""
    counts, sizes = (COUNTS[:3], SIZES[:2]) if options.is_quick else (COUNTS, SIZES)
    FOLDER.mkdir(exist_ok=True)
    with private_session(), TemporaryDirectory(dir=options.place) as folder:
        _draw_machines(Path(folder), counts)
        _draw_disks(Path(folder), sizes)
    return []


def _draw_machines(folder: Path, counts: tuple[int, ...]) -> None:
    lines: dict[str, Points] = {}
    with ExitStack() as stack:
        skip_what_first_starts_show()
        bench = Bench(stack.enter_context(program.bus()), 2)
        display = stack.enter_context(screen.opened())
        os.environ["DISPLAY"] = display.display
        for count in counts:
            uri = test_file(folder / f"{count}.xml", count)
            seen = bench.in_turns([VMDESK], uri, _start)[VMDESK.name]
            found = {name: median(values) for name, values in seen.items()}
            idle = median(bench.idle([VMDESK], uri)[VMDESK.name])
            found["idle, each second"] = max(idle * 1000, 0.1)
            found |= figures_of(partial(_from_inside, uri))
            for name, value in found.items():
                lines.setdefault(name, []).append((count, value))
    title = "Costs of the window by machines"
    chart.draw(FOLDER / "machines.svg", title, "machines", "ms", lines)


def _start(seen: Seen) -> Found:
    return {"start to list": seen.start() * 1000}


def _from_inside(uri: str) -> Figures:
    """Return the milliseconds until a filter and a change are painted."""
    vmdesk = InProcess(uri)
    machines = vmdesk.window.machines
    times: dict[str, list[float]] = {"filter": [], "event": []}

    def painted(what: str, deed: Callable[[], object]) -> None:
        began = time.perf_counter()
        deed()
        machines.view.viewport().repaint()
        times[what].append((time.perf_counter() - began) * 1000)
        pause(50)

    for word in WORDS:
        painted("filter", partial(machines.set_filter, word))
    row = machines.proxy.index(0, 0)
    domain = vmdesk.controller.home.host.domain(row.data(DomainRole.KEY).uuid)
    changes = ((domain.suspend, DomainState.PAUSED), (domain.resume, DomainState.RUNNING))
    for number in range(CHANGES):
        change, wanted = changes[number % 2]
        began = time.perf_counter()
        change()
        while row.data(DomainRole.STATE) is not wanted:
            QCoreApplication.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        machines.view.viewport().repaint()
        times["event"].append((time.perf_counter() - began) * 1000)
    vmdesk.window.close()
    vmdesk.controller.shut_down_vmdesk()
    return {what: median(values) for what, values in times.items()}


def _draw_disks(folder: Path, sizes: tuple[int, ...]) -> None:
    lines: dict[str, Points] = {}
    for size in sizes:
        for kind, content in (("sparse", SPARSE), ("full", size * GIB)):
            if kind == "full" and shutil.disk_usage(folder).free < ROOM * content:
                print(f"  {size} GiB of content are skipped: there is not enough room.")
                continue
            disk = disks.make(folder / f"{kind}-{size}.qcow2", content, size * GIB)
            bundle = folder / f"{kind}-{size}.tar"
            for name, seconds in _round_trip(disk, bundle).items():
                lines.setdefault(f"{name}, {kind}", []).append((size, seconds))
            disk.unlink()
            bundle.unlink()
    chart.draw(FOLDER / "disks.svg", "A .tar by the size of the disk", "GiB", "s", lines)


def _round_trip(disk: Path, bundle: Path) -> Figures:
    bundles.define(disk)
    out = bundles.export_to(disk, bundle, ArchiveForm.TAR)
    out.is_kept = True
    folder = bundle.with_suffix("")
    back = Writer(partial(bundles.import_from, bundle, folder), folder)
    exports, imports = [out() for _round in range(ROUNDS)], [back() for _round in range(ROUNDS)]
    return {"export": median(exports), "import": median(imports)}
