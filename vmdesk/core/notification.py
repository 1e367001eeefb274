"""Tell something on the desktop, where it has a program for that."""

import html
import shutil

from vmdesk.core import process
from vmdesk.core.job import Job

_PROGRAM = "notify-send"
"""Of libnotify; it speaks org.freedesktop.Notifications, which every desktop has."""


def send(summary: str, body: str, job: Job) -> None:
    """Show a message; without the program nothing is shown.

    Raises ``OperationError`` where the desktop does not take it.
    """
    if shutil.which(_PROGRAM) is not None:
        # The specification has the body take markup.
        text = html.escape(body, quote=False)
        process.run([_PROGRAM, "--app-name=vmdesk", "--icon=vmdesk", "--", summary, text], job)
