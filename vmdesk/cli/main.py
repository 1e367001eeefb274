"""Parse the command line, connect, run one command, and end with its exit code."""

import argparse
import signal
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from queue import SimpleQueue
from types import FrameType

from vmdesk import __version__
from vmdesk.cli import bundles, connections, doctor, hardware, lifecycle, serve, storage, transfer
from vmdesk.cli.command import Commands, Context, Parser, add_general_options
from vmdesk.cli.output import Output, Result
from vmdesk.core import events, file_format
from vmdesk.core.ask_tools import TERMINAL
from vmdesk.core.configuration import choose_uri
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Cause, Job, OperationError

DONE = 0
CANCELLED = 130
"""What a shell reports of a program that Ctrl+C ended: 128 and the number of the signal."""
_INTERRUPTS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_EXIT_CODES = {
    Cause.FAILED: 1,
    Cause.NO_KVM: 1,
    Cause.NOT_LET_IN: 1,
    Cause.INVALID_VALUE: 2,
    Cause.NOT_FOUND: 3,
    Cause.WRONG_STATE: 4,
    Cause.BAD_INPUT: 5,
}


def build_parser() -> Parser:
    """Return the parser of the whole command line."""
    parser = Parser(
        prog="vmdeskctl", description=_("Manage virtual machines."), epilog=_exit_code_help()
    )
    parser.add_argument("--version", action="version", version=f"vmdeskctl {__version__}")
    add_general_options(parser)
    commands = Commands(parser)
    for module in (lifecycle, hardware, bundles, transfer, storage, serve, doctor, connections):
        module.add_commands(commands)
    return parser


def _exit_code_help() -> str:
    return _(
        "Exit codes: 0 done, 1 failed, 2 usage, 3 no such machine, 4 wrong state for this, "
        "5 bad input file or address, 130 cancelled."
    )


def main(argv: Sequence[str] | None = None) -> int:
    """Run ``vmdeskctl`` and return its exit code."""
    argv = sys.argv[1:] if argv is None else argv
    output = Output(as_json="--json" in argv)
    try:
        arguments = build_parser().parse_args(argv)
        file_format.admit_all()
        output.result(_run(arguments, output))
    except OperationError as error:
        output.error(error)
        return _EXIT_CODES[error.cause]
    except Cancelled:
        output.error(OperationError(_("Cancelled.")))
        return CANCELLED
    return DONE


def _run(arguments: argparse.Namespace, output: Output) -> Result:
    """Run the command on a thread, so that Ctrl+C is heard whatever it waits for."""
    job = Job(output.progress)
    with _interrupts() as news, ThreadPoolExecutor(1) as pool:
        future = pool.submit(_connect_and_run, arguments, output, job)
        future.add_done_callback(lambda _future: news.put(True))
        while not news.get():
            job.cancel()
        output.end_progress()
        return future.result()


@contextmanager
def _interrupts() -> Iterator["SimpleQueue[bool]"]:
    """Yield a queue that gets a ``False`` with each Ctrl+C, or other wish that this should end.

    A handler may interrupt anything, itself too: to put something into this queue is all it can.
    Once the user has wished it, the program is ending: a second Ctrl+C must not break that off.
    """
    news: SimpleQueue[bool] = SimpleQueue()
    wishes: list[int] = []

    def hear(number: int, _frame: FrameType | None) -> None:
        wishes.append(number)
        news.put(False)

    before = {number: signal.getsignal(number) for number in _INTERRUPTS}
    # What is ignored stays so: under nohup, or in the background of a script.
    heard = [number for number, handler in before.items() if handler is not signal.SIG_IGN]
    for number in heard:
        signal.signal(number, hear)
    try:
        yield news
    finally:
        for number in heard:
            signal.signal(number, before[number] if not wishes else signal.SIG_IGN)


def _connect_and_run(arguments: argparse.Namespace, output: Output, job: Job) -> Result:
    events.register()
    # Qt's loop is not there to drive libvirt's events.
    events.start_thread()
    host = Host(choose_uri(arguments.connect), TERMINAL)
    if getattr(arguments, "connects", True):
        host.open(job=job)
    with closing(host):
        result: Result = arguments.run(Context(host, arguments, job, output))
    return result
