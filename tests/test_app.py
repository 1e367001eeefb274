"""The program: it starts, lists, follows its arguments, and ends cleanly."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from vmdesk import __version__

START_AND_QUIT = """
import sys
from PySide6.QtCore import QTimer
from vmdesk import app

application, window, controller = app.build(sys.argv[1:])
window.show()

def look():
    if controller.home.domains.rowCount():
        print([row.domain.name for row in controller.home.domains.rows()])
        timer.stop()
        window.close()

timer = QTimer()
timer.timeout.connect(look)
timer.start(20)
QTimer.singleShot(20_000, application.quit)
application.exec()
controller.shut_down_vmdesk()
"""

REFUSED = """
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QLabel
from vmdesk import app
from vmdesk.views import error_dialog

class Watched(error_dialog.ErrorDialog):
    def showEvent(self, event):
        super().showEvent(event)
        for label in self.findChildren(QLabel):
            if label.text():
                print(label.text())
        QTimer.singleShot(0, self.reject)

error_dialog.ErrorDialog = Watched
print(app.main([]))
"""

GARBAGE = """
import gc, sys
from PySide6.QtCore import QTimer
from vmdesk import __main__, app

def looks_at_everything():
    return gc.get_stats()[2]["collections"]

class Watched(app.main_window.MainWindow):
    def showEvent(self, event):
        super().showEvent(event)
        print(gc.isenabled())
        self.before = looks_at_everything()
        self.timer = QTimer()
        self.timer.timeout.connect(self.look)
        self.timer.start(20)

    def look(self):
        if gc.isenabled() and looks_at_everything() > self.before + 1:
            print(gc.isenabled())
            self.timer.stop()
            self.close()

app.main_window.MainWindow = Watched
app.REST_DELAY = 100
app.GARBAGE_INTERVAL = 50
sys.exit(__main__.main())
"""


def run(*command: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env=os.environ | environment,
    )


@pytest.mark.parametrize("no_glib", ["", "1"], ids=["GLib", "no GLib"])
def test_it_starts_lists_and_ends(no_glib: str) -> None:
    done = run("-c", START_AND_QUIT, "--connect", "test:///default", QT_NO_GLIB=no_glib)
    assert (done.returncode, done.stdout, done.stderr) == (0, "['test']\n", "")


def test_the_environment_names_the_connection() -> None:
    done = run("-c", START_AND_QUIT, VMDESK_URI="test:///default")
    assert done.stdout == "['test']\n"


def test_the_network_is_loaded_by_whoever_downloads_only() -> None:
    loaded = START_AND_QUIT + "print({'requests', 'urllib3', 'ssl', 'flask'} & set(sys.modules))"
    done = run("-c", loaded, "--connect", "test:///default")
    assert done.stdout == "['test']\nset()\n"


def test_what_the_first_picture_does_not_need_is_loaded_later() -> None:
    loaded = START_AND_QUIT.replace(
        "application.exec()",
        "first = set(sys.modules)\napplication.exec()\n"
        "print(sorted(name for name in first if name.startswith("
        "('vmdesk.core.operations.', 'vmdesk.core.bundle.', 'vmdesk.core.doctor.', "
        "'vmdesk.core.causes', 'vmdesk.core.image.', 'vmdesk.core.storage.', 'lxml')) "
        "or name.endswith(('dialog', 'flow', 'flows', 'details_pane', 'task_panel', 'notices', "
        "'details', 'bundles', 'hardware', 'transfers', 'checkup'))))",
    )
    done = run("-c", loaded, "--connect", "test:///default")
    assert (done.stdout, done.stderr) == ("['test']\n[]\n", "")


def test_a_window_at_rest_has_no_more_than_it_uses() -> None:
    unused = """
from PySide6 import QtWidgets
window.machines.view.in_sight()
print({"html", "logging.handlers", "platform", "uuid"} & (set(sys.modules) - before))
print([name for name in ("QLCDNumber", "QMdiArea", "QStyle", "QWizard") if name in vars(QtWidgets)
       and isinstance(vars(QtWidgets)[name], type)])
"""
    # What measures coverage has loaded some of them itself.
    before = "import sys\nbefore = set(sys.modules)\n"
    done = run("-c", before + START_AND_QUIT + unused, "--connect", "test:///default")
    assert (done.stdout, done.stderr) == ("['test']\nset()\n[]\n", "")


def test_garbage_is_looked_for_again_and_again_when_the_start_is_over() -> None:
    done = run("-c", GARBAGE, "--connect", "test:///default")
    assert (done.returncode, done.stdout, done.stderr) == (0, "False\nTrue\n", "")


def test_it_says_its_version() -> None:
    assert run("-m", "vmdesk", "--version").stdout == f"vmdesk {__version__}\n"


def test_an_unknown_option_is_a_usage_error() -> None:
    done = run("-m", "vmdesk", "--frobnicate")
    assert done.returncode == 2
    assert "--frobnicate" in done.stderr


def test_it_says_that_a_newer_one_has_been_here_and_touches_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "vmdesk"
    folder.mkdir()
    (folder / "format").write_text("2\n")
    (folder / "vmdesk.conf").write_text("[window]\nclosing=tomorrow\n")
    done = run("-c", REFUSED, XDG_CONFIG_HOME=str(tmp_path))
    summary, hint, code = done.stdout.splitlines()
    assert "newer vmdesk" in summary
    assert str(folder) in hint
    assert (code, done.stderr) == ("1", "")
    assert sorted(path.name for path in folder.iterdir()) == ["format", "vmdesk.conf"]
    assert "tomorrow" in (folder / "vmdesk.conf").read_text()


LOG = """
import logging
from vmdesk import app
from vmdesk.core import log_file

log_file.SIZE = 2000
app._start_log()
for number in range(100):
    logging.getLogger("vmdesk").error("No. %d: https://me:hunter2@host/?token=hunter2", number)
"""


def test_the_log_rotates_and_has_no_secrets(tmp_path: Path) -> None:
    assert run("-c", LOG, XDG_STATE_HOME=str(tmp_path)).returncode == 0
    logs = sorted((tmp_path / "vmdesk").iterdir())
    assert [log.name for log in logs] == ["vmdesk.log", *(f"vmdesk.log.{n}" for n in (1, 2, 3))]
    assert all(log.stat().st_size <= 2000 for log in logs)
    texts = [log.read_text() for log in logs]
    assert "No. 99: " in texts[0]
    assert not any("hunter2" in text for text in texts)


def test_a_state_folder_that_can_not_be_written_keeps_nobody_from_starting(tmp_path: Path) -> None:
    (tmp_path / "vmdesk").write_text("in the way")
    done = run("-c", LOG, XDG_STATE_HOME=str(tmp_path))
    assert done.returncode == 0
    assert "No. 99: " in done.stderr
    assert "hunter2" not in done.stderr
