"""One process at a time chooses what a new machine is called and defines it."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager

from vmdesk.core import paths
from vmdesk.core.job import Job

POLL_SECONDS = 0.05


@contextmanager
def held(job: Job) -> Iterator[None]:
    """Hold the lock of this user, from the choice of a name and a UUID to the definition.

    libvirt takes a second definition with the same name and UUID for a change of the first, so
    that what was free when it was chosen has to stay free. A cancel ends the wait for the lock.
    """
    folder = paths.state_dir()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    descriptor = os.open(folder / "new-machine.lock", flags, 0o600)
    try:
        while not _is_taken(descriptor):
            job.wait(POLL_SECONDS)
        yield
    finally:
        os.close(descriptor)


def _is_taken(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
