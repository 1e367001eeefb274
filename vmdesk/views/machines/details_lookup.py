"""Ask what machines are made of: the one that is shown, and ahead of a click the one under it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.tasks import Task

if TYPE_CHECKING:
    from vmdesk.core.details import DomainDetails

_FRESH = 5.0
"""Seconds for which what is known of a machine is as good as an answer, until one comes."""


class DetailsLookup(QObject):
    """Keeps what is known of the machine that is wanted, and for a while of others.

    Of each connection, one question is under way at a time. One that is asked ahead is not counted:
    nobody is to wait for it.
    """

    answered = Signal(object)
    """The ``DomainKey`` of a machine of which more is known now."""
    ended = Signal()
    """A question is under way no longer: there may be room for another one."""

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._wanted: DomainKey | None = None
        self._asked: dict[str, _Question] = {}
        self._ahead: dict[str, _Question] = {}
        """The questions under way, by connection."""
        self._answers: dict[DomainKey, _Answer] = {}
        self.has_answer = False
        """Whether anything that was wanted has been answered."""
        self.is_due = False
        """Whether the machine that is wanted was asked for while that could not be."""

    def known(self, key: DomainKey) -> DomainDetails | None:
        """Return what a machine is made of, as far as that is known without a question."""
        answer = self._answers.get(key)
        is_good = answer is not None and (key == self._wanted or answer.is_fresh)
        return answer.details if answer is not None and is_good else None

    def want(self, key: DomainKey | None) -> None:
        """Say which machine counts from now on; of the one before, nothing is asked any more."""
        if key != self._wanted:
            self._wanted, self.is_due = None, False
            self._drop_old()
            self._wanted = key

    def ask(self) -> None:
        """Ask anew for the machine that is wanted."""
        if self._wanted is None:
            return
        connection = self._wanted.connection
        ahead = self._ahead.get(connection)
        # However fast the selection moves, one question is under way: then comes the last.
        self.is_due = connection in self._asked or (ahead is not None and ahead.key == self._wanted)
        if not self.is_due:
            self._start(self._wanted, self._asked)

    def ask_ahead(self, key: DomainKey) -> bool:
        """Ask for a machine that may be wanted next; return False if others have to be first."""
        if self.known(key) is not None:
            return True
        if key.connection in self._asked or key.connection in self._ahead:
            return False
        self._start(key, self._ahead)
        return True

    def forget(self, key: DomainKey) -> None:
        """Ask before a machine is shown again with which something has happened."""
        if key == self._wanted:
            return
        self._answers.pop(key, None)
        for question in (*self._asked.values(), *self._ahead.values()):
            question.is_outdated |= question.key == key

    def _start(self, key: DomainKey, questions: dict[str, _Question]) -> None:
        site = self._controller.site(key)
        if site is None:
            return
        question = questions[key.connection] = _Question(key, site.details(key.uuid), self)
        question.answered.connect(self._take)
        question.ended.connect(lambda: self._end(key, questions))

    def _take(self, answer: _Answer) -> None:
        self._answers[answer.key] = answer
        self._drop_old()
        self.has_answer |= answer.key == self._wanted
        self.answered.emit(answer.key)

    def _drop_old(self) -> None:
        self._answers = {
            key: answer
            for key, answer in self._answers.items()
            if key == self._wanted or answer.is_fresh
        }

    def _end(self, key: DomainKey, questions: dict[str, _Question]) -> None:
        del questions[key.connection]
        self.ended.emit()


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a machine is made of, and when that was so in seconds of the monotonic clock."""

    key: DomainKey
    details: DomainDetails
    at: float

    @property
    def is_fresh(self) -> bool:
        """Whether it is from just now."""
        return time.monotonic() - self.at < _FRESH


class _Question(QObject):
    """Asks for the details of one machine; it goes with the page."""

    answered = Signal(object)
    """An ``_Answer``, if nothing has happened to the machine meanwhile."""
    ended = Signal()

    def __init__(self, key: DomainKey, task: Task, parent: QObject) -> None:
        super().__init__(parent)
        self.key = key
        self.is_outdated = False
        task.succeeded.connect(self._answer)
        task.finished.connect(self._end)

    def _answer(self, details: DomainDetails) -> None:
        if not self.is_outdated:
            self.answered.emit(_Answer(self.key, details, time.monotonic()))

    def _end(self) -> None:
        self.ended.emit()
        self.deleteLater()
