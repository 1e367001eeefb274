"""The program: it starts, lists, follows its arguments, and ends cleanly."""

import os
import subprocess
import sys

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


def test_it_says_its_version() -> None:
    assert run("-m", "vmdesk", "--version").stdout == f"vmdesk {__version__}\n"


def test_an_unknown_option_is_a_usage_error() -> None:
    done = run("-m", "vmdesk", "--frobnicate")
    assert done.returncode == 2
    assert "--frobnicate" in done.stderr
