"""Parse the command line, connect, run one command, and end with its exit code."""

import argparse
import signal
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

from vmdesk import __version__
from vmdesk.cli import bundles, hardware, lifecycle
from vmdesk.cli.command import Commands, Context, Parser
from vmdesk.cli.output import Output, Result
from vmdesk.core import events
from vmdesk.core.connection_choice import choose_uri
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Cause, Job, OperationError

DONE = 0
CANCELLED = 130
"""What a shell reports of a program that Ctrl+C ended: 128 and the number of the signal."""
_EXIT_CODES = {
    Cause.FAILED: 1,
    Cause.NO_KVM: 1,
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
    parser.add_argument("--connect", metavar="URI", help=_("the libvirt connection"))
    parser.add_argument("--json", action="store_true", help=_("print JSON"))
    commands = Commands(parser)
    for module in (lifecycle, hardware, bundles):
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
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(_connect_and_run, arguments, job)
        while True:
            try:
                return future.result()
            except KeyboardInterrupt:
                job.cancel()
            finally:
                output.end_progress()


def _connect_and_run(arguments: argparse.Namespace, job: Job) -> Result:
    events.register()
    # Qt's loop is not there to drive libvirt's events.
    events.start_thread()
    host = Host(choose_uri(arguments.connect))
    host.open()
    with closing(host):
        result: Result = arguments.run(Context(host, arguments, job))
    return result
