"""What vmdesk and vmdeskctl can be told, read from their argument parsers as plain values."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field

from vmdesk import app
from vmdesk.cli import main as terminal


@dataclass(frozen=True, slots=True)
class Argument:
    """An option, or what stands by itself when there are no ``flags``."""

    flags: tuple[str, ...]
    value: str
    """What stands for its value; empty if it takes none."""
    help: str
    choices: tuple[str, ...]
    is_required: bool
    is_repeated: bool

    @property
    def is_file(self) -> bool:
        """Whether its value is, or may be, the name of a file."""
        return any(word in self.value.split("|") for word in ("FILE", "PATH", "DIR", "PEM"))

    @property
    def is_machine(self) -> bool:
        """Whether it is the name of a machine that there is."""
        return not self.flags and self.value == "NAME"


@dataclass(frozen=True, slots=True)
class Command:
    """A program, or one command of it: then ``name`` is that of the command alone."""

    name: str
    description: str
    arguments: tuple[Argument, ...]
    epilog: str = ""
    commands: tuple["Command", ...] = field(default=())

    @property
    def options(self) -> tuple[Argument, ...]:
        """The arguments that have flags."""
        return tuple(argument for argument in self.arguments if argument.flags)

    @property
    def positionals(self) -> tuple[Argument, ...]:
        """The arguments that have none."""
        return tuple(argument for argument in self.arguments if not argument.flags)


def programs() -> tuple[Command, Command]:
    """Return the window's program and the terminal's."""
    return _read(app.build_parser(), "vmdesk"), _read(terminal.build_parser(), "vmdeskctl")


def _read(parser: argparse.ArgumentParser, name: str) -> Command:
    arguments: list[Argument] = []
    commands: list[Command] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands += [_read(inner, word) for word, inner in action.choices.items()]
        else:
            arguments.append(_argument(parser, action))
    return Command(
        name, parser.description or "", tuple(arguments), parser.epilog or "", tuple(commands)
    )


def _argument(parser: argparse.ArgumentParser, action: argparse.Action) -> Argument:
    formatter = parser._get_formatter()
    choices = tuple(str(choice) for choice in action.choices or ())
    value = ""
    if action.nargs != 0:
        default = action.dest.upper() if action.option_strings else action.dest
        value = str(action.metavar or "|".join(choices) or default)
    return Argument(
        flags=tuple(action.option_strings),
        value=value,
        help=formatter._expand_help(action) if action.help else "",
        choices=choices,
        is_required=action.required,
        is_repeated=action.nargs in ("*", "+"),
    )


def walk(program: Command) -> Iterator[Command]:
    """Yield a program and its commands."""
    yield program
    yield from program.commands
