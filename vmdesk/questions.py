"""Questions of ssh and polkit, one after another, from programs of ``ask_tools`` to the window."""

from __future__ import annotations

import json
import socket
from collections import deque
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal

from vmdesk.local_socket import MAXIMUM_CONNECTIONS, Caller, Listener

if TYPE_CHECKING:
    from vmdesk.core.ask_tools import AskTools

_REFUSALS = 64
"""Askers that are remembered after the user has said no to a question of theirs."""


class Question(QObject):
    """One question; it is to be answered once, or refused."""

    withdrawn = Signal()
    """Nobody waits for the answer any more."""
    ended = Signal(object)
    """This question, however it ended."""

    def __init__(self, caller: Caller, prompt: str, who: str, asker: int, parent: QObject) -> None:
        super().__init__(parent)
        self._caller: Caller | None = caller
        self.prompt = prompt
        self.is_of_polkit = who == "polkit"
        self.asker = asker
        self.is_refused = False
        self._is_over = False
        caller.closed.connect(self._withdraw)

    def answer(self, text: str) -> None:
        """Tell the asker what the user has said."""
        if self._caller is not None:
            self._caller.answer(text.encode() + b"\n")
        self._end()

    def refuse(self) -> None:
        """Let the asker do without an answer; what else it asks is refused as well."""
        self.is_refused = True
        self._end()

    def _withdraw(self) -> None:
        self._caller = None
        if not self._is_over:
            # Whoever shows it closes it now, which refuses an answer that nobody waits for.
            self.withdrawn.emit()
            self._end()

    def _end(self) -> None:
        if self._is_over:
            return
        self._is_over = True
        if self._caller is not None:
            self._caller.close()
        self.ended.emit(self)


class Questions(QObject):
    """Listens while the window lives."""

    asked = Signal(object)
    """A ``Question``; the next one comes when it has ended."""

    def __init__(self, tools: AskTools, parent: QObject) -> None:
        super().__init__(parent)
        listener = socket.socket(socket.AF_UNIX)
        listener.bind(str(tools.socket))
        listener.listen(MAXIMUM_CONNECTIONS)
        self._listener = Listener(listener, self)
        self._listener.called.connect(self._hear)
        self._waiting: deque[Question] = deque()
        self._refused: deque[int] = deque(maxlen=_REFUSALS)

    def close(self) -> None:
        """Listen no more."""
        self._listener.close()

    def _hear(self, caller: Caller) -> None:
        said = _parse(caller.line)
        if said is None or said[2] in self._refused:
            caller.close()
            return
        question = Question(caller, *said, self)
        question.ended.connect(self._end)
        self._waiting.append(question)
        if len(self._waiting) == 1:
            self.asked.emit(question)

    def _end(self, question: Question) -> None:
        if question.is_refused:
            self._refused.append(question.asker)
        was_shown = self._waiting[0] is question
        self._waiting.remove(question)
        question.deleteLater()
        if was_shown and self._waiting:
            self.asked.emit(self._waiting[0])


def _parse(line: bytes) -> tuple[str, str, int] | None:
    try:
        said: Any = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(said, dict) or said.keys() != {"prompt", "who", "asker"}:
        return None
    prompt, who, asker = said["prompt"], said["who"], said["asker"]
    are_words = isinstance(prompt, str) and isinstance(who, str)
    return (prompt, who, asker) if are_words and isinstance(asker, int) else None
