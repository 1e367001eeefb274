"""Files of an older format are migrated, those of a newer one are not touched."""

import threading
from pathlib import Path

import pytest

from vmdesk.core import file_format, paths
from vmdesk.core.job import OperationError


def to_second(folder: Path) -> None:
    """An imagined change: the settings' file gets another name."""
    if (folder / "old.conf").exists():
        (folder / "old.conf").rename(folder / "new.conf")


def to_third(folder: Path) -> None:
    text = (folder / "new.conf").read_text()
    (folder / "new.conf").write_text(text.upper())


STEPS = (to_second, to_third)


def mark(folder: Path) -> str:
    return (folder / file_format.NAME).read_text()


def everything(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        path.name: (path.read_bytes(), path.stat().st_mtime_ns)
        for path in folder.iterdir()
        if path.is_file()
    }


def test_a_new_folder_says_the_present_format(tmp_path: Path) -> None:
    file_format.admit(tmp_path / "a/b", ())
    assert mark(tmp_path / "a/b") == "1\n"


def test_what_says_nothing_is_of_the_first_format(tmp_path: Path) -> None:
    (tmp_path / "old.conf").write_text("kept")
    file_format.admit(tmp_path, STEPS)
    assert (tmp_path / "new.conf").read_text() == "KEPT"
    assert mark(tmp_path) == "3\n"


def test_only_the_steps_that_are_missing_are_taken(tmp_path: Path) -> None:
    (tmp_path / file_format.NAME).write_text("2\n")
    (tmp_path / "new.conf").write_text("kept")
    (tmp_path / "old.conf").write_text("somebody's own")
    file_format.admit(tmp_path, STEPS)
    assert (tmp_path / "new.conf").read_text() == "KEPT"
    assert (tmp_path / "old.conf").exists()


@pytest.mark.parametrize("said", ["4\n", "0\n", "of tomorrow", ""])
def test_what_is_newer_is_not_touched(tmp_path: Path, said: str) -> None:
    (tmp_path / file_format.NAME).write_text(said)
    (tmp_path / "old.conf").write_text("kept")
    before = everything(tmp_path)
    with pytest.raises(OperationError, match="newer vmdesk"):
        file_format.admit(tmp_path, STEPS)
    assert everything(tmp_path) == before


def test_a_migration_that_is_broken_off_goes_on_where_it_was(tmp_path: Path) -> None:
    (tmp_path / "old.conf").write_text("kept")

    def fail(_folder: Path) -> None:
        raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        file_format.admit(tmp_path, (to_second, fail))
    assert mark(tmp_path) == "2\n"
    file_format.admit(tmp_path, STEPS)
    assert (tmp_path / "new.conf").read_text() == "KEPT"


def test_two_starts_migrate_once(tmp_path: Path) -> None:
    taken: list[Path] = []
    steps = (taken.append,)
    starts = [threading.Thread(target=file_format.admit, args=(tmp_path, steps)) for _ in range(8)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert taken == [tmp_path]


def test_a_folder_that_can_not_be_written_to_is_no_obstacle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    file_format.admit_all()
    assert mark(paths.config_dir()) == "1\n"
