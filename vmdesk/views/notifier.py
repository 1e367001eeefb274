"""Tell on the desktop that long work has ended, to somebody who looks elsewhere."""

import time
from collections.abc import Callable

from PySide6.QtCore import QObject

from vmdesk.core.i18n import _
from vmdesk.tasks import Task, TaskState
from vmdesk.work import Operations, in_words

LONG = 10.0
"""Seconds after which nobody waits in front of the window any more."""


class Notifier(QObject):
    """Follows all operations. ``tell`` shows a summary and a text while ``is_away`` holds."""

    def __init__(
        self,
        operations: Operations,
        is_away: Callable[[], bool],
        tell: Callable[[str, str], object],
        parent: QObject,
    ) -> None:
        super().__init__(parent)
        self._is_away = is_away
        self._tell = tell
        operations.started.connect(self._follow)

    def _follow(self, task: Task) -> None:
        begun = time.monotonic()
        task.finished.connect(lambda: self._end(task, time.monotonic() - begun))

    def _end(self, task: Task, duration: float) -> None:
        # Who has cancelled it knows.
        if duration < LONG or task.state is TaskState.CANCELLED or not self._is_away():
            return
        error = task.error
        words = _("Done") if error is None else in_words(error).summary
        self._tell(task.title, words)
