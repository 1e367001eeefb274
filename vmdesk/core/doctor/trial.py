"""Run a machine of one sector with KVM for a moment: some hosts announce it and fail.

Nothing of it changes until the next boot, so the answer is kept for that long.
"""

import json
import os
import tempfile
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

from vmdesk.core import paths, process
from vmdesk.core.doctor.finding import Surroundings
from vmdesk.core.doctor.remembering import remember
from vmdesk.core.job import Cancelled, Job, OperationError

TIMEOUT = 10.0
"""Seconds that the machine has; it takes 0.3 where KVM works."""

# mov dx,COM1; mov al,"!"; out dx,al; mov al,0xfe; out 0x64,al (a reset: QEMU ends); hlt
_CODE = bytes.fromhex("baf803 b021 ee b0fe e664 f4")
_SIGN = "!"
_MIB = 1024**2


@dataclass(frozen=True, slots=True)
class Trial:
    """How a trial ended: whether the guest's own code ran, and what QEMU said."""

    works: bool
    words: str = ""


def cached(surroundings: Surroundings, emulator: Path, job: Job) -> Trial:
    """Return the result for this boot, this user and this emulator; try it if there is none."""
    boot = surroundings.text("/proc/sys/kernel/random/boot_id").strip()
    key = f"{boot} {os.geteuid()} {emulator} {emulator.stat().st_mtime_ns}"
    file = paths.state_dir() / "kvm-trial.json"
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
        if kept["key"] == key:
            return Trial(bool(kept["works"]), str(kept["words"]))
    except (OSError, ValueError, KeyError, TypeError):
        pass  # none was kept, or it is damaged: both are mended by a new one
    result = run(emulator, "kvm", job)
    remember(file, json.dumps({"key": key, **asdict(result)}))
    return result


def run(emulator: Path, accelerator: str, job: Job) -> Trial:
    """Boot the sector; ``accelerator`` is ``kvm`` or ``tcg``, in QEMU's words."""
    limited = Job()
    timer = threading.Timer(TIMEOUT, limited.cancel)
    timer.start()
    try:
        with tempfile.NamedTemporaryFile(suffix=".img") as disk, job.stopping_with(limited.cancel):
            disk.write((_CODE.ljust(510, b"\0") + b"\x55\xaa").ljust(_MIB, b"\0"))
            disk.flush()
            said = process.run(_command(emulator, accelerator, disk.name), limited)
    except OperationError as error:
        return Trial(False, error.details)
    except Cancelled:
        job.check()
        return Trial(False, f"no end within {TIMEOUT:.0f} s")
    finally:
        timer.cancel()
    return Trial(_SIGN in said)


def _command(emulator: Path, accelerator: str, disk: str) -> list[str]:
    # The processor that vmdesk gives to its machines: hosts fail with it that start lesser ones.
    cpu = "host" if accelerator == "kvm" else "max"
    return [
        str(emulator), "-accel", accelerator, "-machine", "q35", "-cpu", cpu, "-m", "16",
        "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
        "-drive", f"file={disk},format=raw,if=ide,snapshot=on",
        "-serial", "stdio",
    ]  # fmt: skip
