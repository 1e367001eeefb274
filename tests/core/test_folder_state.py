"""Whether files can be kept in a folder."""

import os
import shutil
from pathlib import Path

import pytest

from vmdesk.core import folder_state


def test_a_folder_that_is_there_can_be_used(tmp_path: Path) -> None:
    state = folder_state.look(tmp_path)
    assert (state.problem, state.exists) == ("", True)
    assert 0 < state.free_bytes <= shutil.disk_usage(tmp_path).total


def test_a_folder_that_can_be_made_can_be_used(tmp_path: Path) -> None:
    state = folder_state.look(tmp_path / "a" / "b")
    assert (state.problem, state.exists) == ("", False)
    assert not (tmp_path / "a").exists()


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "not a folder" in folder_state.look(tmp_path / "file" / "below").problem


def test_a_link_to_nowhere_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    assert "not a folder" in folder_state.look(tmp_path / "link").problem


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_of_somebody_else_cannot_be_used() -> None:
    assert "may not write" in folder_state.look(Path("/usr/vmdesk")).problem
