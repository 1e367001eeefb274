"""What vmdeskctl prints: results on stdout; errors, progress and questions on stderr."""

import json
import os
import select
import sys
import time
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Job, OperationError, Progress
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
        line = _harmless("  ".join([*parts, pace] if pace else parts))
        sys.stderr.write(_CLEAR_LINE + line)
        sys.stderr.flush()
        self._is_line_open = True

    def end_progress(self) -> None:
        """Take the progress away."""
        if self._is_line_open:
            sys.stderr.write(_CLEAR_LINE)
            sys.stderr.flush()
            self._is_line_open = False

    def ask(self, question: str, job: Job) -> bool:
        """Ask on the terminal until a cancel; without a terminal the answer is no."""
        self.end_progress()
        sys.stderr.write(_harmless(question) + "\n")
        if not sys.stdin.isatty():
            return False
        sys.stderr.write(_("Yes or no? [y/N] "))
        sys.stderr.flush()
        reading, writing = os.pipe()
        try:
            with job.stopping_with(lambda: os.write(writing, b"!")):
                select.select([sys.stdin, reading], [], [])
        except Cancelled:
            sys.stderr.write("\n")
            raise
        finally:
            os.close(reading)
            os.close(writing)
        # Translators: what means “yes”, separated by spaces, in lower case.
        return sys.stdin.readline().strip().lower() in _("y yes").split()

    def result(self, result: Result) -> None:
        """Print what a command did."""
        if self._as_json:
            _write_json(result.data)
        elif result.text:
            _write(_harmless(result.text))

    def error(self, error: OperationError) -> None:
        """Print a failure; the details only when there is nothing better to go by."""
        _tell(_("error: {text}"), error.summary)
        if error.hint:
            _tell(_("hint: {text}"), error.hint)
        for line in error.details.splitlines():
            sys.stderr.write(f"    {_harmless(line)}\n")
        if self._as_json:
            _write_json({"error": error.summary, "hint": error.hint})


def _tell(label: str, text: str) -> None:
    sys.stderr.write(f"{label.format(text=_harmless(text))}\n")


def _write_json(data: object) -> None:
    # Only strings hold such letters, and there JSON has its own way to write them.
    text = json.dumps(data, ensure_ascii=False, indent=2)
    _write("".join(json.dumps(c)[1:-1] if _is_harmful(c) else c for c in text))


def _harmless(text: str) -> str:
    """Replace what a terminal obeys instead of showing it; names come from strangers."""
    return "".join("?" if _is_harmful(letter) else letter for letter in text)


def _is_harmful(letter: str) -> bool:
    return letter not in "\n\t" and unicodedata.category(letter) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def _write(text: str) -> None:
    try:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever reads has seen enough, as "head" does. Python would flush once more at its end.
        with Path(os.devnull).open("w") as nowhere:
            os.dup2(nowhere.fileno(), sys.stdout.fileno())
