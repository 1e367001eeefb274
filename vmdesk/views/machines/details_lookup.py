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
"""Seconds for which what is known of another machine is as good as an answer, until one comes."""


class DetailsLookup(QObject):
    """Keeps the last two answers. Of each connection, one question is under way at a time.

    One that is asked ahead is not counted: nobody is to wait for it.
    """

    answered = Signal(object)
    """The ``DomainKey`` of a machine of which more is known now."""

    def __init__(self, controller: Controller, parent: QObject) -> None:
        super().__init__(parent)
        self._controller = controller
        self._wanted: DomainKey | None = None
        self._asked: set[str] = set()
        """Connections of which a question is under way."""
        self._due: DomainKey | None = None
        """What is to be asked when such a question has ended."""
        self._ahead: DomainKey | None = None
        self._answer: _Answer | None = None
        self._other: _Answer | None = None

    @property
    def has_answer(self) -> bool:
        """Whether anything that was asked for has been answered."""
        return self._answer is not None

    @property
    def is_asking(self) -> bool:
        """Whether a question is under way."""
        return bool(self._asked) or self._ahead is not None

    def known(self, key: DomainKey) -> DomainDetails | None:
        """Return what a machine is made of, as far as that is known without a question."""
        if self._answer is not None and self._answer.key == key:
            return self._answer.details
        return self._other.details if self._other is not None and self._other.suits(key) else None

    def ask(self, key: DomainKey) -> None:
        """Ask anew for a machine, the one that counts from now on."""
        self._wanted = key
        if self._other is not None and self._other.suits(key):
            self._answer, self._other = self._other, self._answer
        # However fast the selection moves, one question is under way: then comes the last.
        is_under_way = key.connection in self._asked or key == self._ahead
        self._due = key if is_under_way else None
        if not is_under_way and (question := self._question(key)) is not None:
            self._asked.add(key.connection)
            question.ended.connect(self._end)

    def ask_ahead(self, key: DomainKey) -> None:
        """Ask for a machine that may be wanted next, unless more is to be asked already."""
        if self.is_asking or self.known(key) is not None:
            return
        if (question := self._question(key)) is not None:
            self._ahead = key
            question.ended.connect(self._end_ahead)

    def forget(self, key: DomainKey) -> None:
        """Ask before a machine is shown with which something has happened."""
        if self._other is not None and self._other.key == key:
            self._other = None

    def _question(self, key: DomainKey) -> _Question | None:
        site = self._controller.site(key)
        if site is None:
            return None
        question = _Question(key, site.details(key.uuid), self)
        question.answered.connect(self._take)
        return question

    def _take(self, answer: _Answer) -> None:
        if answer.key != self._wanted:
            self._other = answer
        else:
            if self._answer is not None and self._answer.key != answer.key:
                self._other = self._answer
            self._answer = answer
        self.answered.emit(answer.key)

    def _end(self, key: DomainKey) -> None:
        self._asked.discard(key.connection)
        self._go_on()

    def _end_ahead(self, _key: DomainKey) -> None:
        self._ahead = None
        self._go_on()

    def _go_on(self) -> None:
        if self._due is not None:
            self.ask(self._due)


@dataclass(frozen=True, slots=True)
class _Answer:
    """What a machine is made of, and when that was so in seconds of the monotonic clock."""

    key: DomainKey
    details: DomainDetails
    at: float

    def suits(self, key: DomainKey) -> bool:
        """Whether it is about this machine, and from just now."""
        return self.key == key and time.monotonic() - self.at < _FRESH


class _Question(QObject):
    """Asks for the details of one machine; it goes with the page."""

    answered = Signal(object)
    """An ``_Answer``."""
    ended = Signal(object)
    """The ``DomainKey`` of the machine."""

    def __init__(self, key: DomainKey, task: Task, parent: QObject) -> None:
        super().__init__(parent)
        self._key = key
        task.succeeded.connect(self._answer)
        task.finished.connect(self._end)

    def _answer(self, details: DomainDetails) -> None:
        self.answered.emit(_Answer(self._key, details, time.monotonic()))

    def _end(self) -> None:
        self.ended.emit(self._key)
        self.deleteLater()
