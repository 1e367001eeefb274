"""Fixtures that several folders of tests share: private libvirt daemons, and hosts on them."""

import os
import select
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from vmdesk.core import events
from vmdesk.core.host import Host


@pytest.fixture(scope="session")
def libvirt_events() -> None:
    """libvirt's events, driven by a thread."""
    events.register()
    events.start_thread()


@pytest.fixture
def test_host(libvirt_events: None) -> Iterator[Host]:
    """A host on libvirt's built-in test driver, with one running domain, ``test``."""
    host = Host("test:///default")
    host.open()
    yield host
    host.close()


class PrivateLibvirt:
    """A per-user libvirt daemon of its own, whose machines nobody else sees."""

    uri = "qemu:///session"

    def __init__(self, root: Path) -> None:
        self.root = root
        self.environment = {
            "XDG_RUNTIME_DIR": str(root / "run"),
            "XDG_CONFIG_HOME": str(root / "config"),
            "XDG_CACHE_HOME": str(root / "cache"),
            "XDG_DATA_HOME": str(root / "data"),
            "XDG_STATE_HOME": str(root / "state"),
        }
        for folder in self.environment.values():
            Path(folder).mkdir(mode=0o700)

    def virsh(self, *arguments: str) -> str:
        """Act as an outsider, through libvirt's own command line."""
        return subprocess.run(
            ["virsh", "--connect", self.uri, *arguments],
            check=True,
            capture_output=True,
            text=True,
            env=os.environ | self.environment,
        ).stdout

    def daemon_pid(self) -> int | None:
        """The daemon's process id, or ``None`` when none runs."""
        try:
            pid = int((self.root / "run/libvirt/libvirtd.pid").read_text())
            os.kill(pid, 0)
        except (FileNotFoundError, ValueError, ProcessLookupError):
            return None
        return pid

    def kill_daemon(self, sig: signal.Signals = signal.SIGKILL) -> None:
        """End the daemon and wait for it; its guests go on, the next connection starts another."""
        if (pid := self.daemon_pid()) is None:
            return
        process = os.pidfd_open(pid)
        try:
            signal.pidfd_send_signal(process, sig)
            ended, _, _ = select.select([process], [], [], 20)
            assert ended, "libvirtd does not end"
        finally:
            os.close(process)

    def destroy(self) -> None:
        """End every guest and the daemon, and remove all files."""
        if self.daemon_pid() is not None:
            for name in self.virsh("list", "--name").split():
                self.virsh("destroy", name)
            self.kill_daemon(signal.SIGTERM)
        shutil.rmtree(self.root)


@pytest.fixture
def private_libvirt(monkeypatch: pytest.MonkeyPatch) -> Iterator[PrivateLibvirt]:
    """A private daemon for this test; the process's XDG folders point into its root."""
    if os.geteuid() == 0:
        pytest.skip("root has no libvirt of its own; “make test” runs this as another user")
    # UNIX socket names are limited to 108 characters, so the path must be short.
    private = PrivateLibvirt(Path(tempfile.mkdtemp(prefix="vmd-", dir="/tmp")))
    for variable, folder in private.environment.items():
        monkeypatch.setenv(variable, folder)
    monkeypatch.delenv("VMDESK_URI", raising=False)
    yield private
    private.destroy()


@pytest.fixture
def private_host(private_libvirt: PrivateLibvirt, libvirt_events: None) -> Iterator[Host]:
    """A host connected to the private daemon."""
    host = Host(private_libvirt.uri)
    host.open()
    yield host
    host.close()
