"""How long the window's thread is held while vmdesk creates, exports and imports, and with many."""

import os
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEventLoop, QTimer

from bench import disks, screen
from bench.child import Figures, figures_of
from bench.figures import Options, Row
from bench.machines import test_file
from tests.e2e.heartbeat import Heartbeat
from tests.e2e.session import URI, private_session
from tests.guests import MEMTEST_ISO
from vmdesk.app import DOCTOR_DELAY, build
from vmdesk.bundles import ImportWish
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.operations.create import Created, NewDomain
from vmdesk.core.operations.export import ExportOptions, ExportResult
from vmdesk.core.operations.incoming import Preview
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.tasks import Task

GOAL = 50
"""Milliseconds."""
MANY = 1000
PATIENCE = 300.0
"""Seconds."""
WORDS = ("1", "12", "machine-05", "off", "running", "")
REST = DOCTOR_DELAY + 2000
"""Milliseconds after which the window has come to rest: the doctor has been, and said what it has
to say."""


class InProcess:
    """vmdesk's window in this process, and how long its thread was held since it was last asked."""

    def __init__(self, uri: str) -> None:
        self.application, self.window, self.controller = build(["--connect", uri])
        self.window.show()
        pages = (self.window.machines, self.window.empty)
        self.wait(lambda: self.window.pages.currentWidget() in pages)
        pause(REST)
        self.heart = Heartbeat(self.window)

    def held(self) -> float:
        """Return the milliseconds of the longest hold, and begin anew."""
        longest, self.heart.longest_hold = self.heart.longest_hold, 0.0
        return longest * 1000

    def wait(self, condition: Callable[[], bool]) -> None:
        """Let the window live until ``condition`` holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            pause(10)

    def result(self, task: Task) -> object:
        """Let a task run to its end."""
        self.wait(lambda: task.state.is_final)
        assert task.error is None, task.error
        return task.result


def pause(milliseconds: int) -> None:
    """Let Qt's loop run; unlike QTest's, this lets Python's other threads run too."""
    loop = QEventLoop()
    QTimer.singleShot(milliseconds, loop.quit)
    loop.exec()


def measure(options: Options) -> list[Row]:
    """Each in a process of its own, for there can be one window in each."""
    many = MANY // 10 if options.is_quick else MANY
    size = GIB // 8 if options.is_quick else GIB // 2
    with screen.opened() as display, tempfile.TemporaryDirectory(dir=options.place) as folder:
        os.environ["DISPLAY"] = display.display
        with private_session():
            working = [
                figures_of(partial(_work, Path(folder), size)) for _round in range(options.rounds)
            ]
            uri = test_file(Path(folder, "node.xml"), many)
            browsing = [figures_of(partial(_browse, uri)) for _round in range(options.rounds)]
    what = "longest hold of the window's thread"
    rows = [_row(f"{what}: {name}", working, name) for name in working[0]]
    return [*rows, _row(f"{what}: {many} machines selected and filtered", browsing, "hold")]


def _row(what: str, found: list[Figures], key: str) -> Row:
    return Row(what, "ms", tuple(one[key] for one in found), goal=GOAL)


def _work(folder: Path, size: int) -> Figures:
    """Create a machine, export it, import it again."""
    vmdesk = InProcess(URI)
    site = vmdesk.controller.home
    found = {}
    name = f"bench-{os.getpid()}"
    new = NewDomain(str(MEMTEST_ISO), name, 10 * GIB, 64 * MIB // KIB, 1, start=False)
    vmdesk.held()
    made = vmdesk.result(site.create(new))
    pause(500)
    found["creating"] = vmdesk.held()
    assert isinstance(made, Created)
    with vmdesk.heart.aside():
        disks.make(made.disk, size, 10 * size)
    vmdesk.held()
    bundles = site.bundles
    target = folder / f"{name}.tar.gz"
    done = vmdesk.result(bundles.export(made.uuid, target, ExportOptions(ArchiveForm.TAR_GZ)))
    assert isinstance(done, ExportResult)
    found["exporting"] = vmdesk.held()
    preview = vmdesk.result(bundles.preview(done.path))
    assert isinstance(preview, Preview)
    vmdesk.result(bundles.import_(ImportWish(preview, f"{name}-again")))
    pause(500)
    found["importing"] = vmdesk.held()
    vmdesk.window.close()
    vmdesk.controller.shut_down_vmdesk()
    return found


def _browse(uri: str) -> Figures:
    """Go through machines by the arrow keys' way, and type into the filter."""
    vmdesk = InProcess(uri)
    machines = vmdesk.window.machines
    vmdesk.held()
    for row in range(30):
        machines.select(machines.proxy.index(row, 0).data(DomainRole.KEY))
        pause(60)
    for word in WORDS:
        machines.set_filter(word)
        pause(60)
    longest = vmdesk.held()
    vmdesk.window.close()
    vmdesk.controller.shut_down_vmdesk()
    return {"hold": longest}
