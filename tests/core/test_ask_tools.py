"""Where the programs that ssh runs are kept; what they do is looked at in test_questions.py."""

import os
import tempfile
from pathlib import Path

import pytest

from vmdesk.core import ask_tools


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """All folders in which the programs may be, the best one first."""
    runtime, temporary, state = (tmp_path / name for name in ("run", "tmp", "state"))
    for folder in (runtime, temporary):
        folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(runtime))
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    monkeypatch.setenv("XDG_STATE_HOME", str(state))
    return [runtime, temporary, state / "vmdesk"]


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_place_from_which_nothing_can_be_run_is_passed_over(
    places: list[Path], monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    passed_over = run_nothing_from(places[:number], monkeypatch)
    tools = ask_tools.install()
    assert tools.folder.parent == places[number]
    assert len(passed_over) == number
    assert [path for place in places for path in place.iterdir()] == [tools.folder]
    tools.remove()


def test_where_nothing_can_be_run_nothing_is_left(
    places: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    run_nothing_from(places, monkeypatch)
    with pytest.raises(PermissionError, match="No program can be run"):
        ask_tools.install()
    assert [path for place in places for path in place.iterdir()] == []


def run_nothing_from(closed: list[Path], monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Make folders as if mounted with "noexec", which only root can do; list what was refused."""
    access = os.access
    refused: list[Path] = []

    def without_execution(path: Path | str, mode: int) -> bool:
        if mode == os.X_OK and closed and Path(path).parents[1] in closed:
            refused.append(Path(path))
            return False
        return access(path, mode)

    monkeypatch.setattr(os, "access", without_execution)
    return refused
