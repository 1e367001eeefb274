"""Carry out a mend, and remember what was broken the last time that vmdesk looked by itself."""

import json
import shlex
from collections.abc import Sequence

from vmdesk.core import paths, polkit_agent, process
from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.doctor.remembering import remember
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Job, OperationError
from vmdesk.core.mend import Mend

# What pkexec says when the user closes the question for the password,
_DISMISSED = "Request dismissed"
# where nobody asks it, and where the answer is no. It is in English everywhere.
_UNASKED = "authentication agent"
_WRONG = "Not authorized"
_REFUSED = (_WRONG, _UNASKED, "Error getting authority")


def run(mend: Mend, agent: Sequence[str], job: Job) -> None:
    """Run the command of ``mend``; raises ``OperationError`` with its words if it fails.

    ``agent`` asks for the password where the desktop does not, see ``polkit_agent``. Raises
    ``Cancelled`` if the user says no.
    """
    job.report(0, 0, mend.text)
    try:
        _run(mend.command, agent, job)
    except polkit_agent.RefusedError as no:
        raise Cancelled from no
    except OperationError as error:
        if _DISMISSED in error.details:
            raise Cancelled from error
        if mend.command[0] == "pkexec" and any(sign in error.details for sign in _REFUSED):
            in_terminal = shlex.join(("sudo", *mend.command[1:]))
            raise OperationError(
                _("Nobody allowed this to run as root."),
                _("Run it in a terminal: {command}").format(command=in_terminal),
                error.details,
            ) from error
        raise


def _run(command: Sequence[str], agent: Sequence[str], job: Job) -> None:
    try:
        process.run(command, job)
    except OperationError as error:
        if command[0] != "pkexec" or _UNASKED not in error.details:
            raise
        # It looks for the agent of the process that has started it.
        polkit_agent.allowed(lambda: process.run(command, job), agent, _is_wrong, job)


def _is_wrong(error: Exception) -> bool:
    return isinstance(error, OperationError) and _WRONG in error.details


def is_news(findings: Sequence[Finding]) -> bool:
    """Tell whether something is broken that was not at the last call, and remember it."""
    broken = sorted(finding.check for finding in findings if finding.state is State.BROKEN)
    file = paths.state_dir() / "doctor.json"
    try:
        known = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = []
    remember(file, json.dumps(broken))
    return not set(broken) <= set(known if isinstance(known, list) else [])
