"""Mends are run as they were shown, and a broken thing is told by itself only once."""

import os
import shutil
from pathlib import Path

import pytest

from vmdesk.core import paths
from vmdesk.core.doctor import mending
from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.job import Cancelled, Job, OperationError
from vmdesk.core.mend import Deed, Mend, as_root


def test_a_mend_runs_what_it_shows(tmp_path: Path) -> None:
    mend = Mend("Make it", ("mkdir", str(tmp_path / "a b")))
    assert mend.shown == f"mkdir '{tmp_path}/a b'"
    mending.run(mend, (), Job())
    assert (tmp_path / "a b").is_dir()
    with pytest.raises(OperationError, match="mkdir failed"):
        mending.run(mend, (), Job())


def test_root_is_asked_for_by_pkexec_or_else_in_a_terminal(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert as_root("x", "true") == Mend("x", ("sudo", "true"), Deed.COPY)
    (tmp_path / "pkexec").write_text("")
    (tmp_path / "pkexec").chmod(0o700)
    assert as_root("x", "true") == Mend("x", ("pkexec", "true"))
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert as_root("x", "true") == Mend("x", ("true",))


def test_a_password_that_is_not_given_is_no_failure(tmp_path: Path) -> None:
    said = "Error executing command as another user: Request dismissed"
    pkexec = tmp_path / "pkexec"
    pkexec.write_text(f"#!/bin/sh\necho '{said}' >&2\nexit 126\n")
    pkexec.chmod(0o700)
    with pytest.raises(Cancelled):
        mending.run(Mend("x", (str(pkexec), "true")), (), Job())


@pytest.mark.skipif(
    shutil.which("pkexec") is None or os.geteuid() == 0, reason="there is no pkexec, or no need"
)
def test_where_nobody_can_be_asked_for_a_password_a_terminal_is_named() -> None:
    with pytest.raises(OperationError, match="as root") as caught:
        mending.run(Mend("x", ("pkexec", "echo", "a b")), (), Job())
    assert caught.value.hint == "Run it in a terminal: sudo echo 'a b'"


def found(*checks: str) -> list[Finding]:
    return [Finding(check, State.BROKEN, "It is broken.") for check in checks]


def test_only_what_is_newly_broken_is_news() -> None:
    file = paths.state_dir() / "doctor.json"
    try:
        assert not mending.is_news([Finding("x", State.WARNING, "So so.")])
        assert mending.is_news(found("network"))
        assert not mending.is_news(found("network"))
        assert mending.is_news(found("network", "room"))
        assert not mending.is_news(found("room"))
        assert mending.is_news(found("network"))
        file.write_text("{damaged")
        assert mending.is_news(found("network"))
    finally:
        file.unlink()


@pytest.mark.usefixtures("spoiled_state")
def test_what_can_not_be_remembered_is_told_again() -> None:
    for _time in range(2):
        assert mending.is_news(found("network"))
