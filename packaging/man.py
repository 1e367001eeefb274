"""Write the manual pages vmdesk(1) and vmdeskctl(1): ``man.py DIR`` fills DIR."""

# https://man7.org/linux/man-pages/man7/man.7.html

import sys
from collections.abc import Iterator
from pathlib import Path

import parsers
from parsers import Argument, Command

from vmdesk import __version__

FILES = (
    ("~/.config/vmdesk/vmdesk.conf", "settings"),
    ("~/.local/share/vmdesk/disks", "disks of new machines"),
    ("~/.local/share/vmdesk/isos", "downloaded installation discs"),
    ("~/.local/share/vmdesk/history", "earlier versions of machines"),
    ("~/.local/state/vmdesk/vmdesk.log", "what went wrong"),
)
OTHERS = {"vmdesk": "vmdeskctl", "vmdeskctl": "vmdesk"}


def main() -> None:
    """Write both pages."""
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for program in parsers.programs():
        text = "\n".join(_page(program)) + "\n"
        (folder / f"{program.name}.1").write_text(text, encoding="utf-8")


def _page(program: Command) -> Iterator[str]:
    yield f'.TH {program.name.upper()} 1 "" "vmdesk {__version__}" "User Commands"'
    yield ".SH NAME"
    summary = program.description.rstrip(".")
    yield f"{program.name} \\- {escaped(summary[0].lower() + summary[1:])}"
    yield ".SH SYNOPSIS"
    yield from _synopsis(program)
    yield ".SH OPTIONS"
    for argument in program.arguments:
        yield from _argument(argument)
    if program.commands:
        yield ".SH COMMANDS"
        for command in program.commands:
            yield from _command(command, {option.flags for option in program.options})
    if program.epilog:
        yield ".SH EXIT STATUS"
        yield escaped(program.epilog)
    yield from _ends(program.name)


def _ends(name: str) -> Iterator[str]:
    yield ".SH ENVIRONMENT"
    yield ".TP\n.B VMDESK_URI"
    yield escaped("The libvirt connection, where --connect names none.")
    yield ".SH FILES"
    for path, meaning in FILES:
        yield f".TP\n.I {escaped(path)}\n{meaning}"
    yield ".SH SEE ALSO"
    yield f".BR {OTHERS[name]} (1),\n.BR virsh (1),\n.BR virt\\-viewer (1)"


def _synopsis(program: Command) -> Iterator[str]:
    yield f".B {program.name}"
    for option in program.options:
        yield f"[{_signature(option)}]"
    if program.commands:
        yield "\\fICOMMAND\\fR ..."
    for positional in program.positionals:
        yield f"[{_signature(positional)}]{' ...' if positional.is_repeated else ''}"


def _command(command: Command, general: set[tuple[str, ...]]) -> Iterator[str]:
    """Describe a command; what every command takes is described once, for all."""
    words = " ".join(_signature(positional) for positional in command.positionals)
    yield f'.SS "{command.name} {words}"' if words else f".SS {command.name}"
    yield f"{escaped(command.description[:1].upper() + command.description[1:])}."
    for option in command.options:
        if option.flags not in general:
            yield from _argument(option)


def _argument(argument: Argument) -> Iterator[str]:
    yield ".TP"
    yield _signature(argument) + (" (required)" if argument.flags and argument.is_required else "")
    yield escaped(argument.help) or "\\&"


def _signature(argument: Argument) -> str:
    flags = ", ".join(f"\\fB{escaped(flag)}\\fR" for flag in argument.flags)
    value = f"\\fI{escaped(argument.value)}\\fR" if argument.value else ""
    return " ".join(part for part in (flags, value) if part)


def escaped(text: str) -> str:
    """Return text that roff shows as it is."""
    text = text.replace("\\", "\\e").replace("-", "\\-").replace('"', "\\(dq")
    return f"\\&{text}" if text.startswith((".", "'")) else text


if __name__ == "__main__":
    main()
