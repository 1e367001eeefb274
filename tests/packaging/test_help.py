"""Manual pages and completions hold every command and option, and are well formed."""

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmdesk import app
from vmdesk.cli import main as terminal

PACKAGING = Path(__file__).parents[2] / "packaging"
PARSERS: dict[str, argparse.ArgumentParser] = {
    "vmdesk": app.build_parser(),
    "vmdeskctl": terminal.build_parser(),
}
COMPLETE = """
source {file}
COMP_WORDS=({words})
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
compopt() {{ :; }}
_vmdeskctl
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("help")
    for script, place in (("man.py", "man"), ("completions.py", "")):
        subprocess.run([sys.executable, PACKAGING / script, folder / place], check=True)
    return folder


def commands(parser: argparse.ArgumentParser) -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Yield each command with its own parser, and the program's with an empty word."""
    yield "", parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            yield from action.choices.items()


def options(parser: argparse.ArgumentParser) -> list[str]:
    return [flag for action in parser._actions for flag in action.option_strings]


def plain(page: Path) -> str:
    """Return a page as it is read, and have groff warn of what is wrong in it."""
    command = ["groff", "-man", "-ww", "-Tutf8", "-K", "utf8", "-P-cbou", "-rLL=200n", str(page)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stderr == ""
    return done.stdout.replace("\N{HYPHEN}", "-").replace("\N{MINUS SIGN}", "-")


@pytest.mark.parametrize("program", PARSERS)
def test_the_manual_has_everything(made: Path, program: str) -> None:
    page = plain(made / f"man/{program}.1")
    parts = re.split(r"^   (?=\S)", page, flags=re.MULTILINE)
    for word, parser in commands(PARSERS[program]):
        part = page if not word else next(p for p in parts if p.split()[0] == word)
        general = set(options(PARSERS[program])) if word else set()
        for flag in set(options(parser)) - general:
            assert re.search(rf"{flag}\b", part), (word, flag)


@pytest.mark.parametrize("program", PARSERS)
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completions_have_everything_and_can_be_read(made: Path, program: str, shell: str) -> None:
    name = {"bash": program, "zsh": f"_{program}", "fish": f"{program}.fish"}[shell]
    file = made / shell / name
    done = subprocess.run([shell, "-n", file], check=True, capture_output=True, text=True)
    assert done.stderr == ""
    text = file.read_text()
    for word, parser in commands(PARSERS[program]):
        assert re.search(rf"\b{word}\b", text)
        for flag in options(parser):
            spelled = f" -[ls] {flag.lstrip('-')}" if shell == "fish" else f"[ ']{flag}"
            assert re.search(rf"{spelled}\b", text), (word, flag)


def complete(made: Path, folder: Path, words: str) -> list[str]:
    script = COMPLETE.format(file=made / "bash/vmdeskctl", words=words)
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=folder,
        check=True,
        capture_output=True,
        text=True,
        env=os.environ | {"PATH": f"{folder}:{os.environ['PATH']}"},
    )
    return done.stdout.split("\n")[:-1]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("vmdeskctl ver", ["verify"]),
        ("vmdeskctl export --form", ["--format"]),
        ("vmdeskctl export --format tar.", ["tar.gz", "tar.zst"]),
        ("vmdeskctl --connect ''", [""]),
        ("vmdeskctl import we", ["web server.tar"]),
        ("vmdeskctl start w", [r"web\ server", r"w\$\(touch\ ran\)"]),
        ("vmdeskctl start x", [""]),
    ],
)
def test_bash_offers_what_fits(made: Path, tmp_path: Path, words: str, offered: list[str]) -> None:
    (tmp_path / "web server.tar").touch()
    program = tmp_path / "vmdeskctl"
    names = ("web server", "w$(touch ran)", 'with \\"quotes\\"')
    listed = "\n".join(f'    "name": "{name}",' for name in names)
    program.write_text(f"#!/bin/sh\ncat <<'END'\n[\n{listed}\n]\nEND\n")
    program.chmod(0o755)
    assert complete(made, tmp_path, words) == offered
    assert not (tmp_path / "ran").exists()
