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


def ask(window: QWidget, operations: Operations, close: Callable[[], object]) -> MessageDialog:
    """Ask whether to stay, to finish the work without a window, or to ``close`` and cancel it."""
    tasks = operations.tasks
    heading = ngettext("{count} task is under way", "{count} tasks are under way", len(tasks))
    dialog = MessageDialog(
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

    def answer(key: str) -> None:
        if key == CANCEL:
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
