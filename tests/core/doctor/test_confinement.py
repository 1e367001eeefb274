"""What AppArmor and SELinux write into the log when they deny something to QEMU."""

from pathlib import Path

import pytest

from tests.core.doctor.conftest import Examine, put
from vmdesk.core.doctor import confinement
from vmdesk.core.doctor.finding import State
from vmdesk.core.job import Job

APPARMOR = (
    'audit: type=1400 audit(1700000000.0:42): apparmor="DENIED" operation="open" '
    'profile="libvirt-6695eb01-f6a4-8304-79aa-97f2502e193f" name="/home/me/x.iso" '
    'comm="qemu-system-x86" requested_mask="r" denied_mask="r" fsuid=64055 ouid=1000\n'
)
SELINUX = (
    'type=AVC msg=audit(1700000000.0:42): avc:  denied  { read } for  pid=42 comm="qemu-kvm" '
    'name="x.iso" scontext=system_u:system_r:svirt_t:s0:c1,c2 '
    "tcontext=unconfined_u:object_r:user_home_t:s0 tclass=file permissive=0\n"
)
OTHER = 'audit: apparmor="DENIED" operation="open" profile="/usr/bin/evince" comm="evince"\n'


@pytest.mark.parametrize(
    ("log", "line", "who"),
    [("kern.log", APPARMOR, "AppArmor"), ("audit/audit.log", SELINUX, "SELinux")],
)
def test_a_denial_is_found_and_quoted(
    examined: Examine, tmp_path: Path, log: str, line: str, who: str
) -> None:
    put(tmp_path, f"/var/log/{log}", OTHER + line)
    found = confinement.denials(examined(root=tmp_path), Job())
    assert found.state is State.WARNING
    assert who in found.meaning
    assert found.details == line.strip()


def test_denials_of_others_are_not_ours(examined: Examine, tmp_path: Path) -> None:
    put(tmp_path, "/var/log/syslog", OTHER)
    found = confinement.denials(examined(root=tmp_path), Job())
    assert found.state is State.GOOD
    assert "nothing" in found.meaning


def test_that_no_log_may_be_read_is_said(
    examined: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "no log" in confinement.denials(examined(root=tmp_path), Job()).meaning


def test_a_journal_that_this_user_may_not_read_is_none(
    examined: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = put(tmp_path, "bin/journalctl", f"#!/bin/sh\necho '{APPARMOR.strip()}'\nexit 1\n")
    journal.chmod(0o700)
    monkeypatch.setenv("PATH", str(journal.parent))
    found = confinement.denials(examined(root=tmp_path / "nothing"), Job())
    assert found.state is State.UNCHECKED
    assert "no log" in found.meaning
