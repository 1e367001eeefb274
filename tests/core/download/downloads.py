"""What the tests of downloads share: a disc, quick patience, and ways to break off."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.iso_server import SECTOR, IsoServer, make_iso
from vmdesk.core import file_format, iso_library
from vmdesk.core.download.http import Patience
from vmdesk.core.job import Cancelled, Job
from vmdesk.core.kept_discs import Iso

CONTENT = make_iso(600 * SECTOR)
OTHER = make_iso(600 * SECTOR, seed=1)
QUICK = Patience(connect=2, stall=0.4, pauses=(0.01, 0.01, 0.01))
DISC = "/disc.iso"
# Fetches the address in argv[1] into the folder argv[2] and prints why it could not.
CHILD = """
import sys
from pathlib import Path
from vmdesk.core import iso_library
from vmdesk.core.job import Job, OperationError
try:
    iso_library.fetch(sys.argv[1], Path(sys.argv[2]), Job())
except OperationError as error:
    print(error.summary)
"""


def fetch(server: IsoServer, library: Path, job: Job | None = None, path: str = DISC) -> Iso:
    return iso_library.fetch(server.url(path), library, job or Job(), patience=QUICK)


def files(library: Path) -> list[str]:
    """The names of all files in the library, records and locks included."""
    found = (path.name for path in library.rglob("*") if path.is_file())
    return sorted(name for name in found if name != file_format.NAME)


def statuses(server: IsoServer, path: str = DISC) -> list[int]:
    return [request.status for request in server.requests_for(path)]


def wait_for_part(library: Path, size: int) -> None:
    """Block until the begun file has ``size`` bytes; another process may be writing it."""
    part = library / "disc.iso.part"
    until = time.monotonic() + 20
    while not part.exists() or part.stat().st_size < size:
        assert time.monotonic() < until
        os.sched_yield()


def cancel_when(
    server: IsoServer, library: Path, is_time: Callable[[], None], patience: Patience = QUICK
) -> float:
    """Start a fetch, cancel it when ``is_time`` returns, return the seconds it took to stop."""
    job = Job()
    with ThreadPoolExecutor(1) as pool:
        fetching: Future[Iso] = pool.submit(
            iso_library.fetch, server.url(DISC), library, job, None, patience
        )
        is_time()
        started = time.monotonic()
        job.cancel()
        with pytest.raises(Cancelled):
            fetching.result(10)
        return time.monotonic() - started


def kill_at_stall(server: IsoServer, library: Path) -> None:
    """Let a process download until the server stalls, then kill it."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, server.url(DISC), str(library)])
    try:
        wait_for_part(library, 300_000)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
