"""The window's program: parse arguments, build everything, wire it, and run Qt's loop."""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import sys
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtGui import QPixmapCache
from PySide6.QtWidgets import QApplication

from vmdesk import __version__, single_instance
from vmdesk.connection import drive_events
from vmdesk.controller import Controller
from vmdesk.core import ask_tools, configuration, events, file_format, memory, paths, redaction
from vmdesk.core.folders import Folders
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.log_file import LogFile
from vmdesk.questions import Questions
from vmdesk.settings import Settings
from vmdesk.single_instance import FirstInstance, Wish
from vmdesk.views import error_dialog, icons, language, main_window, style
from vmdesk.views.connections import question_dialogs

if TYPE_CHECKING:
    from vmdesk.core.ask_tools import AskTools
    from vmdesk.views.main_window import MainWindow

TURN = 0.0005
"""Seconds after which a worker lets the window's thread go on: to paint, that asks for Python's
lock some fifty times, and would wait up to 5 ms each time."""
PICTURES = 2048
"""KiB of rows' pictures that are kept as they are painted: those in sight, on a dense screen too.
With Qt's own limit 10 MiB would come together as machines start and stop."""
REST_DELAY = 1000
"""Milliseconds after which the start is surely over."""
GARBAGE_INTERVAL = 60_000
"""Milliseconds between two looks for garbage in all that came after the start, and for what is
free. Python looks there once in half an hour in a quiet window, and keeps up to 2,000 freed tuples
of each size until then (Objects/tupleobject.c): an hour of machines that start and stop took 3 MiB.
It takes a few milliseconds."""
DOCTOR_DELAY = 2000
"""Milliseconds after which it is looked what is wrong with this computer: the list comes first."""

_log = logging.getLogger(__name__)


def main(argv: Sequence[str] | None = None) -> int:
    """Run vmdesk and return its exit code."""
    # Qt's loop never returns to Python by itself, so Python's own handler would not be heard.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    argv = sys.argv[1:] if argv is None else argv
    arguments = build_parser().parse_args(argv)
    try:
        file_format.admit_all()
    except OperationError as error:
        return _refuse(error)
    path = single_instance.socket_path(configuration.choose_uri(arguments.connect))
    claim = single_instance.claim(path) if path is not None else None
    if claim is None and path is not None and single_instance.hand_over(path, _wish(arguments)):
        return 0
    application, window, controller = build(argv)
    first = FirstInstance(claim, application) if claim is not None else None
    if first is not None:
        first.wished.connect(lambda wish: _show(window, wish))
    window.show()
    QTimer.singleShot(REST_DELAY, lambda: _look_for_garbage(application))
    code = application.exec()
    if first is not None:
        first.close()
    if not controller.shut_down_vmdesk():
        # Qt would wait for a thread that asks a host which hangs, and Python for Qt.
        logging.shutdown()
        os._exit(code)
    return code


def _look_for_garbage(parent: QObject) -> None:
    """Have Python look for garbage from now on, but not in what the start has made.

    The little garbage that is in there stays; looking for it would hold the window up.
    """
    gc.freeze()
    gc.enable()
    memory.give_back()
    timer = QTimer(parent)
    timer.timeout.connect(_clear_away)
    timer.start(GARBAGE_INTERVAL)


def _clear_away() -> None:
    gc.collect()
    memory.give_back()


def _refuse(error: OperationError) -> int:
    """Say why vmdesk does not start."""
    application = _new_application()
    style.prepare()
    dialog = error_dialog.ErrorDialog(None, "vmdesk", error)
    dialog.finished.connect(lambda: application.exit(1))
    dialog.show()
    return application.exec()


def _wish(arguments: argparse.Namespace) -> Wish:
    token = os.environ.get("XDG_ACTIVATION_TOKEN", "")
    return Wish(single_instance.absolute(arguments.files), arguments.new, token)


def _show(window: MainWindow, wish: Wish) -> None:
    """Bring the window to the front, and open what a later start was asked to open."""
    if wish.token:
        # Qt takes it from here when it asks the compositor to activate the window.
        os.environ["XDG_ACTIVATION_TOKEN"] = wish.token
    window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
    window.show()
    window.raise_()
    window.activateWindow()
    window.open_files(wish.files, wish.new)


def build(argv: Sequence[str]) -> tuple[QApplication, MainWindow, Controller]:
    """Build and wire everything; it has begun to connect to libvirt."""
    arguments = build_parser().parse_args(argv)
    memory.stay_small()
    sys.setswitchinterval(TURN)
    _start_log()
    sys.excepthook = _log_defect
    events.register()
    application = _new_application()
    drive_events(application)
    folders = Folders(configuration.isos_dir(), configuration.disks_dir())
    tools = _install_ask_tools()
    controller = Controller(folders, ask_tools.NOBODY if tools is None else tools.asking)
    for known in configuration.choose_connections(arguments.connect):
        controller.add(known.uri, known.name)
    questions = None if tools is None else _take_questions(tools, application)
    # While libvirt answers, the window is loaded and made; what it says is heard when Qt's loop
    # runs.
    controller.reconnect()
    window = main_window.MainWindow(controller, Settings())
    if questions is not None:
        questions.asked.connect(lambda question: question_dialogs.ask(window, question))
    QTimer.singleShot(DOCTOR_DELAY, window, lambda: window.flows.doctor.begin_at_start())
    window.open_files(arguments.files, arguments.new)
    return application, window, controller


def _new_application() -> QApplication:
    application = QApplication([sys.argv[0]])
    application.setApplicationName("vmdesk")
    application.setApplicationDisplayName("vmdesk")
    application.setApplicationVersion(__version__)
    application.setDesktopFileName("vmdesk")
    # A window manager that knows nothing of the desktop file shows this one.
    application.setWindowIcon(icons.icon("vmdesk"))
    language.follow(application)
    QPixmapCache.setCacheLimit(PICTURES)
    return application


def _install_ask_tools() -> AskTools | None:
    try:
        return ask_tools.install()
    except OSError as exc:
        _log.warning("ssh and polkit can't ask in the window: %s", exc)
        return None


def _take_questions(tools: AskTools, application: QApplication) -> Questions:
    """Let ssh and polkit ask this program; virt-viewer's own ssh, too."""
    os.environ.update(tools.environment)
    questions = Questions(tools, application)
    application.aboutToQuit.connect(questions.close)
    application.aboutToQuit.connect(lambda: tools.remove())
    return questions


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = argparse.ArgumentParser(prog="vmdesk", description=_("Manage virtual machines."))
    parser.add_argument("--version", action="version", version=f"vmdesk {__version__}")
    parser.add_argument("--connect", metavar="URI", help=_("the libvirt connection"))
    parser.add_argument("--new", action="store_true", help=_("ask for a new machine"))
    parser.add_argument("files", nargs="*", metavar="FILE", help=_("files or addresses to open"))
    return parser


def _start_log() -> None:
    handler = LogFile(paths.state_dir() / paths.LOG_NAME)
    handler.setFormatter(redaction.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])


def _log_defect(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    _log.critical("A defect", exc_info=(kind, error, trace))
    sys.__excepthook__(kind, error, trace)
