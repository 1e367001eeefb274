"""When machines ran last."""

from pathlib import Path

import pytest

from vmdesk.core import last_use
from vmdesk.core.last_use import LastUse


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "state" / "last-use.json"


def test_what_is_saved_is_there_the_next_time(file: Path) -> None:
    first = LastUse(file)
    assert first["one"] == 0.0
    first.note(["one", "two"], 1000.0)
    first.note(["two"], 2000.0)
    first.save()
    second = LastUse(file)
    assert (second["one"], second["two"]) == (1000.0, 2000.0)
    assert [path.name for path in file.parent.iterdir()] == [file.name]


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"one": "x"}', "\udcff"])
def test_a_damaged_file_counts_as_none(file: Path, text: str) -> None:
    file.parent.mkdir()
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert LastUse(file)["one"] == 0.0


def test_the_file_does_not_grow_for_ever(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_use, "MOST", 2)
    used = LastUse(file)
    for number in range(4):
        used.note([str(number)], number)
    used.save()
    assert [LastUse(file)[str(number)] for number in range(4)] == [0.0, 0.0, 2.0, 3.0]
