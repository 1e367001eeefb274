"""The last twenty descriptions of each machine are kept, readable by their owner alone."""

import stat
from pathlib import Path

import pytest

from vmdesk.core import history
from vmdesk.core.job import Cause, OperationError

UUID = "b83a886a-5c43-4b19-a9ac-c15ce08d6223"


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "vmdesk"


def test_a_machine_without_changes_has_no_history() -> None:
    assert history.entries(UUID) == []
    history.forget(UUID)


def test_what_was_kept_comes_back_byte_for_byte_newest_first() -> None:
    first = history.save(UUID, "<a>\r\né</a>")
    second = history.save(UUID, "<b/>")
    assert history.entries(UUID) == [second, first]
    assert (first.number, second.number) == (1, 2)
    assert history.text(UUID, 1) == "<a>\r\né</a>"
    assert first.saved_at <= second.saved_at


def test_machines_have_their_own_history() -> None:
    history.save(UUID, "<a/>")
    assert history.entries(UUID.replace("b", "c")) == []


def test_the_oldest_go_beyond_twenty_and_numbers_stay() -> None:
    for number in range(1, 26):
        history.save(UUID, f"<a>{number}</a>")
    kept = history.entries(UUID)
    assert [entry.number for entry in kept] == list(range(25, 5, -1))
    assert history.text(UUID, 6) == "<a>6</a>"
    with pytest.raises(OperationError, match="Version 5") as caught:
        history.text(UUID, 5)
    assert caught.value.cause is Cause.INVALID_VALUE


def test_the_same_description_is_kept_once() -> None:
    assert history.save(UUID, "<a/>") == history.save(UUID, "<a/>")
    history.save(UUID, "<b/>")
    assert history.save(UUID, "<a/>").number == 3


def test_only_the_owner_can_read_it(data_dir: Path) -> None:
    entry = history.save(UUID, "<a/>")
    assert stat.S_IMODE(entry.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(entry.path.parent.stat().st_mode) == 0o700
    assert sorted(data_dir.rglob("*.*")) == [entry.path]


def test_a_number_that_another_vmdesk_takes_meanwhile_is_left_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    theirs = history.save(UUID, "<theirs/>")
    with monkeypatch.context() as blind:
        blind.setattr(history, "entries", lambda _uuid: [])
        assert history.save(UUID, "<ours/>").number == 2
    assert history.text(UUID, theirs.number) == "<theirs/>"


def test_a_description_that_cannot_be_kept_is_an_error(data_dir: Path) -> None:
    data_dir.mkdir()
    (data_dir / "history").write_text("in the way")
    with pytest.raises(OperationError, match="nothing was changed"):
        history.save(UUID, "<a/>")


def test_a_deleted_machine_is_forgotten(data_dir: Path) -> None:
    history.save(UUID, "<a/>")
    history.forget(UUID)
    assert list((data_dir / "history").iterdir()) == []
