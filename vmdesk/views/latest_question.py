"""A question that is asked anew whenever the user chooses something else."""

from PySide6.QtCore import QObject, Signal

from vmdesk.tasks import Task


class LatestQuestion(QObject):
    """Tells how the last question that was asked ends; of those before nothing is heard."""

    progressed = Signal(object)
    """A ``Progress``."""
    answered = Signal(object)
    """The result of the task."""
    failed = Signal(object)
    """Its error."""

    def __init__(self, parent: QObject) -> None:
        super().__init__(parent)
        self._task: Task | None = None

    def ask(self, task: Task) -> None:
        """Hear of this task from now on, and let the one before go."""
        if self._task is not None:
            self._task.progressed.disconnect(self.progressed)
            self._task.succeeded.disconnect(self.answered)
            self._task.failed.disconnect(self.failed)
            self._task.cancel()
        self._task = task
        task.progressed.connect(self.progressed)
        task.succeeded.connect(self.answered)
        task.failed.connect(self.failed)

    def cancel(self) -> None:
        """Need no answer any more."""
        if self._task is not None:
            self._task.cancel()
