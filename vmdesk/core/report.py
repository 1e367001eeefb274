"""Write what a bug report needs: versions, what the doctor found, and the last errors."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from vmdesk import __version__
from vmdesk.core import paths
from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.doctor.verdict import verdict
from vmdesk.core.redaction import without_secrets

ERRORS = 10
"""How many of the last errors are in a report."""

_TAIL = 256 * 1024
# How a record begins in the log; what follows on further lines belongs to it.
_RECORD = re.compile(r"^(?=\d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3} [A-Z]+ )", re.MULTILINE)
_BAD = re.compile(r"^\S+ \S+ (?:WARNING|ERROR|CRITICAL) ")
_MARKS = {
    State.BROKEN: "**BROKEN**",
    State.WARNING: "**warning**",
    State.GOOD: "good",
    State.UNNEEDED: "not needed",
    State.UNCHECKED: "not checked",
}
"""What a state is called in a report, in the order in which findings stand there."""


def write(findings: Sequence[Finding], versions: Mapping[str, str]) -> str:
    """Return a report in Markdown, as GitHub and GitLab take it, without secrets.

    ``versions`` names further parts and their versions. The home folder is written as ``~``.
    """
    parts = {"vmdesk": __version__, "Python": platform.python_version(), **versions, **_system()}
    lines = ["### Versions", ""]
    lines += [f"- {name}: {value}" for name, value in parts.items()]
    lines += ["", "### Doctor", "", verdict(findings).text, ""]
    order = tuple(_MARKS)
    for finding in sorted(findings, key=lambda finding: order.index(finding.state)):
        lines.append(f"- {_MARKS[finding.state]} {finding.check}: {finding.meaning}")
        lines += [f"    > {line}" for line in finding.details.splitlines()]
    errors = last_errors(paths.state_dir() / paths.LOG_NAME)
    lines += ["", "### Last errors", "", "```", *(errors or ("none",)), "```", ""]
    text = without_secrets("\n".join(lines))
    return text.replace(str(Path.home()), "~")


def last_errors(log: Path) -> tuple[str, ...]:
    """Return the last records of ``log`` that tell of something bad, the oldest first."""
    try:
        with log.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _TAIL))
            text = file.read().decode(errors="replace")
    except OSError:
        return ()  # nothing was logged yet, or nobody may read it
    records = (record.rstrip() for record in _RECORD.split(text))
    return tuple(record for record in records if _BAD.match(record))[-ERRORS:]


def _system() -> dict[str, str]:
    try:
        name = platform.freedesktop_os_release().get("PRETTY_NAME", "")
    except OSError:
        name = ""
    desktop = os.environ.get("XDG_CURRENT_DESKTOP", "none")
    session = os.environ.get("XDG_SESSION_TYPE", "unknown")
    return {
        "System": f"{name or 'unknown'}, {platform.release()}, {platform.machine()}",
        "Desktop": f"{desktop} ({session})",
    }
