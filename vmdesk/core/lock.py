"""Let one worker at a time use something, among all threads of all processes."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from vmdesk.core.job import Job

_LOOK_AGAIN = 0.1


@contextmanager
def exclusive(path: Path, job: Job, meanwhile: Callable[[], None]) -> Iterator[None]:
    """Hold the lock file ``path`` while inside; a holder that dies lets go of it.

    As long as another holds it, ``meanwhile`` is called again and again, and a cancel ends the
    wait. The file is gone when nobody needs it any more.
    """
    while (descriptor := _taken(path)) is None:
        meanwhile()
        job.wait(_LOOK_AGAIN)
    try:
        yield
    finally:
        path.unlink(missing_ok=True)
        os.close(descriptor)


def _taken(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # The one before may have removed the file between our opening and locking it.
        if os.fstat(descriptor).st_ino == path.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    except BaseException:
        os.close(descriptor)
        raise
    os.close(descriptor)
    return None
