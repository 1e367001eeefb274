"""How long a machine has been on: as long as its QEMU, which libvirt does not tell."""

import os
import time
from pathlib import Path

_PROC = Path("/proc")


def seconds(uuid: str, proc: Path = _PROC) -> float | None:
    """Return the seconds since the QEMU of a machine of this computer was started.

    ``None`` where it can't be found: another computer's, or hidden from this user.
    """
    mark = b"\0-uuid\0" + uuid.encode() + b"\0"
    for folder in proc.iterdir():
        if not folder.name.isdecimal():
            continue
        try:
            command = (folder / "cmdline").read_bytes()
            if mark in command and b"qemu" in command.partition(b"\0")[0]:
                return _age(folder)
        except OSError:
            continue  # it has just ended
    return None


def _age(folder: Path) -> float:
    # proc_pid_stat(5): field 22 counts from the boot; what is before it may hold spaces.
    fields = (folder / "stat").read_text(errors="replace").rpartition(")")[2].split()
    started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
    return max(0.0, time.clock_gettime(time.CLOCK_BOOTTIME) - started)
