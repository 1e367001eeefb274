"""Everything finds room: in each language, in one that is half as long again, and mirrored."""

import os
import subprocess
import sys
from pathlib import Path

import catalogs
import pseudo
import pytest


def faults(language: str, folder: Path) -> str:
    command = [sys.executable, "-m", "tests.views.layout_check", str(folder)]
    environment = {**os.environ, "LANGUAGE": language}
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=environment)
    return done.stdout + (done.stderr if done.returncode else "")


@pytest.mark.parametrize("language", ["en", "de", "es"])
def test_every_dialog_has_room_for_its_text_and_a_key_for_one_thing(language: str) -> None:
    catalogs.compile_all()
    assert faults(language, catalogs.LOCALE) == ""


def test_text_that_is_half_as_long_again_finds_room_too(tmp_path: Path) -> None:
    pseudo.make(tmp_path)
    assert faults(pseudo.NAME, tmp_path) == ""
