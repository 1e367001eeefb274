"""Messages on the desktop."""

import os
from pathlib import Path

import pytest

from vmdesk.core import notification
from vmdesk.core.job import Job


def test_the_desktop_gets_the_words_as_they_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "notify-send"
    program.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" >{tmp_path}/told\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    notification.send("-x & y", "a <b> & c", Job())
    told = (tmp_path / "told").read_text().splitlines()
    assert told[-3:] == ["--", "-x & y", "a &lt;b&gt; &amp; c"]


def test_a_desktop_without_the_program_is_told_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    notification.send("Done", "", Job())
