"""libvirt's events are driven by one thread, which is gone before the interpreter is."""

import subprocess
import sys
import threading

from vmdesk.core import events

PROGRAM = """
import atexit, threading
atexit.register(lambda: print(*(thread.name for thread in threading.enumerate())))
from vmdesk.core import events
events.register()
for _ in range(2):
    events.start_thread()
print(*(thread.name for thread in threading.enumerate()))
"""


def test_a_probe_tells_that_somebody_drives_the_events(libvirt_events: None) -> None:
    fired = threading.Event()
    events.add_probe(fired.set)
    assert fired.wait(5)


def test_there_is_one_thread_and_at_the_end_of_the_program_none() -> None:
    """A callback into an interpreter that was half taken down crashed it, once in some hundred."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == ["MainThread libvirt events", "MainThread"]
    assert done.stderr == ""
