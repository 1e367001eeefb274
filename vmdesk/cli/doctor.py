"""The command that examines this computer and says what mends it."""

import dataclasses

from vmdesk.cli.command import Commands, Context
from vmdesk.cli.output import Result
from vmdesk.core.doctor import examination
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.doctor.verdict import verdict
from vmdesk.core.i18n import _
from vmdesk.core.mend import Mend

_MARKS = {
    State.GOOD: "✓",
    State.WARNING: "!",
    State.BROKEN: "✗",
    State.UNNEEDED: "–",
    State.UNCHECKED: "?",
}


def add_commands(commands: Commands) -> None:
    """Add this module's command, which needs no connection: a lost one is what it explains."""
    description = _("examine this computer, and say what mends it")
    parser = commands.add("doctor", _doctor, description, takes_name=False)
    parser.set_defaults(connects=False)


def _doctor(context: Context) -> Result:
    folders = context.folders
    surroundings = Surroundings(context.host.uri, folders.disks, folders.isos)
    findings = examination.run(surroundings, context.job)
    lines = [verdict(findings).text, "", *map(_described, findings)]
    return Result("\n".join(lines), [_plain(finding) for finding in findings])


def _described(finding: Finding) -> str:
    lines = [f"{_MARKS[finding.state]} {finding.title}: {finding.meaning}"]
    lines += [f"    {mend.text}: {mend.shown}" for mend in finding.mends]
    lines += [f"    {finding.advice}"] if finding.advice else []
    return "\n".join(lines)


def _plain(finding: Finding) -> dict[str, object]:
    return dataclasses.asdict(finding) | {
        "title": finding.title,
        "state": finding.state.value,
        "mends": [_plain_mend(mend) for mend in finding.mends],
    }


def _plain_mend(mend: Mend) -> dict[str, object]:
    return {"text": mend.text, "command": mend.command, "shown": mend.shown}
