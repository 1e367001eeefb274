"""Which of several libvirts can be reached now, and why the others can't."""

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from vmdesk.core import connections
from vmdesk.core.connections import KnownConnection
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError

PATIENCE = 15.0
"""Seconds that a host has to answer."""
_TURN = 0.1


@dataclass(frozen=True, slots=True)
class Reach:
    """A connection, and why it can't be reached, or ``None`` where it can."""

    connection: KnownConnection
    error: OperationError | None


def look(known: Sequence[KnownConnection], job: Job, patience: float = PATIENCE) -> list[Reach]:
    """Try all of them at once, so that one that hangs delays no other. Nothing is asked."""
    silence = OperationError(
        _("It does not answer."), _("Check whether the computer is on and in the network.")
    )
    found = [Reach(one, silence) for one in known]
    # Daemons: libvirt can't be told to give an attempt up, and the program must be able to end.
    threads = [
        threading.Thread(target=_try, args=(found, place), daemon=True)
        for place in range(len(found))
    ]
    for thread in threads:
        thread.start()
    end = time.monotonic() + patience
    while time.monotonic() < end and any(thread.is_alive() for thread in threads):
        job.wait(_TURN)
    return list(found)


def _try(found: list[Reach], place: int) -> None:
    uri = found[place].connection.uri
    host = Host(connections.with_parameter(uri, "no_tty", "1") if connections.is_ssh(uri) else uri)
    error = None
    try:
        host.open()
    except OperationError as problem:
        error = problem
    host.close()
    found[place] = replace(found[place], error=error)
