"""The token is this user's alone; a file that is not so lets nobody in."""

import stat
import threading
from pathlib import Path

import pytest

from vmdesk.api import access_token
from vmdesk.core.job import OperationError


@pytest.fixture(autouse=True)
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return access_token.path()


def test_it_is_made_once(file: Path) -> None:
    token = access_token.read()
    assert len(token) >= 32
    assert access_token.read() == token
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert list(file.parent.iterdir()) == [file]


def test_those_who_start_together_have_the_same(file: Path) -> None:
    tokens: list[str] = []
    together = threading.Barrier(8)

    def read() -> None:
        together.wait()
        tokens.append(access_token.read())

    threads = [threading.Thread(target=read) for _number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert tokens == [file.read_text().strip()] * 8


@pytest.mark.parametrize("content", ["", "\n", "short", "x" * 31])
def test_an_empty_or_cut_off_token_is_none(file: Path, content: str) -> None:
    access_token.read()
    file.write_text(content)
    with pytest.raises(OperationError, match="no token"):
        access_token.read()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o666])
def test_a_token_that_others_may_read_is_not_used(file: Path, mode: int) -> None:
    access_token.read()
    file.chmod(mode)
    with pytest.raises(OperationError, match="Others may read"):
        access_token.read()
