"""What the desktop is told over a real session bus: how far the work is, and that it has ended."""

import os
import select
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vmdesk.core.job import Job
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.tasks import TaskRunner
from vmdesk.views import launcher
from vmdesk.views.launcher import Launcher

# Qt connects to the bus once in a process.
WORK = """
from PySide6.QtCore import QCoreApplication, QObject
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.tasks import TaskRunner
from vmdesk.views.launcher import Launcher

application = QCoreApplication([])
owner, tasks, runner = QObject(), TaskListModel(), TaskRunner(threads=1)
shown = Launcher(tasks, owner)
runner.started.connect(tasks.add)

def work(job):
    for done in (25, 75):
        job.report(done, 100, "Exporting")
        job.wait(0.2)

runner.start("Export", work).finished.connect(application.quit)
application.exec()
runner.shut_down()
"""


@pytest.fixture
def bus(tmp_path: Path) -> Iterator[str]:
    """The address of a session bus of this test's own."""
    command = [
        "dbus-daemon",
        "--session",
        "--nofork",
        "--print-address",
        f"--address=unix:dir={tmp_path}",
    ]
    daemon = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert daemon.stdout is not None
    yield daemon.stdout.readline().strip()
    daemon.terminate()
    daemon.wait()
    daemon.stdout.close()


class Listener:
    """Somebody else on the bus, who writes down what is said."""

    def __init__(self, bus: str, *rules: str) -> None:
        command = ["dbus-monitor", "--address", bus, *rules]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE)
        self.heard = ""
        self.wait_for("NameAcquired")

    def wait_for(self, words: str) -> None:
        """Listen until these words were said."""
        deadline = time.monotonic() + 20
        output = self._process.stdout
        assert output is not None
        while words not in self.heard:
            ready, _, _ = select.select([output], [], [], deadline - time.monotonic())
            assert ready, f"nobody said “{words}”, only: {self.heard}"
            self.heard += os.read(output.fileno(), 65536).decode()

    def close(self) -> None:
        """Hear no more."""
        self._process.terminate()
        self._process.communicate()


def test_the_task_bar_is_told_how_far_the_work_is(bus: str) -> None:
    environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus, "QT_QPA_PLATFORM": "offscreen"}
    with closing(Listener(bus, "interface='com.canonical.Unity.LauncherEntry'")) as listener:
        subprocess.run([sys.executable, "-c", WORK], check=True, env=environment)
        listener.wait_for("boolean false")
    assert "application://vmdesk.desktop" in listener.heard
    told = [line.split()[-1] for line in listener.heard.splitlines() if "double" in line]
    assert told == ["0.25", "0.75", "0"]


def test_the_desktop_shows_a_message(bus: str) -> None:
    environment = {**os.environ, "DBUS_SESSION_BUS_ADDRESS": bus}
    code = "from vmdesk.core import job, notification as n; n.send('Export', 'a < b', job.Job())"
    shower = subprocess.Popen(["dunst"], env=environment, stderr=subprocess.DEVNULL)
    with closing(Listener(bus)) as listener:
        listener.wait_for("org.freedesktop.Notifications")
        subprocess.run([sys.executable, "-c", code], check=True, env=environment)
        listener.wait_for("a &lt; b")
    shower.terminate()
    shower.wait()


def test_without_a_bus_nothing_is_said(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    launcher._has_bus.cache_clear()
    owner, tasks, runner = QObject(), TaskListModel(), TaskRunner(threads=1)
    Launcher(tasks, owner)
    runner.started.connect(tasks.add)

    def work(job: Job) -> None:
        job.report(1, 2, "Exporting")

    with qtbot.waitSignal(runner.start("Export", work).succeeded):
        pass
    runner.shut_down()
    launcher._has_bus.cache_clear()
