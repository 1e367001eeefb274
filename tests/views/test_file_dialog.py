"""The dialog for files begins where a person would look first."""

from pathlib import Path

import pytest
from PySide6.QtWidgets import QWidget

from vmdesk.views.file_dialog import file_dialog, start_folder


def test_it_begins_in_the_first_folder_that_is_there(tmp_path: Path) -> None:
    assert start_folder("", str(tmp_path / "gone"), str(tmp_path)) == str(tmp_path)


def test_without_one_it_begins_with_the_downloads_or_at_home(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert start_folder("") == str(tmp_path)
    (tmp_path / "Downloads").mkdir()
    assert start_folder("") == str(tmp_path / "Downloads")


def test_the_usual_places_stand_beside_it(
    parent: QWidget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Desktop", "Downloads"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    dialog = file_dialog(parent, "Choose")
    places = [url.toLocalFile() for url in dialog.sidebarUrls()]
    assert places == [str(tmp_path), str(tmp_path / "Desktop"), str(tmp_path / "Downloads")]
