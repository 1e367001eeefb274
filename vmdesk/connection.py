"""Keep the list of domains true: connect, follow events, and reconnect when libvirt is lost."""

import enum
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import chain, repeat

from PySide6.QtCore import QObject, QTimer, Signal

from vmdesk.core import events
from vmdesk.core.host import DomainInfo, DomainState, Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.models.domain_list_model import DomainListModel
from vmdesk.tasks import TaskRunner

_PAUSES = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0)
"""Seconds before each attempt to reconnect; the last one is repeated."""

_SETTLING = 100
"""Milliseconds after a state that an event told, until there is a look at all else. It would delay
the painting, and if the next event follows, the daemon that has to send it."""

_PROBE_TURNS = 4
_PROBE_PAUSE = 50
"""Milliseconds: four turns take the 200 ms after which a thread has to step in."""


class ConnectionState(enum.Enum):
    """Whether libvirt can be asked."""

    CONNECTING = "connecting"
    CONNECTED = "connected"
    LOST = "lost"


@dataclass(frozen=True, slots=True)
class ConnectionStatus:
    """The state, why it is so, and the seconds until the next attempt where there is one."""

    state: ConnectionState
    error: OperationError | None = None
    retry_in: float | None = None


class Connection(QObject):
    """One host whose domains are in a model."""

    changed = Signal(object)
    """A ``ConnectionStatus``."""
    domain_changed = Signal(object)
    """The UUID of a domain whose row was just brought up to date."""
    rebooted = Signal(str)
    """The UUID of a domain whose guest has just restarted."""
    # libvirt calls back on the thread that drives its events; these bring it to the main thread.
    _told = Signal(str, object)
    _closed = Signal()

    def __init__(
        self, host: Host, queries: TaskRunner, domains: DomainListModel, parent: QObject
    ) -> None:
        super().__init__(parent)
        self._host = host
        self._queries = queries
        self._domains = domains
        self._waiting: set[str] = set()
        self._settling: set[str] = set()
        """Domains whose state an event has told, and which are looked at in a moment."""
        self._pauses = _pauses()
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self.connect_now)
        self._told.connect(self._hear)
        self._closed.connect(self._lose)
        self.status = ConnectionStatus(ConnectionState.CONNECTING)

    def connect_now(self) -> None:
        """Connect, or connect again, without waiting for the pause to end."""
        self._timer.stop()
        # While it is tried again and again, what is shown is why.
        if self.status.retry_in is None:
            self._set(ConnectionStatus(ConnectionState.CONNECTING))
        task = self._queries.start(_("Connect"), self._open)
        task.succeeded.connect(self._show)
        task.failed.connect(self._retry)

    def refresh(self, uuid: str) -> None:
        """Bring one row up to date. Events that come while a look is due are the same look."""
        if uuid in self._waiting:
            return
        self._waiting.add(uuid)

        def look(_job: Job) -> DomainInfo | None:
            # Before the look: an event that comes during it is news again.
            self._waiting.discard(uuid)
            return self._host.domain_info(uuid)

        task = self._queries.start(_("Look"), look)
        task.succeeded.connect(lambda info: self._update(uuid, info))

    def close(self) -> None:
        """Stop reconnecting; the host is closed when no task uses it any more."""
        self._timer.stop()
        self._pauses = iter(())

    def _open(self, job: Job) -> list[DomainInfo]:
        self._host.close()
        # Subscribe before listing, or a domain born between is lost.
        self._host.open(self._told.emit, self._closed.emit, self.rebooted.emit, job)
        return self._host.domains()

    def _show(self, infos: list[DomainInfo]) -> None:
        self._pauses = _pauses()
        self._domains.set_all(infos)
        self._domains.set_current(True)
        self._set(ConnectionStatus(ConnectionState.CONNECTED))

    def _hear(self, uuid: str, state: DomainState | None) -> None:
        """Show what an event tells, and ask for the rest when that is on the screen."""
        if state is None or not self._domains.set_state(uuid, state):
            self._settle(uuid)
        elif uuid not in self._settling:
            self._settling.add(uuid)
            QTimer.singleShot(_SETTLING, self, partial(self._settle, uuid))

    def _settle(self, uuid: str) -> None:
        self._settling.discard(uuid)
        self.refresh(uuid)

    def _update(self, uuid: str, info: DomainInfo | None) -> None:
        # What was looked at before the event is old, and there is to be another look.
        if uuid not in self._settling:
            self._domains.update(uuid, info)
            self.domain_changed.emit(uuid)

    def _lose(self) -> None:
        if self.status.state is not ConnectionState.LOST:
            self._retry(
                OperationError(
                    _("The connection to libvirt was lost."),
                    _("Your machines go on running. vmdesk reconnects by itself."),
                )
            )

    def _retry(self, error: Exception) -> None:
        self._domains.set_current(False)
        expected = error if isinstance(error, OperationError) else None
        # Whoever has said no to a question is not asked again until he wants to be.
        is_refused = expected is not None and expected.cause is Cause.NOT_LET_IN
        pause = None if is_refused else next(self._pauses, None)
        self._set(ConnectionStatus(ConnectionState.LOST, expected, pause))
        if pause is not None:
            self._timer.start(round(pause * 1000))

    def _set(self, status: ConnectionStatus) -> None:
        self.status = status
        self.changed.emit(status)


def drive_events(parent: QObject) -> None:
    """See to it that somebody drives libvirt's events: Qt's loop, or else a thread.

    Call it after ``events.register`` and before the loop runs.
    """
    timer = QTimer(parent)
    turns = iter(range(_PROBE_TURNS))

    def take_turn() -> None:
        if next(turns, None) is None:
            timer.stop()
            events.start_thread()

    # Turns of the loop and not time alone: a busy machine may be late, but a loop that drives
    # libvirt never takes turn after turn without firing its timer. A thread beside such a loop
    # would hang both.
    timer.timeout.connect(take_turn)
    events.add_probe(timer.stop)
    timer.start(_PROBE_PAUSE)


def _pauses() -> Iterator[float]:
    return chain(_PAUSES, repeat(_PAUSES[-1]))
