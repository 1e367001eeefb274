"""What vmdeskctl says of exports that were broken off before."""

import json
from pathlib import Path

import pytest

from vmdesk.cli.main import main
from vmdesk.core import paths
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host

IDLE = (
    "<domain type='test'><name>idle</name><memory>65536</memory><os><type>hvm</type></os></domain>"
)


@pytest.fixture
def broken_off(tmp_path: Path) -> Path:
    """What a killed import of 1 MiB has left behind."""
    journals = paths.state_dir() / "staging"
    journals.mkdir(parents=True, exist_ok=True)
    stage = tmp_path / ".vmdesk-fedcba9876543210"
    stage.mkdir()
    (stage / "0").write_bytes(b"x" * MIB)
    journal = journals / "fedcba9876543210.journal"
    journal.write_text(f'{{"text": "Import of web.tar", "folder": "{stage}", "started": 1}}\n')
    return stage


def test_an_export_clears_up_what_was_broken_off_and_says_so(
    default_host: Host, broken_off: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    default_host.connection.defineXML(IDLE)
    argv = ["--connect", "test:///default", "--json", "export", "idle", "-o", str(tmp_path)]
    assert main(argv) == 0
    (told,) = json.loads(capsys.readouterr().out)["cleared_up"]
    assert told.startswith("Import of web.tar was broken off.")
    assert "1 MiB" in told
    assert not broken_off.exists()
    assert main([*argv, "--force"]) == 0
    assert json.loads(capsys.readouterr().out)["cleared_up"] == []
