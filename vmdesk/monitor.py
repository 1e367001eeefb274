"""Watch running domains while the window shows them: statistics, and pictures of screens."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QImage

from vmdesk.core import screenshot, statistics
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.statistics import Sample, Sampler, Usage
from vmdesk.models.domain_list_model import DomainListModel, DomainRow
from vmdesk.shrinking import shrunk
from vmdesk.tasks import TaskRunner

STATISTICS_INTERVAL = 1000
"""Milliseconds between two looks at what all domains use."""
PICTURE_TURNS = 4
"""Looks after which the pictures of all rows in sight are taken anew, unless set otherwise."""
_SELECTED_RATE = 4
"""How many times as often the picture of the selected machine is taken, but no look twice."""
HISTORY_LENGTH = 120
"""Looks that are remembered of each domain: two minutes."""
PICTURE_SIZE = QSize(1280, 800)
"""Pixels that a picture is scaled down to: what the pane shows on a screen of high density."""


class Monitor(QObject):
    """Polls, and only what is shown. It has a thread of its own.

    A guest that is busy can be slow to answer, and an event that waited behind it would be late.
    """

    watched = Signal(object)
    """The UUID of a domain of which there is a new ``Usage``."""

    def __init__(self, host: Host, domains: DomainListModel, parent: QObject) -> None:
        super().__init__(parent)
        self._host = host
        self._domains = domains
        self._sampler = Sampler(host)
        self.runner = TaskRunner(1, self)
        self._samples: dict[str, Sample] = {}
        self._usages: dict[str, deque[Usage]] = {}
        self._digests: dict[str, int] = {}
        """Of the picture of each domain that is shown."""
        self._in_sight: frozenset[str] = frozenset()
        self._selected = ""
        self._turn = 0
        self._picture_turns = PICTURE_TURNS
        self._timer = QTimer(self)
        self._timer.setInterval(STATISTICS_INTERVAL)
        self._timer.timeout.connect(self._look)

    def usages(self, uuid: str) -> tuple[Usage, ...]:
        """Return what a domain used lately, newest last; nothing while it isn't running."""
        is_running = self._runs(self._domains.row(uuid))
        return tuple(self._usages.get(uuid, ())) if is_running else ()

    @property
    def is_looking(self) -> bool:
        """Whether libvirt is being asked."""
        return bool(self.runner.tasks)

    def set_picture_interval(self, seconds: int) -> None:
        """Take the pictures of all rows in sight anew after so many seconds."""
        self._picture_turns = max(1, round(seconds * 1000 / STATISTICS_INTERVAL))

    def set_watching(self, is_watching: bool) -> None:
        """Start looking when the window is shown, and stop when it is hidden."""
        if not is_watching:
            self._timer.stop()
            # Rates over the time in which nobody looked would be averages of it all.
            self._samples.clear()
        elif not self._timer.isActive():
            self._turn = 0
            self._look()
            self._timer.start()

    def set_in_sight(self, uuids: Collection[str], selected: str) -> None:
        """Tell which rows can be seen, and which domain the details show (or an empty text)."""
        is_new = selected != self._selected
        self._in_sight, self._selected = frozenset(uuids), selected
        if is_new and selected and self._timer.isActive():
            self._take_picture(selected)

    def shut_down(self, patience: float = 60.0) -> bool:
        """Stop for good; tell whether that was done after so many seconds at most."""
        self._timer.stop()
        return self.runner.shut_down(patience)

    def _look(self) -> None:
        if not any(row.is_active for row in self._domains.rows()):
            self._forget(tuple(self._usages))
            return
        # A look that takes longer than the interval is not followed by a queue of others.
        if self.is_looking:
            return
        task = self.runner.start(_("Look"), lambda _job: self._sampler.sample())
        task.succeeded.connect(self._take_in)
        is_everyones_turn = self._turn % self._picture_turns == 0
        is_selected_turn = self._turn % max(1, self._picture_turns // _SELECTED_RATE) == 0
        self._turn += 1
        for uuid in self._in_sight.union([self._selected]):
            is_turn = is_selected_turn if uuid == self._selected else is_everyones_turn
            if is_turn and self._runs(self._domains.row(uuid)):
                self._take_picture(uuid)

    @staticmethod
    def _runs(row: DomainRow | None) -> bool:
        return row is not None and row.is_active

    def _take_in(self, samples: dict[str, Sample]) -> None:
        before, self._samples = self._samples, samples
        self._forget(self._usages.keys() - samples.keys())
        for uuid in before.keys() & samples.keys():
            history = self._usages.setdefault(uuid, deque(maxlen=HISTORY_LENGTH))
            history.append(statistics.usage(before[uuid], samples[uuid]))
            self._domains.set_cpu_history(uuid, tuple(usage.cpu for usage in history))
            self.watched.emit(uuid)

    def _forget(self, uuids: Collection[str]) -> None:
        """Begin anew with domains that have stopped: another run has another course."""
        for uuid in uuids:
            del self._usages[uuid]
            self._samples.pop(uuid, None)
            self._digests.pop(uuid, None)

    def _take_picture(self, uuid: str) -> None:
        row = self._domains.row(uuid)
        known = self._digests.get(uuid) if row is not None and row.picture is not None else None

        def take(_job: Job) -> _Picture | None:
            data = screenshot.take(self._host, uuid)
            digest = hash(data)
            # Most screens stand still most of the time, and unpacking is most of the work.
            if digest == known:
                return None
            return _Picture(digest, shrunk(QImage.fromData(data), PICTURE_SIZE))

        task = self.runner.start(_("Look"), take)
        task.succeeded.connect(lambda picture: self._show(uuid, picture))

    def _show(self, uuid: str, picture: "_Picture | None") -> None:
        if picture is not None and not picture.image.isNull():
            self._digests[uuid] = picture.digest
            self._domains.set_picture(uuid, picture.image)


@dataclass(frozen=True, slots=True)
class _Picture:
    """A screen, and what tells it from the next."""

    digest: int
    image: QImage
