"""The text that is pasted into a bug report."""

import platform
from pathlib import Path

import pytest

from vmdesk import __version__
from vmdesk.core import paths, report
from vmdesk.core.doctor.finding import Finding, State

LOG = """\
2026-01-02 03:04:05,678 INFO vmdesk: nothing special
2026-01-02 03:04:06,678 ERROR vmdesk.checkup: Start web: No.
https://me:hunter2@host/
2026-01-02 03:04:07,678 INFO vmdesk: fine again
2026-01-02 03:04:08,678 CRITICAL vmdesk.app: A defect
Traceback (most recent call last):
"""


def test_the_last_errors_come_whole_and_without_what_is_fine(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG)
    first, second = report.last_errors(log)
    assert first.endswith("https://me:hunter2@host/")
    assert second.endswith("Traceback (most recent call last):")


def test_only_so_many_of_them_are_told(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text(LOG * 20)
    assert len(report.last_errors(log)) == report.ERRORS
    assert report.last_errors(tmp_path / "none") == ()


def test_a_report_has_versions_findings_and_errors_but_no_secrets() -> None:
    log = paths.state_dir() / paths.LOG_NAME
    log.parent.mkdir(parents=True, exist_ok=True)
    log.write_text(LOG)
    findings = [
        Finding("room", State.GOOD, f"64 GiB are free in {Path.home()}/disks."),
        Finding("device", State.BROKEN, "It is closed.", details="No access."),
    ]
    try:
        text = report.write(findings, {"Qt": "6.8.0"})
    finally:
        log.unlink()
    assert f"- vmdesk: {__version__}\n" in text
    assert "- Qt: 6.8.0\n" in text
    assert "You can use vmdesk; machines will be slow without KVM." in text
    assert text.index("- **BROKEN** device: It is closed.\n    > No access.") < text.index(
        "- good room: 64 GiB are free in ~/disks."
    )
    assert "Start web: No." in text
    assert "hunter2" not in text


def test_a_system_that_does_not_say_its_name_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def nameless() -> dict[str, str]:
        raise FileNotFoundError(2, "No such file or directory", "/etc/os-release")

    monkeypatch.setattr(platform, "freedesktop_os_release", nameless)
    assert f"- System: unknown, {platform.release()}, " in report.write([], {})
