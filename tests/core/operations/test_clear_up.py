"""What is told of what a kill left behind: only what took room."""

from pathlib import Path

from vmdesk.core import paths
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import clear_up


def leave_behind(folder: Path, token: str, size: int) -> Path:
    journals = paths.state_dir() / "staging"
    journals.mkdir(parents=True, exist_ok=True)
    stage = folder / f".vmdesk-{token}"
    stage.mkdir()
    if size:
        (stage / "0").write_bytes(b"x" * size)
    line = f'{{"text": "Import of {token}", "folder": "{stage}", "started": 1}}\n'
    (journals / f"{token}.journal").write_text(line)
    return stage


def test_all_is_cleared_away_and_what_took_room_is_told(test_host: Host, tmp_path: Path) -> None:
    empty = leave_behind(tmp_path, "0" * 16, 0)
    full = leave_behind(tmp_path, "1" * 16, MIB)
    (told,) = clear_up.run(test_host, Job())
    assert (told.text, told.size) == (f"Import of {'1' * 16}", MIB)
    assert not empty.exists()
    assert not full.exists()
    assert clear_up.run(test_host, Job()) == ()
