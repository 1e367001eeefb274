"""A user who changes their mind at a given moment."""

from vmdesk.core.job import Job


class CancelledAt(Job):
    """A job that the user cancels at one of the moments when it looks."""

    def __init__(self, moment: int) -> None:
        super().__init__()
        self.seen = 0
        self._moment = moment

    def check(self) -> None:
        self.seen += 1
        if self.seen == self._moment:
            self.cancel()
        super().check()
