"""What every command of vmdeskctl is given, and how one is added to the parser."""

import argparse
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NoReturn

from vmdesk.cli.output import Output, Result
from vmdesk.core import configuration
from vmdesk.core.folders import Folders
from vmdesk.core.host import DomainInfo, Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError


@dataclass(frozen=True, slots=True)
class Context:
    """A connection, the parsed arguments, the job that Ctrl+C cancels, and where to ask."""

    host: Host
    arguments: argparse.Namespace
    job: Job
    output: Output

    def domain(self) -> DomainInfo:
        """Look up the domain that NAME means."""
        return self.host.lookup(self.arguments.name)

    @property
    def folders(self) -> Folders:
        """Where ISOs and disks are kept, as in the window."""
        return Folders(isos=configuration.isos_dir(), disks=configuration.disks_dir())


class Parser(argparse.ArgumentParser):
    """A parser whose complaints go the way of all errors."""

    def __init__(self, **options: Any) -> None:
        # "--js" would be taken for "--json", but not by what writes the errors.
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        """Raise ``OperationError`` instead of printing and exiting."""
        raise OperationError(message, self.format_usage().strip(), cause=Cause.INVALID_VALUE)


def add_general_options(parser: Parser, **default: Any) -> None:
    """Add what can be said before the command and after it."""
    parser.add_argument(
        "--connect",
        metavar="URI",
        help=_("the libvirt connection; default: VMDESK_URI, else that of the window"),
        **default,
    )
    parser.add_argument("--json", action="store_true", help=_("print JSON"), **default)


def amount(text: str) -> float:
    """Read a size or a time: a number from 0 that has an end."""
    value = float(text)
    if not (math.isfinite(value) and value >= 0):
        raise argparse.ArgumentTypeError(_("“{text}” is no amount").format(text=text))
    return value


class Commands:
    """The commands of a parser."""

    def __init__(self, parser: Parser) -> None:
        self._parsers = parser.add_subparsers(
            metavar=_("COMMAND"), required=True, parser_class=Parser
        )

    def add(
        self, word: str, run: Callable[[Context], Result], description: str, *, takes_name: bool
    ) -> Parser:
        """Add a command; one that ``takes_name`` has the machine as its first argument."""
        parser = self._parsers.add_parser(word, help=description, description=description)
        # Without a default of its own: it would undo what was said before the command.
        add_general_options(parser, default=argparse.SUPPRESS)
        if takes_name:
            parser.add_argument("name", metavar="NAME", help=_("a machine’s name or UUID"))
        parser.set_defaults(run=run)
        return parser
