"""Run a piece of work in a process of its own."""

import json
import os
import sys
import traceback
from collections.abc import Callable

from vmdesk.core.formatting import KIB, MIB

Figures = dict[str, float]


def figures_of(work: Callable[[], Figures]) -> Figures:
    """Return what ``work`` has found in a process that ends with it."""
    reader, writer = os.pipe()

    def tell() -> None:
        os.close(reader)
        os.write(writer, json.dumps(work()).encode())

    pid = _start(tell)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    _peak(pid)
    found: Figures = json.loads(text)
    return found


def memory_of(work: Callable[[], object]) -> float:
    """Return the MiB that a process which does ``work``, and its children, had at the peak."""
    return _peak(_start(work))


def _start(work: Callable[[], object]) -> int:
    sys.stdout.flush()
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            work()
            status = 0
        except BaseException:
            traceback.print_exc()
        # What this process has inherited is not its own to tidy up.
        os._exit(status)
    return pid


def _peak(pid: int) -> float:
    _pid, status, usage = os.wait4(pid, 0)
    if status:
        raise SystemExit("a measurement failed")
    return usage.ru_maxrss * KIB / MIB
