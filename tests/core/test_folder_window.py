"""Showing a folder, with programs that stand for what a desktop has."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vmdesk.core import folder_window
from vmdesk.core.job import Job, OperationError

Install = Callable[[str], None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    """Makes a program of the name that desktops have; there is no other one."""
    monkeypatch.setenv("PATH", str(tmp_path))

    def write(script: str) -> None:
        program = tmp_path / "xdg-open"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    return write


def test_the_program_for_files_is_given_the_folder(install: Install, tmp_path: Path) -> None:
    install(f'echo "$1" > {tmp_path}/shown')
    folder_window.show(Path("/srv/my machines"), Job())
    assert (tmp_path / "shown").read_text() == "/srv/my machines\n"


def test_one_that_stays_is_not_waited_for(
    install: Install, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folder_window, "_MOMENT", 0.1)
    install("exec /bin/sleep 2")
    folder_window.show(Path("/srv"), Job())


@pytest.mark.parametrize("script", ["exit 3", None])
def test_without_one_the_folder_is_named(install: Install, script: str | None) -> None:
    if script is not None:
        install(script)
    with pytest.raises(OperationError, match="No program for folders") as caught:
        folder_window.show(Path("/srv/disks"), Job())
    assert "/srv/disks" in caught.value.hint
