"""vmdeskctl doctor: it needs no connection, since a lost one is what it explains."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from vmdesk.cli.main import main

pytestmark = pytest.mark.usefixtures("libvirt_events")


def test_its_json_has_state_meaning_and_mends(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--connect", "test:///default", "doctor", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)
    assert len(findings) > 15
    for finding in findings:
        assert finding["state"] in ("good", "warning", "broken", "not needed", "not checked")
        assert finding["title"]
        assert finding["meaning"]
        assert all(mend["text"] and mend["command"] for mend in finding["mends"])


def test_a_libvirt_that_is_not_there_is_a_finding_and_no_failure(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "vmdesk.cli", "doctor"]
    command += ["--connect", f"qemu:///system?socket={tmp_path}/none"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0
    assert done.stdout.startswith("You can’t use virtual machines yet: libvirt can’t be reached.\n")
    assert "✗ Connection: libvirt is not running, or can’t be reached." in done.stdout
    assert "systemctl enable --now libvirtd.socket" in done.stdout
