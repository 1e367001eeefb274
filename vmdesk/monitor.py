"""Watch running domains while the window shows them: statistics, and pictures of screens."""

from collections import deque
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import TypeGuard
from zlib import crc32

from PySide6.QtCore import QObject, QSize, QTimer, Signal
from PySide6.QtGui import QImage

from vmdesk.core import screenshot, statistics
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.statistics import Sample, Sampler, Usage
from vmdesk.models.domain_list_model import DomainListModel, DomainRow
from vmdesk.pictures import LARGE, SMALL, suits, unpacked
from vmdesk.tasks import TaskRunner

STATISTICS_INTERVAL = 1
"""Seconds between two looks at what all domains use."""
CALM_INTERVAL = 4
"""Seconds between two looks while every domain idles."""
CALM_LOOKS = 5
"""Looks in which every domain was idle, after which they are looked at less often."""
IDLE_CPU = 0.05
"""The share of one CPU that an idle domain uses at most."""
PICTURE_INTERVAL = 4
"""Seconds after which the pictures of all rows in sight are taken anew, unless set otherwise."""
STILL_FACTOR = 16
"""How many times as long the wait for a picture of an idle domain becomes, if it stays the same."""
LONGEST_WAIT = 60
"""Seconds for a picture, unless it is set to more."""
_SELECTED_RATE = 4
"""How many times as often the picture of the selected machine is taken, but no look twice."""
HISTORY_LENGTH = 60
"""Seconds that are remembered of each domain: what graphs show."""


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
        self._screens: dict[str, _Screen] = {}
        self._in_sight: frozenset[str] = frozenset()
        self._selected = ""
        self._calm_looks = 0
        self._seconds = 0
        """The time of looking, which stands still while the window is hidden."""
        self._picture_interval = PICTURE_INTERVAL
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._look_again)
        self._rest(0)

    def usages(self, uuid: str) -> tuple[Usage, ...]:
        """Return what a domain used lately, newest last; nothing while it isn't running."""
        is_running = self._runs(self._domains.row(uuid))
        return tuple(self._usages.get(uuid, ())) if is_running else ()

    @property
    def is_calm(self) -> bool:
        """Whether so little has happened lately that domains are looked at less often."""
        return self._calm_looks >= CALM_LOOKS

    @property
    def is_looking(self) -> bool:
        """Whether libvirt is being asked."""
        return bool(self.runner.tasks)

    def set_picture_interval(self, seconds: int) -> None:
        """Take the pictures of all rows in sight anew after so many seconds."""
        self._picture_interval = seconds
        self._renew_all()

    def set_watching(self, is_watching: bool) -> None:
        """Start looking when the window is shown, and stop when it is hidden."""
        if not is_watching:
            self._timer.stop()
            # Rates over the time in which nobody looked would be averages of it all.
            self._samples.clear()
        elif not self._timer.isActive():
            self._renew_all()
            self._rest(0)
            self._look()
            self._timer.start()

    def renew(self, uuid: str) -> None:
        """Look at a domain with which something has happened or is about to, and often again."""
        self._hurry(uuid)
        self._rest(0)

    def set_in_sight(self, uuids: Collection[str], selected: str) -> None:
        """Tell which rows can be seen, and which domain the details show (or an empty text)."""
        before, is_new = self._selected, selected != self._selected
        for uuid in frozenset(uuids) - self._in_sight:
            self._hurry(uuid)
        self._in_sight, self._selected = frozenset(uuids), selected
        if is_new and self._timer.isActive():
            if selected:
                self._rest(0)
            if self._runs(self._domains.row(selected)):
                self._take_picture(selected)
            self._make_small(before)

    def shut_down(self, patience: float = 60.0) -> bool:
        """Stop for good; tell whether that was done after so many seconds at most."""
        self._timer.stop()
        return self.runner.shut_down(patience)

    def _renew_all(self) -> None:
        for uuid in self._screens:
            self._hurry(uuid)

    def _rest(self, calm_looks: int) -> None:
        """Look as often as it takes after so many looks in which nothing has happened."""
        self._calm_looks = calm_looks
        self._interval = CALM_INTERVAL if self.is_calm else STATISTICS_INTERVAL
        # To set it anew would begin the wait anew.
        if self._timer.interval() != self._interval * 1000:
            self._timer.setInterval(self._interval * 1000)

    def _look_again(self) -> None:
        self._seconds += self._interval
        self._look()

    def _look(self) -> None:
        if not any(row.is_active for row in self._domains.rows()):
            self._forget(tuple(self._usages))
            return
        # A look that takes longer than the interval is not followed by a queue of others.
        if self.is_looking:
            return
        task = self.runner.start(_("Look"), lambda _job: self._sampler.sample())
        task.succeeded.connect(self._take_in)
        for uuid in self._in_sight.union([self._selected]):
            row = self._domains.row(uuid)
            if self._runs(row) and self._is_due(row):
                self._take_picture(uuid)

    @staticmethod
    def _runs(row: DomainRow | None) -> TypeGuard[DomainRow]:
        return row is not None and row.is_active

    def _is_due(self, row: DomainRow) -> bool:
        screen = self._screens.get(row.domain.uuid)
        if screen is None or screen.due <= self._seconds:
            return True
        return screen.digest is not None and row.picture is None

    def _take_in(self, samples: dict[str, Sample]) -> None:
        before, self._samples = self._samples, samples
        self._forget(self._usages.keys() - samples.keys())
        is_idle = before.keys() == samples.keys()
        for uuid in before.keys() & samples.keys():
            usage = statistics.usage(before[uuid], samples[uuid])
            history = self._usages.setdefault(uuid, deque(maxlen=HISTORY_LENGTH))
            elapsed = samples[uuid].at - before[uuid].at
            history.extend([usage] * max(1, round(elapsed / STATISTICS_INTERVAL)))
            if not self._is_idle(uuid):
                is_idle = False
                if uuid in self._screens and self._screens[uuid].factor > 1:
                    self._hurry(uuid)
            self._domains.set_cpu_history(uuid, tuple(usage.cpu for usage in history))
            self.watched.emit(uuid)
        self._rest(self._calm_looks + 1 if is_idle else 0)

    def _hurry(self, uuid: str) -> None:
        """Have its picture taken next, however long the screen has stood still."""
        if (screen := self._screens.get(uuid)) is not None:
            screen.factor, screen.due = 1, self._seconds

    def _is_idle(self, uuid: str) -> bool:
        usages, sample = self._usages.get(uuid), self._samples.get(uuid)
        if usages is None or sample is None:
            return False
        return usages[-1].cpu * sample.vcpus <= IDLE_CPU

    def _forget(self, uuids: Collection[str]) -> None:
        """Begin anew with domains that have stopped: another run has another course."""
        for uuid in uuids:
            del self._usages[uuid]
            self._samples.pop(uuid, None)
            self._screens.pop(uuid, None)

    def _take_picture(self, uuid: str) -> None:
        row = self._domains.row(uuid)
        picture = row.picture if row is not None else None
        screen = self._screens.setdefault(uuid, _Screen())
        if picture is None:
            screen.digest = None
        most = LARGE if uuid == self._selected else SMALL
        is_fit = picture is not None and suits(picture, screen.made_for, most)
        known = screen.digest if is_fit else None
        self._wait(uuid, screen)

        def take(_job: Job) -> _Picture | None:
            data = screenshot.take(self._host, uuid)
            # Not hash(), which keeps Python's lock.
            digest = crc32(data)
            # Most screens stand still most of the time, and unpacking is most of the work.
            if digest == known:
                return None
            return _Picture(digest, most, unpacked(data, most))

        task = self.runner.start(_("Look"), take)
        task.succeeded.connect(lambda picture: self._show(uuid, screen, picture))

    def _show(self, uuid: str, screen: "_Screen", picture: "_Picture | None") -> None:
        seen = (screen.digest, screen.digest_before)
        is_still = picture is None or picture.digest in seen
        is_left_alone = is_still and self._is_idle(uuid)
        screen.factor = min(screen.factor * 2, STILL_FACTOR) if is_left_alone else 1
        self._wait(uuid, screen)
        if picture is not None and not picture.image.isNull():
            if picture.digest != screen.digest:
                screen.digest_before, screen.digest = screen.digest, picture.digest
            screen.made_for = picture.made_for
            self._domains.set_picture(uuid, picture.image)
            if uuid != self._selected:
                self._make_small(uuid)

    def _make_small(self, uuid: str) -> None:
        """Have no large picture of a domain that runs and is selected no more."""
        row, screen = self._domains.row(uuid), self._screens.get(uuid)
        if screen is None or not self._runs(row) or row.picture is None:
            return
        if not suits(row.picture, screen.made_for, SMALL):
            self._take_picture(uuid)

    def _wait(self, uuid: str, screen: "_Screen") -> None:
        longest = max(LONGEST_WAIT, self._picture_interval)
        wait = min(self._picture_interval * screen.factor, longest)
        rate = _SELECTED_RATE if uuid == self._selected else 1
        screen.due = self._seconds + max(1, wait // rate)


@dataclass(slots=True)
class _Screen:
    """What is known of a domain's screen, and when to look at it again."""

    digest: int | None = None
    """Of the picture that is shown."""
    digest_before: int | None = None
    """Of the one before: a cursor that blinks makes two of one screen."""
    made_for: QSize = field(default_factory=QSize)
    """What the picture was made to fit into."""
    factor: int = 1
    """How many times the usual interval is waited for the next picture."""
    due: int = 0
    """When the next picture is taken, in seconds of looking."""


@dataclass(frozen=True, slots=True)
class _Picture:
    """A screen, and what tells it from the next."""

    digest: int
    made_for: QSize
    image: QImage
