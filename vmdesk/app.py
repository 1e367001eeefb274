"""The window's program: parse arguments, build everything, wire it, and run Qt's loop."""

import argparse
import logging
import logging.handlers
import signal
import sys
from collections.abc import Sequence
from types import TracebackType

from PySide6.QtWidgets import QApplication

from vmdesk import __version__
from vmdesk.connection import drive_events
from vmdesk.controller import Controller
from vmdesk.core import configuration, events, paths
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.operations.create import Folders
from vmdesk.settings import Settings
from vmdesk.views.main_window import MainWindow

LOG_SIZE = 1_000_000
"""Bytes after which a log file is put aside; three old ones are kept."""

_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run vmdesk and return its exit code."""
    # Qt's loop never returns to Python by itself, so Python's own handler would not be heard.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    application, window, controller = build(sys.argv[1:] if argv is None else argv)
    window.show()
    code = application.exec()
    controller.shut_down_vmdesk()
    return code


def build(argv: Sequence[str]) -> tuple[QApplication, MainWindow, Controller]:
    """Build and wire everything; it connects to libvirt as soon as Qt's loop runs."""
    arguments = _parse(argv)
    _start_log()
    sys.excepthook = _log_defect
    events.register()
    application = QApplication([sys.argv[0]])
    application.setApplicationName("vmdesk")
    application.setApplicationDisplayName("vmdesk")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("vmdesk")
    drive_events(application)
    folders = Folders(configuration.isos_dir(), configuration.disks_dir())
    controller = Controller(Host(configuration.choose_uri(arguments.connect)), folders)
    window = MainWindow(controller, Settings())
    controller.reconnect()
    if arguments.files:
        window.open_files(arguments.files)
    return application, window, controller


def _parse(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="vmdesk", description=_("Manage virtual machines."))
    parser.add_argument("--version", action="version", version=f"vmdesk {__version__}")
    parser.add_argument("--connect", metavar="URI", help=_("the libvirt connection"))
    parser.add_argument("files", nargs="*", metavar="FILE", help=_("files or addresses to open"))
    return parser.parse_args(argv)


def _start_log() -> None:
    folder = paths.state_dir()
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "vmdesk.log", maxBytes=LOG_SIZE, backupCount=3, encoding="utf-8"
    )
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _log_defect(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    _log.critical("A defect", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
