"""A libvirt and folders of one's own, for programs that use real machines outside of pytest."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

URI = "qemu:///session"
_VIRSH = ("virsh", "--connect", URI)


@contextmanager
def private_session() -> Iterator[Path]:
    """Have this process and its children see nobody's machines and files; yield the folder.

    In the end the machines that still run, the daemon and all files are gone.
    """
    # UNIX socket names have 108 characters at most, so the path must be short.
    with tempfile.TemporaryDirectory(prefix="vmd-", dir="/tmp") as folder:
        root = Path(folder)
        for name in ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "STATE_HOME"):
            home = root / name.partition("_")[0].lower()
            home.mkdir(mode=0o700)
            os.environ[f"XDG_{name}"] = str(home)
        try:
            yield root
        finally:
            _end(root / "runtime/libvirt/libvirtd.pid")


def _end(daemon: Path) -> None:
    """End the guests, which outlive the daemon, and then the daemon."""
    if not daemon.exists():
        return
    listed = [*_VIRSH, "list", "--uuid"]
    running = subprocess.run(listed, check=True, capture_output=True, text=True).stdout.split()
    for uuid in running:
        subprocess.run([*_VIRSH, "destroy", uuid], check=True, capture_output=True)
    os.kill(int(daemon.read_text()), signal.SIGTERM)
