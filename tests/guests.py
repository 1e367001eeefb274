"""Real guests from Debian packages, and the parts of tests that look at them."""

from collections.abc import Callable
from pathlib import Path

from vmdesk.core.job import Job, Progress

MEMTEST_ISO = Path("/usr/lib/memtest86+/memtest86+x64.iso")
"""Draws its screen within seconds and ignores a request to shut down. From ``memtest86+``."""


class Stage(Job):
    """A job that is cancelled as soon as its progress says ``text``."""

    def __init__(self, text: str) -> None:
        super().__init__(self._look)
        self._wanted = text
        self.was_reached = False

    def _look(self, progress: Progress) -> None:
        if self._wanted in progress.text:
            self.was_reached = True
            self.cancel()


def snapshot(folder: Path, ignoring: Callable[[Path], bool] = lambda _path: False) -> set[Path]:
    """Return every file below ``folder``."""
    return {path for path in folder.rglob("*") if path.is_file() and not ignoring(path)}
