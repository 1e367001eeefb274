"""Fixtures that several folders of tests share: private libvirt daemons, and hosts on them."""

import gc
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import settings

from tests import system_libvirt
from tests.alone import alone_in, give_ports
from tests.other_libvirt import Cable, OtherLibvirt, end
from vmdesk import tasks
from vmdesk.core import events
from vmdesk.core.host import Host

# One loop alone may drive libvirt's events. Here that is a thread, for tests with and without Qt;
# that Qt's own loop does it too is shown by tests that start a program of their own.
os.environ["QT_NO_GLIB"] = "1"

# Nothing of the user's own is touched. GLib, and libvirt with it, looks at these once in a process,
# so they can't differ from test to test. UNIX socket names have 108 characters at most: keep it
# short.
ROOT = Path(tempfile.mkdtemp(prefix="vmd-", dir="/tmp"))
FOLDERS = {
    f"XDG_{name}": ROOT / name.partition("_")[0].lower()
    for name in ("RUNTIME_DIR", "CONFIG_HOME", "CACHE_HOME", "DATA_HOME", "STATE_HOME")
}
for _variable, _folder in FOLDERS.items():
    _folder.mkdir(mode=0o700)
    os.environ[_variable] = str(_folder)
os.environ.pop("VMDESK_URI", None)
# Tests read the texts as they stand in the code.
os.environ["LANGUAGE"] = "en"

# Found inputs are not kept: a checkout may belong to somebody else. The time that an example takes
# says more of the machine than of us.
settings.register_profile("vmdesk", database=None, deadline=None)
settings.load_profile("vmdesk")


def pytest_unconfigure() -> None:
    """Remove what this run of the tests has made."""
    shutil.rmtree(ROOT, ignore_errors=True)


@pytest.fixture(scope="session", autouse=True)
def seen_threads() -> Iterator[None]:
    """Let what measures the coverage see Qt's threads too: Python tells it of its own alone."""
    see = threading.gettrace()
    run = tasks._Work.run

    def run_seen(work: tasks._Work) -> None:
        sys.settrace(see)
        run(work)

    with pytest.MonkeyPatch.context() as patch:
        if see is not None:
            patch.setattr(tasks._Work, "run", run_seen)
        yield


@pytest.fixture
def no_thread_stays() -> Iterator[None]:
    """What a test starts, it also ends."""
    before = set(threading.enumerate())
    yield
    assert set(threading.enumerate()) <= before


@pytest.fixture(scope="session")
def libvirt_events() -> None:
    """libvirt's events, driven by a thread."""
    events.register()
    events.start_thread()


NODE = """
<node>
  <network><name>default</name><bridge name='virbr0'/></network>
  <domain type='test'>
    <name>test</name>
    <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
    <memory unit='KiB'>8388608</memory>
    <currentMemory unit='KiB'>2097152</currentMemory>
    <vcpu placement='static'>2</vcpu>
    <os><type arch='x86_64'>hvm</type></os>
    <devices>
      <disk type='file' device='disk'>
        <source file='/guest/disk.img'/><target dev='vda' bus='virtio'/>
      </disk>
      <interface type='user'><mac address='52:54:00:00:00:01'/></interface>
      <graphics type='spice' autoport='yes'/>
    </devices>
  </domain>
</node>"""


@pytest.fixture
def test_host(tmp_path: Path, libvirt_events: None) -> Iterator[Host]:
    """A host of libvirt's test driver with one running domain, ``test``, and for one test alone."""
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    host = Host(f"test://{node}")
    host.open()
    yield host
    host.close()


@pytest.fixture
def default_host(libvirt_events: None) -> Iterator[Host]:
    """``test:///default``, whose machines every connection of this process sees."""
    # Its node is a new one when nobody holds the last one, as the trace of an error may.
    gc.collect()
    host = Host("test:///default")
    host.open()
    yield host
    host.close()


class PrivateLibvirt:
    """A per-user libvirt daemon of its own, whose machines nobody else sees."""

    uri = "qemu:///session"

    def __init__(self) -> None:
        give_ports(FOLDERS["XDG_CONFIG_HOME"])

    def virsh(self, *arguments: str, given: str = "") -> str:
        """Act as an outsider, through libvirt's own command line, which reads what is ``given``."""
        command = ["virsh", "--connect", self.uri, *arguments]
        return subprocess.run(
            command, input=given, check=True, capture_output=True, text=True
        ).stdout

    def daemon_pid(self) -> int | None:
        """The daemon's process id, or ``None`` when none runs."""
        try:
            pid = int((FOLDERS["XDG_RUNTIME_DIR"] / "libvirt/libvirtd.pid").read_text())
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
        """End every guest and the daemon, and remove all files.

        What libvirt has found out about QEMU is kept: it takes seconds to find out again.
        """
        # libvirt would give each guest seconds to end by itself.
        for file in (FOLDERS["XDG_RUNTIME_DIR"] / "libvirt/qemu/run").glob("*.pid"):
            with suppress(ProcessLookupError, ValueError):
                os.kill(int(file.read_text()), signal.SIGKILL)
        self.kill_daemon(signal.SIGTERM)
        # It would remove its socket at a time of its own.
        end(FOLDERS["XDG_RUNTIME_DIR"] / "libvirt/virtlogd.pid")
        for folder in set(FOLDERS.values()) - {FOLDERS["XDG_CACHE_HOME"]}:
            shutil.rmtree(folder)
            folder.mkdir(mode=0o700)


@pytest.fixture
def private_libvirt() -> Iterator[PrivateLibvirt]:
    """A private daemon for this test; its files and vmdesk's are under ``FOLDERS``."""
    if os.geteuid() == 0:
        pytest.skip("root has no libvirt of its own; “make test” runs this as another user")
    private = PrivateLibvirt()
    yield private
    private.destroy()


@pytest.fixture
def private_host(private_libvirt: PrivateLibvirt, libvirt_events: None) -> Iterator[Host]:
    """A host connected to the private daemon."""
    host = Host(private_libvirt.uri)
    host.open()
    yield host
    host.close()


@contextmanager
def two_libvirts(cable: Cable | None = None) -> Iterator[tuple[OtherLibvirt, OtherLibvirt]]:
    """Run two libvirts that take themselves for those of two computers."""
    if os.geteuid() == 0:
        pytest.skip("root has no libvirt of its own; “make test” runs this as another user")
    with ExitStack() as stack:
        found = []
        for place, name in enumerate(("here", "there")):
            # In a short path, for the names of its sockets.
            root = Path(tempfile.mkdtemp(prefix="vmd-", dir="/tmp"))
            other = OtherLibvirt(root, name, FOLDERS["XDG_CACHE_HOME"])
            stack.callback(other.destroy)
            other.start(() if cable is None else cable.at(place))
            found.append(other)
        yield found[0], found[1]


@pytest.fixture
def cable(tmp_path: Path) -> Iterator[Cable]:
    """What joins two computers, “here” and “there”, and nothing else."""
    laid = Cable(tmp_path, ("here", "there"))
    yield laid
    laid.remove()


@pytest.fixture
def other_libvirts(libvirt_events: None) -> Iterator[tuple[OtherLibvirt, OtherLibvirt]]:
    """Two libvirts with names of their own; they reach each other by the files of this computer."""
    with two_libvirts() as libvirts:
        yield libvirts


@pytest.fixture
def mounts() -> Iterator[Path]:
    """Small file systems that no other test uses now: ``full``, ``xfs`` and ``btrfs``."""
    folder = Path(os.environ.get("VMDESK_TEST_MOUNTS", "/nowhere"))
    if not (folder / "full").is_mount():
        pytest.skip("VMDESK_TEST_MOUNTS has no “full”: root mounts it for the whole test run")
    with alone_in(folder):
        yield folder


@pytest.fixture
def system_host(libvirt_events: None) -> Iterator[Host]:
    """A host of a real system instance, with the pool ``default`` and nothing in it."""
    if not os.access(system_libvirt.SOCKET, os.W_OK):
        pytest.skip("VMDESK_TEST_SYSTEM has no libvirt: root starts it for the whole test run")
    with alone_in(system_libvirt.FOLDER):
        host = Host(system_libvirt.URI)
        host.open()
        system_libvirt.empty(host)
        host.connection.storagePoolDefineXML(system_libvirt.POOL)
        yield host
        system_libvirt.empty(host)
        host.close()
