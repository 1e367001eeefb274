"""What a real libvirt refuses, and why, with machines of a private daemon."""

import os
import signal
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import libvirt
import pytest

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.causes.recognized import cause_of
from tests.core.operations.small_machine import make_disk
from vmdesk.core.job import Cause

OTHER_UUID = "11111111-2222-3333-4444-555555555555"


class Machines:
    """A private libvirt for the whole module, and the descriptions of machines that fail on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.connection = libvirt.open("qemu:///session")
        self.disk = make_disk(folder / "disk.qcow2")

    def xml(
        self,
        *,
        name: str = "case",
        kind: str = "qemu",
        os_type: str = "<type arch='x86_64' machine='q35'>hvm</type>",
        cpu: str = "<cpu mode='maximum'/>",
        disk: Path | None = None,
        devices: str = "",
        more: str = "",
        vcpus: int = 1,
    ) -> str:
        return f"""
<domain type='{kind}'><name>{name}</name>{more}<memory unit='MiB'>32</memory>
  <vcpu>{vcpus}</vcpu><os>{os_type}</os><features><acpi/></features>{cpu}<devices>
  <disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
    <source file='{disk or self.disk}'/><target dev='vda' bus='virtio'/></disk>
  {devices}</devices></domain>"""

    def start(self, **parts: object) -> None:
        self.connection.createXML(self.xml(**parts), 0).destroy()  # type: ignore[arg-type]

    def define(self, **parts: object) -> libvirt.virDomain:
        return self.connection.defineXML(self.xml(**parts))  # type: ignore[arg-type]


class Hung:
    """A machine whose QEMU has stopped in the middle of one command, and a second that waits."""

    def __init__(self, machines: Machines) -> None:
        disk = make_disk(machines.folder / "hung.qcow2")
        self._domain = machines.connection.createXML(machines.xml(name="hung", disk=disk), 0)
        pid = FOLDERS["XDG_RUNTIME_DIR"] / "libvirt/qemu/run/hung.pid"
        self._pid = int(pid.read_text())
        os.kill(self._pid, signal.SIGSTOP)
        self._pool = ThreadPoolExecutor(2)
        self.first = self._pool.submit(self._domain.suspend)
        self.second = self._pool.submit(self._domain.setMemory, 1024)

    def let_go(self) -> None:
        os.kill(self._pid, signal.SIGCONT)
        self._pool.shutdown()
        self._domain.destroy()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, libvirt_events: None) -> Iterator[Machines]:
    if os.geteuid() == 0:
        pytest.skip("root has no libvirt of its own")
    private = PrivateLibvirt()
    made = Machines(tmp_path_factory.mktemp("causes"))
    yield made
    made.connection.close()
    private.destroy()


@pytest.fixture(scope="module", autouse=True)
def hung(machines: Machines) -> Iterator[Hung]:
    """Hang from the start of this module on: libvirt waits for half a minute."""
    made = Hung(machines)
    yield made
    if not made.first.done():
        made.let_go()


def drive(path: object) -> str:
    return (
        f"<disk type='file' device='cdrom'><source file='{path}'/>"
        "<target dev='sda' bus='sata'/></disk>"
    )


TYPE = "<type arch='x86_64' machine='{}'>hvm</type>"

AT_START: dict[str, dict[str, object]] = {
    "no kvm": {"kind": "kvm", "cpu": ""},
    "machine type unknown": {"os_type": TYPE.format("pc-q35-99.0")},
    "cpu unknown": {
        "cpu": "<cpu mode='custom' match='exact'><model fallback='forbid'>Nonsense</model></cpu>"
    },
    "huge pages": {"more": "<memoryBacking><hugepages/></memoryBacking>"},
    "disk missing": {"disk": Path("/nowhere/disk.qcow2")},
    "iso missing": {"devices": drive("/nowhere/debian.iso")},
    "too many processors": {"vcpus": 4000},
    "no emulator for it": {"os_type": "<type arch='sparc9'>hvm</type>"},
    "emulator missing": {"devices": "<emulator>/usr/bin/none</emulator>"},
    "no network": {"devices": "<interface type='network'><source network='no'/></interface>"},
    "bridge helper": {"devices": "<interface type='bridge'><source bridge='no'/></interface>"},
    "no tap": {"devices": "<interface type='ethernet'><target dev='tap9'/></interface>"},
    "cpu lacks features": {
        "cpu": "<cpu mode='custom' match='exact' check='full'><model>qemu64</model>"
        "<feature policy='require' name='avx512f'/></cpu>"
    },
    "no pci device": {
        "devices": "<hostdev mode='subsystem' type='pci'><source>"
        "<address domain='0' bus='0xee' slot='1' function='0'/></source></hostdev>"
    },
    "no usb device": {
        "devices": "<hostdev mode='subsystem' type='usb'><source>"
        "<vendor id='0xdead'/><product id='0xbeef'/></source></hostdev>"
    },
    "no secret": {
        "devices": "<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>"
        "<source file='/dev/null'><encryption format='luks'>"
        f"<secret type='passphrase' uuid='{OTHER_UUID}'/></encryption></source>"
        "<target dev='vdb'/></disk>"
    },
    "virtiofs": {
        "devices": "<filesystem type='mount'><driver type='virtiofs'/>"
        "<source dir='/tmp'/><target dir='x'/></filesystem>",
        "more": "<memoryBacking><source type='memfd'/><access mode='shared'/></memoryBacking>",
    },
    "no graphics card": {
        "devices": "<graphics type='spice'><listen type='none'/><gl enable='yes'/></graphics>"
        "<video><model type='virtio'><acceleration accel3d='yes'/></model></video>"
    },
    "path too long": {
        "devices": f"<serial type='unix'><source mode='bind' path='/tmp/{'x' * 120}'/></serial>"
    },
}


@pytest.mark.hypervisor
@pytest.mark.parametrize("key", AT_START)
def test_what_libvirt_refuses_at_a_start(machines: Machines, key: str) -> None:
    assert cause_of(lambda: machines.start(**AT_START[key])).key == key


@pytest.mark.hypervisor
def test_a_missing_backing_file_is_named(machines: Machines) -> None:
    base, top = make_disk(machines.folder / "base.qcow2"), machines.folder / "top.qcow2"
    options = ["-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base), str(top)]
    subprocess.run(["qemu-img", "create", *options], check=True)
    base.unlink()
    known = cause_of(lambda: machines.start(disk=top))
    assert known.key == "backing file missing"
    assert str(base) in known.summary


@pytest.mark.hypervisor
def test_a_folder_that_qemu_may_not_enter(machines: Machines) -> None:
    folder = machines.folder / "closed"
    folder.mkdir()
    disk = make_disk(folder / "disk.qcow2")
    folder.chmod(0)
    try:
        assert cause_of(lambda: machines.start(disk=disk)).key == "permission denied"
    finally:
        folder.chmod(0o700)


@pytest.mark.hypervisor
def test_a_running_machine_is_in_the_way_of_a_second(machines: Machines) -> None:
    first = machines.connection.createXML(machines.xml(name="first"), 0)
    uuid = f"<uuid>{first.UUIDString()}</uuid>"
    try:
        assert cause_of(lambda: machines.start(name="second")).key == "image locked"
        again = {"name": "first", "more": uuid}
        assert cause_of(lambda: machines.start(**again)).key == "running already"
        assert cause_of(lambda: machines.define(name="other", more=uuid)).key == "uuid taken"
        taken = cause_of(lambda: machines.define(name="first"))
        assert (taken.key, taken.summary) == (
            "name taken",
            "There is a machine called “first” already.",
        )
        off = libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT
        assert cause_of(lambda: first.shutdownFlags(off)).key == "no agent"
        known = cause_of(lambda: first.setVcpus(9))
        assert known.key == "more processors than its most"
        assert known.hint == "Shut it down first, then give it more."
        assert cause_of(lambda: first.setMemory(1 << 30)).key == "more memory than its most"
        kept = libvirt.VIR_DOMAIN_AFFECT_CONFIG
        assert cause_of(lambda: first.setMetadata(1, "x", None, None, kept)).key == "transient"
        card = "<interface type='user'><model type='virtio'/></interface>"
        assert cause_of(lambda: [first.attachDevice(card) for _n in range(9)]).key == (
            "no free slot"
        )
    finally:
        first.destroy()
    gone = cause_of(first.destroy)
    assert (gone.key, gone.cause) == ("no domain", Cause.NOT_FOUND)


@pytest.mark.hypervisor
def test_an_agent_that_is_not_there_does_not_answer(machines: Machines) -> None:
    channel = "<channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>"
    domain = machines.connection.createXML(machines.xml(devices=channel), 0)
    try:
        off = libvirt.VIR_DOMAIN_SHUTDOWN_GUEST_AGENT
        assert cause_of(lambda: domain.shutdownFlags(off)).key == "agent silent"
    finally:
        domain.destroy()


@pytest.mark.hypervisor
def test_saved_states_and_snapshots_are_in_the_way(machines: Machines) -> None:
    domain = machines.define(name="saved")
    domain.create()
    domain.managedSave()
    assert cause_of(domain.undefine).key == "managed save"
    assert cause_of(lambda: domain.rename("other")).key == "managed save"
    domain.managedSaveRemove()
    snapshot = domain.snapshotCreateXML("<domainsnapshot><name>s</name></domainsnapshot>", 0)
    assert cause_of(domain.undefine).key == "snapshots"
    again = "<domainsnapshot><name>s</name></domainsnapshot>"
    assert cause_of(lambda: domain.snapshotCreateXML(again, 0)).key == "snapshot name taken"
    assert cause_of(lambda: domain.snapshotLookupByName("none")).key == "no snapshot"
    assert cause_of(domain.suspend).key == "wrong state"
    snapshot.delete()
    machines.define(name="taken")
    assert cause_of(lambda: domain.rename("taken")).key == "name taken"


@pytest.mark.hypervisor
def test_networks_and_pools_have_to_be_active(machines: Machines) -> None:
    network = "<network><name>quiet</name><bridge name='vmdq0'/></network>"
    machines.connection.networkDefineXML(network)
    card = "<interface type='network'><source network='quiet'/></interface>"
    known = cause_of(lambda: machines.start(devices=card))
    assert known.key == "network inactive"
    assert known.hint == "Start it with: virsh net-start quiet"
    assert known.mends[0].shown.endswith("net-start quiet")
    (machines.folder / "pool").mkdir()
    path = f"<target><path>{machines.folder / 'pool'}</path></target>"
    pool = machines.connection.storagePoolDefineXML(f"<pool type='dir'><name>p</name>{path}</pool>")
    assert cause_of(pool.listAllVolumes).key == "pool inactive"
    pool.create()
    assert cause_of(lambda: pool.storageVolLookupByName("v")).key == "no volume"
    volume = "<volume><name>v</name><capacity>4096</capacity></volume>"
    pool.createXML(volume)
    assert cause_of(lambda: pool.createXML(volume)).key == "volume name taken"
    huge = "<capacity unit='T'>9</capacity><allocation unit='T'>9</allocation>"
    large = f"<volume><name>w</name>{huge}</volume>"
    assert cause_of(lambda: pool.createXML(large)).key in ("no room", "file too large")
    missing = machines.connection.storagePoolLookupByName
    assert cause_of(lambda: missing("none")).key == "no pool"


@pytest.mark.hypervisor
def test_a_read_only_connection_changes_nothing(machines: Machines) -> None:
    machines.define(name="looked-at")
    connection = libvirt.openReadOnly("qemu:///session")
    try:
        domain = connection.lookupByName("looked-at")
        assert cause_of(domain.create).key == "read-only connection"
    finally:
        connection.close()


@pytest.mark.hypervisor
def test_a_machine_that_hangs_is_busy(hung: Hung) -> None:
    known = cause_of(lambda: hung.second.result(timeout=60))
    assert known.key == "busy"
    hung.let_go()


@pytest.mark.hypervisor
def test_a_daemon_that_dies_is_a_lost_connection(machines: Machines) -> None:
    connection = libvirt.open("qemu:///session")
    PrivateLibvirt().kill_daemon()
    try:
        assert cause_of(connection.listAllDomains).key == "connection lost"
    finally:
        connection.close()
        machines.connection = libvirt.open("qemu:///session")
