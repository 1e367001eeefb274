"""The halves of the test run, which go on at the same time, don't get in each other's way."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path

_FIRST_PORT, _PORTS = 6000, 50
_HALF = 10_000
_daemons = count()


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Wait until no other process of the tests uses what root has made in ``folder``; keep it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def give_ports(configuration: Path) -> None:
    """Let a daemon with this folder of settings hand out ports for displays that others don't.

    libvirt looks whether a port is free, and QEMU takes it a moment later.
    """
    half = int(os.environ.get("VMDESK_TEST_HALF", "0"))
    first = _FIRST_PORT + half * _HALF + next(_daemons) * _PORTS % _HALF
    file = configuration / "libvirt/qemu.conf"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f"remote_display_port_min = {first}\nremote_display_port_max = {first + _PORTS - 1}\n"
    )
