"""Closing the window while work is under way."""

from collections.abc import Callable

from PySide6.QtWidgets import QApplication, QWidget

from vmdesk.core.i18n import _, ngettext
from vmdesk.tasks import Task
from vmdesk.views.message_dialog import Choice, MessageDialog
from vmdesk.work import Operations

STAY = "stay"
KEEP = "keep"
CANCEL = "cancel"
DONE = "done"
"""The work has ended before the answer."""


def ask(window: QWidget, operations: Operations, close: Callable[[], object]) -> MessageDialog:
    """Ask whether to stay, to finish the work without a window, or to ``close`` and cancel it."""
    dialog = ClosingQuestion(window, operations)

    def answer(key: str) -> None:
        if key in (CANCEL, DONE):
            close()
        elif key == KEEP:
            finish_unseen(window, operations, close)

    dialog.chosen.connect(answer)
    dialog.open()
    return dialog


def finish_unseen(window: QWidget, operations: Operations, close: Callable[[], object]) -> None:
    """Hide the window until the work is done; if it fails the window comes back by itself."""

    def look() -> None:
        if not operations.tasks and not window.isVisible():
            close()
            QApplication.quit()

    def follow(task: Task) -> None:
        task.finished.connect(look)

    for task in operations.tasks:
        follow(task)
    operations.started.connect(follow)
    window.hide()
    look()


class ClosingQuestion(MessageDialog):
    """Asks only while there is something to ask: when all work has ended well, vmdesk quits."""

    def __init__(self, window: QWidget, operations: Operations) -> None:
        tasks = operations.tasks
        heading = ngettext(
            "Quit while a task is under way?", "Quit while {count} tasks are under way?", len(tasks)
        )
        super().__init__(
            window,
            "warning",
            heading.format(count=len(tasks)),
            "\n".join(task.title for task in tasks[:5]),
            (
                Choice(STAY, _("&Stay here"), "primary"),
                Choice(KEEP, _("&Finish, then quit")),
                Choice(CANCEL, _("&Cancel and quit"), "danger"),
            ),
        )
        self._operations = operations
        self._has_failed = False
        for task in tasks:
            # Bound methods: Qt forgets them with the dialog.
            task.failed.connect(self._note_failure)
            task.finished.connect(self._look)

    def _note_failure(self, _error: Exception) -> None:
        self._has_failed = True

    def _look(self) -> None:
        if not self._operations.tasks:
            self.choose(STAY if self._has_failed else DONE)
