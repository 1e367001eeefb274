"""What vmdeskctl prints: results on stdout, errors and progress on stderr."""

import json
import sys
import time
from dataclasses import dataclass

from vmdesk.core.job import OperationError, Progress
from vmdesk.core.rate import RateMeter

_CLEAR_LINE = "\r\x1b[K"


@dataclass(frozen=True, slots=True)
class Result:
    """What a command did: in words, and as an object for ``--json``."""

    text: str
    data: object


class Output:
    """Prints for people, or as JSON."""

    def __init__(self, as_json: bool) -> None:
        self._as_json = as_json
        self._meter = RateMeter()
        self._shows_progress = sys.stderr.isatty()
        self._is_line_open = False

    def progress(self, progress: Progress) -> None:
        """Show how far the work is, on one line, when somebody is watching."""
        if not self._shows_progress:
            return
        pace = self._meter.update(progress, time.monotonic()).describe()
        parts = [progress.text]
        if progress.total:
            parts.append(f"{progress.done * 100 // progress.total} %")
        line = "  ".join([*parts, pace] if pace else parts)
        sys.stderr.write(_CLEAR_LINE + line)
        sys.stderr.flush()
        self._is_line_open = True

    def end_progress(self) -> None:
        """Take the progress away."""
        if self._is_line_open:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()
            self._is_line_open = False

    def result(self, result: Result) -> None:
        """Print what a command did."""
        if self._as_json:
            _write_json(result.data)
        elif result.text:
            sys.stdout.write(result.text + "\n")

    def error(self, error: OperationError) -> None:
        """Print a failure; the details only when there is nothing better to go by."""
        sys.stderr.write(f"error: {error.summary}\n")
        if error.hint:
            sys.stderr.write(f"hint: {error.hint}\n")
        for line in error.details.splitlines():
            sys.stderr.write(f"    {line}\n")
        if self._as_json:
            _write_json({"error": error.summary, "hint": error.hint})


def _write_json(data: object) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")
