from pathlib import Path

import pytest

from vmdesk.core import paths


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home with nothing in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    (tmp_path / "config").mkdir()
    return tmp_path


def test_the_desktop_is_where_the_user_has_it(home: Path) -> None:
    (home / "Schreibtisch").mkdir()
    line = 'XDG_DESKTOP_DIR="$HOME/Schreibtisch"\n'
    (home / "config" / "user-dirs.dirs").write_text(f"# what is where\n{line}")
    assert paths.desktop_dir() == home / "Schreibtisch"


def test_without_a_word_of_it_the_desktop_has_its_usual_name(home: Path) -> None:
    (home / "Desktop").mkdir()
    assert paths.desktop_dir() == home / "Desktop"


def test_without_a_desktop_home_is_as_good(home: Path) -> None:
    (home / "config" / "user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/gone"\n')
    assert paths.desktop_dir() == home
