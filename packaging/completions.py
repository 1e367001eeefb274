"""Write what bash, zsh and fish complete: ``completions.py DIR`` fills DIR/bash, zsh and fish."""

# https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
# https://zsh.sourceforge.io/Doc/Release/Completion-System.html
# https://fishshell.com/docs/current/completions.html

import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import parsers
from parsers import Argument, Command

# Names with what JSON escapes are left out.
MACHINES = r"""vmdeskctl --json list 2>/dev/null | sed -n 's/^ *"name": "\([^"\\]*\)".*/\1/p'"""

BASH = """\
# bash completion for {program}
_{program}_words() {{ COMPREPLY=($(compgen -W "$*" -- "$current")); }}
_{program}_files() {{
    local IFS=$'\\n'
    compopt -o filenames
    COMPREPLY=($(compgen -f -- "$current"))
}}
_{program}_machines() {{
    # Not by compgen -W, which would run what a machine is called.
    local name
    while IFS= read -r name; do
        [[ $name != "$current"* ]] || COMPREPLY+=("$(printf %q "$name")")
    done < <({machines})
}}
_{program}() {{
    local current=${{COMP_WORDS[COMP_CWORD]}} previous=${{COMP_WORDS[COMP_CWORD-1]}}
    local command="" word
    for word in "${{COMP_WORDS[@]:1:COMP_CWORD-1}}"; do
        case "$word" in
            {commands}) command=$word; break ;;
        esac
    done
    COMPREPLY=()
    case "$command $previous" in
{values}
    esac
    case "$command $current" in
{words}
    esac
}}
complete -F _{program} {program}
"""


def main() -> None:
    """Write the files of all shells under the names that they look for."""
    folder = Path(sys.argv[1])
    for program in parsers.programs():
        name = program.name
        for path, text in (
            (f"bash/{name}", bash(program)),
            (f"zsh/_{name}", "\n".join(_zsh(program)) + "\n"),
            (f"fish/{name}.fish", "\n".join(_fish(program)) + "\n"),
        ):
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8")


def bash(program: Command) -> str:
    """Return the functions for bash."""
    commands = list(parsers.walk(program))
    return BASH.format(
        program=program.name,
        machines=MACHINES,
        commands="|".join(command.name for command in program.commands) or "''",
        values="\n".join(line for c in commands for line in _bash_values(program, c)),
        words="\n".join(line for c in commands for line in _bash_words(program, c)),
    )


def _bash_values(program: Command, command: Command) -> Iterator[str]:
    """Yield a case for each option that takes a value; one of the program's own is taken by all."""
    is_program = command is program
    general = () if is_program else {option.flags for option in program.options}
    word = "*" if is_program else command.name
    for option in command.options:
        if option.value and option.flags not in general:
            patterns = "|".join(f'{word}" {flag}"' for flag in option.flags)
            yield f"        {patterns}) {_bash_value(program, option)}return ;;"


def _bash_value(program: Command, argument: Argument) -> str:
    if argument.choices:
        return f"_{program.name}_words {' '.join(argument.choices)}; "
    if argument.is_machine or argument.is_file:
        return f"_{program.name}_{'machines' if argument.is_machine else 'files'}; "
    return ""


def _bash_words(program: Command, command: Command) -> Iterator[str]:
    """Yield the cases for a word that is no value: an option, or what stands by itself."""
    word = "" if command is program else command.name
    flags = " ".join(flag for option in command.options for flag in option.flags)
    yield f'        "{word} -"*) _{program.name}_words {flags} ;;'
    names = " ".join(inner.name for inner in command.commands)
    if names:
        yield f'        "{word} "*) _{program.name}_words {names} ;;'
    for argument in command.positionals:
        if value := _bash_value(program, argument):
            yield f'        "{word} "*) {value.removesuffix("; ")} ;;'


def _zsh(program: Command) -> Iterator[str]:
    name = program.name
    yield f"#compdef {name}"
    if any(a.is_machine for c in program.commands for a in c.positionals):
        yield f'_{name}_machines() {{ local -a names; names=("${{(@f)$({MACHINES})}}"); '
        yield "    compadd -a names; }"
    yield f"_{name}() {{"
    yield "    local state line"
    if not program.commands:
        yield f"    _arguments {_zsh_arguments(program)}"
    else:
        yield f"    _arguments -C {_zsh_arguments(program)} '1:command:->command' '*::rest:->rest'"
        yield "    case $state in"
        described = " ".join(
            shlex.quote(f"{command.name}:{command.description}") for command in program.commands
        )
        yield f"    command) local -a words; words=({described}); _describe command words ;;"
        yield "    rest) case $line[1] in"
        for command in program.commands:
            yield f"        {command.name}) _arguments {_zsh_arguments(command, name)} ;;"
        yield "    esac ;;\n    esac"
    yield f'}}\n_{name} "$@"'


def _zsh_arguments(command: Command, program: str = "") -> str:
    return " ".join(
        shlex.quote(spec)
        for argument in command.arguments
        for spec in _zsh_specs(argument, program)
    )


def _zsh_specs(argument: Argument, program: str) -> Iterator[str]:
    action = ""
    if argument.choices:
        action = f"({' '.join(argument.choices)})"
    elif argument.is_machine:
        action = f"_{program}_machines"
    elif argument.is_file:
        action = "_files"
    value = f":{_zsh_plain(argument.value)}:{action}" if argument.value else ""
    for flag in argument.flags:
        yield f"{flag}[{_zsh_plain(argument.help)}]{value}"
    if not argument.flags:
        yield f"{'*' if argument.is_repeated else ''}{value}"


def _zsh_plain(text: str) -> str:
    for character in "\\[]:":
        text = text.replace(character, f"\\{character}")
    return text


def _fish(program: Command) -> Iterator[str]:
    name = program.name
    yield f"# fish completion for {name}"
    if program.commands:
        yield f"complete -c {name} -f"
    for command in program.commands:
        yield (
            f"complete -c {name} -n __fish_use_subcommand -a {command.name} "
            f"-d {_fish_quoted(command.description)}"
        )
    for command in parsers.walk(program):
        seen = "" if command is program else f"__fish_seen_subcommand_from {command.name}"
        general = program.options if command is not program else ()
        for argument in command.arguments:
            if argument.flags not in {option.flags for option in general}:
                yield from _fish_argument(name, argument, seen)


def _fish_argument(program: str, argument: Argument, seen: str) -> Iterator[str]:
    parts = [f"complete -c {program}"]
    if seen:
        parts.append(f"-n {_fish_quoted(seen)}")
    parts += [f"-{'l' if flag[1] == '-' else 's'} {flag.lstrip('-')}" for flag in argument.flags]
    if argument.choices:
        parts.append(f"-x -a {_fish_quoted(' '.join(argument.choices))}")
    elif argument.is_machine:
        parts.append(f"-a {_fish_quoted(f'({MACHINES})')}")
    elif argument.is_file:
        parts.append("-r -F" if argument.flags else "-F")
    elif argument.value and argument.flags:
        parts.append("-x")
    if argument.help:
        parts.append(f"-d {_fish_quoted(argument.help)}")
    yield " ".join(parts)


def _fish_quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


if __name__ == "__main__":
    main()
