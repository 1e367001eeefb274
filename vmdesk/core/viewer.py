"""Open the console of a machine in virt-viewer, detached and once for each machine."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from vmdesk.core import connections, paths, process
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError

EARLY_EXIT = 1.0
"""Seconds within which virt-viewer ends when it can't open its window at all."""


def open_console(uri: str, uuid: str, job: Job) -> bool:
    """Open virt-viewer for a running machine; it outlives vmdesk.

    Returns whether a window was opened: one that is open already, by this vmdesk or another, is
    left alone. Raises ``OperationError`` if virt-viewer is missing or fails at once.
    """
    if shutil.which("virt-viewer") is None:
        raise OperationError(
            _("virt-viewer is not installed."),
            _("Install the package virt-viewer to see the screens of your machines."),
        )
    with tempfile.TemporaryFile() as words, _one_for_each(uri, uuid) as lock:
        if lock is None:
            return False
        argv = ["virt-viewer", "--connect", uri, "--uuid", "--", uuid]
        if process.detach(argv, words, EARLY_EXIT, job, [lock]):
            words.seek(0)
            raise OperationError(
                _("virt-viewer could not open its window."),
                _("Details has its words."),
                words.read().decode(errors="replace").strip(),
            )
    return True


@contextmanager
def _one_for_each(uri: str, uuid: str) -> Iterator[int | None]:
    """Yield a locked descriptor to pass on, or ``None`` if a viewer of this machine holds it.

    virt-viewer inherits the lock and so holds it for just as long as it lives, whatever happens
    to vmdesk.
    """
    folder = Path(os.environ.get("XDG_RUNTIME_DIR") or paths.state_dir()) / "vmdesk"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Two hosts may have the same UUID.
    host = connections.file_name(uri)
    descriptor = os.open(folder / f"console-{host}-{uuid}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield None
        else:
            yield descriptor
    finally:
        os.close(descriptor)
