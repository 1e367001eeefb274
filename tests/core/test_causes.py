"""Every known cause of failures is recognized: made for real where this computer can make it."""

import errno
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import libvirt
import pytest

from tests.conftest import PrivateLibvirt
from tests.core.operations.small_machine import make_disk
from vmdesk.core import causes
from vmdesk.core.causes import Known
from vmdesk.core.causes.row import Signs
from vmdesk.core.job import Cause
from vmdesk.core.mend import user_name

OTHER_UUID = "11111111-2222-3333-4444-555555555555"
ONLY_USERS = pytest.mark.skipif(os.geteuid() == 0, reason="root is denied nothing")

QEMU = libvirt.VIR_FROM_QEMU


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


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory, libvirt_events: None) -> Iterator[Machines]:
    if os.geteuid() == 0:
        pytest.skip("root has no libvirt of its own")
    private = PrivateLibvirt()
    made = Machines(tmp_path_factory.mktemp("causes"))
    yield made
    made.connection.close()
    private.destroy()


def cause_of(deed: Callable[[], object]) -> Known:
    """Return what the table says of the error that ``deed`` ends with."""
    with pytest.raises(libvirt.libvirtError) as caught:
        deed()
    known = causes.of_libvirt(caught.value)
    assert known is not None, caught.value.get_error_message()
    return known


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
    "no tpm": {"devices": "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"},
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
def test_a_daemon_that_dies_is_a_lost_connection(machines: Machines) -> None:
    connection = libvirt.open("qemu:///session")
    PrivateLibvirt().kill_daemon()
    try:
        assert cause_of(connection.listAllDomains).key == "connection lost"
    finally:
        connection.close()
        machines.connection = libvirt.open("qemu:///session")


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("nonsense", "no such connection"),
        ("qemu:///system?socket=/nowhere/none", "not running"),
        ("qemu+tcp://127.0.0.1:1/system", "not running"),
        ("qemu+tcp://nowhere.invalid/system", "host unknown"),
        ("qemu+tls://127.0.0.1:1/system", "no certificate"),
    ],
)
def test_a_connection_that_can_not_be_made(libvirt_events: None, uri: str, key: str) -> None:
    assert cause_of(lambda: libvirt.open(uri)).key == key


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("me@there: Permission denied (publickey,password).", "ssh refused"),
        ("Host key verification failed.", "ssh key unknown"),
        ("ssh: Could not resolve hostname there", "not running"),
    ],
)
def test_what_ssh_says_comes_through_libvirt(
    libvirt_events: None, tmp_path: Path, words: str, key: str
) -> None:
    helper = tmp_path / "ssh"
    helper.write_text(f"#!/bin/sh\necho '{words}' >&2\nexit 255\n")
    helper.chmod(0o700)
    assert cause_of(lambda: libvirt.open(f"qemu+ssh://there/system?command={helper}")).key == key


@ONLY_USERS
def test_a_socket_that_is_closed(libvirt_events: None, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "closed"))
        listener.listen()
        (tmp_path / "closed").chmod(0)
        uri = f"qemu:///system?socket={tmp_path}/closed"
        assert cause_of(lambda: libvirt.open(uri)).key == "socket closed"


def said_by(*argv: object, limit: int = 0) -> str:
    """Return the name of the cause in what a program says as it fails."""

    def bound() -> None:
        if limit:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    done = subprocess.run(
        [str(part) for part in argv],
        capture_output=True,
        text=True,
        check=False,
        preexec_fn=bound,
        timeout=30,
    )
    assert done.returncode != 0
    known = causes.of_program(done.stderr)
    assert known is not None, done.stderr
    return known.key


def qemu(*argv: object) -> str:
    return said_by("qemu-system-x86_64", "-nodefaults", "-display", "none", "-S", "-m", "16", *argv)


def damaged(folder: Path, name: str, at: int, value: int) -> Path:
    """Return a qcow2 whose header has ``value`` in the eight bytes at ``at``."""
    path = make_disk(folder / name)
    with path.open("r+b") as file:
        file.seek(at)
        file.write(value.to_bytes(8, "big"))
    return path


def test_what_qemu_says_of_images(tmp_path: Path) -> None:
    open_it = "file={},format=qcow2"
    corrupt = damaged(tmp_path, "corrupt", 72, 2)
    newer = damaged(tmp_path, "newer", 72, 1 << 40)
    junk = tmp_path / "junk"
    junk.write_bytes(b"junk" * 20000)
    assert qemu("-drive", open_it.format(corrupt)) == "image corrupt"
    assert qemu("-drive", open_it.format(newer)) == "image too new"
    assert qemu("-drive", open_it.format(junk)) == "not that format"
    assert qemu("-drive", f"file={tmp_path},format=raw") == "a folder"
    assert qemu("-drive", f"file={tmp_path}/none,format=raw") == "disk missing"


@ONLY_USERS
def test_an_image_that_qemu_may_not_read(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "closed.qcow2")
    disk.chmod(0)
    assert qemu("-drive", f"file={disk},format=qcow2") == "permission denied"


def test_what_qemu_says_of_the_computer(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        chardev = f"socket,id=c,server=on,wait=off,host=127.0.0.1,port={port}"
        assert qemu("-chardev", chardev) == "port taken"
        assert qemu("-spice", f"addr=127.0.0.1,port={port},disable-ticketing=on") == "port taken"
    assert qemu("-vnc", "203.0.113.1:1") == "address not here"
    assert qemu("-m", "64T", "-machine", "q35") == "no memory"
    assert qemu("-cpu", "Nonsense") == "cpu unknown"
    assert qemu("-kernel", "/nowhere/vmlinuz") == "kernel missing"
    assert qemu("-blockdev", "file,node-name=f,filename=/nowhere/OVMF_CODE.fd") == "no firmware"
    assert qemu("-chardev", "socket,id=c,path=/nowhere/socket") == "socket missing"
    shared = "local,id=fs,path=/nowhere,security_model=none"
    assert qemu("-fsdev", shared, "-device", "virtio-9p-pci,fsdev=fs,mount_tag=x") == (
        "shared folder missing"
    )


@pytest.mark.skipif(os.access("/dev/kvm", os.R_OK | os.W_OK), reason="KVM is open to this user")
def test_what_qemu_says_without_kvm() -> None:
    assert qemu("-accel", "kvm") == "no kvm"


def test_what_qemu_img_says(tmp_path: Path) -> None:
    disk = make_disk(tmp_path / "disk.qcow2")
    short = tmp_path / "short"
    short.write_bytes(disk.read_bytes()[:60])
    new = tmp_path / "new"
    info = ("qemu-img", "info", "-f", "qcow2")
    make = ("qemu-img", "create", "-q", "-f", "qcow2")
    convert = ("qemu-img", "convert", "-f", "qcow2")
    assert said_by(*info, short) == "image cut off"
    assert said_by(*info, tmp_path / "none.iso") == "iso missing"
    assert said_by("qemu-img", "create", "-f", "nonsense", new, "1M") == "format unknown"
    assert said_by(*make, "-b", tmp_path / "base", "-F", "qcow2", new) == "backing file missing"
    assert said_by("qemu-img", "resize", "-f", "qcow2", disk, "1M") == "would shrink"
    assert said_by(*convert, "-O", "qcow2", disk, "/dev/full") == "no room"
    assert said_by(*convert, "-O", "raw", "-S", "0", disk, new, limit=9000) == "file too large"
    if os.geteuid() != 0:
        assert said_by(*make, "/usr/new.qcow2", "1M") == "not yours"


def system_cause(deed: Callable[[], object]) -> str:
    with pytest.raises(OSError, match=r"Errno") as caught:
        deed()
    known = causes.of_system(caught.value)
    assert known is not None
    return known.key


def test_what_the_file_system_says(tmp_path: Path) -> None:
    def fill() -> None:
        with Path("/dev/full").open("wb", buffering=0) as file:
            file.write(b"x")

    def read_badly() -> None:
        with Path("/proc/self/mem").open("rb", buffering=0) as file:
            file.read(1)

    def open_many() -> None:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            (tmp_path / "one-more").open("wb").close()
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    assert system_cause(fill) == "no room"
    assert system_cause(read_badly) == "disk failing"
    assert system_cause(open_many) == "too many files"
    assert system_cause((tmp_path / ("x" * 300)).touch) == "name too long"
    assert system_cause((tmp_path / "no" / "folder").touch) == "folder missing"


@ONLY_USERS
def test_a_file_that_is_somebody_elses(tmp_path: Path) -> None:
    assert system_cause(Path("/usr/new").touch) == "not yours"


QUOTED = [
    ("ssh refused", Signs("x: Permission denied (publickey).", is_lost=True)),
    ("not let in", Signs("no polkit agent", libvirt.VIR_ERR_AUTH_UNAVAILABLE)),
    ("busy", Signs("cannot acquire state change lock", libvirt.VIR_ERR_OPERATION_TIMEOUT)),
    ("agent silent", Signs("Guest agent is not responding", libvirt.VIR_ERR_AGENT_UNRESPONSIVE)),
    ("no bridge", Signs("Cannot get interface MTU on 'br0': No such device", 38, QEMU, 19)),
    (
        "cpu lacks features",
        Signs("guest CPU doesn't match specification: missing features: avx512f", 9),
    ),
    ("quota", Signs("x", number=errno.EDQUOT)),
    ("read-only file system", Signs("x", number=errno.EROFS)),
]
"""What this computer can't be made to say: as libvirt's sources and the kernel have it."""


@pytest.mark.parametrize(("key", "signs"), QUOTED, ids=[key for key, _signs in QUOTED])
def test_what_can_not_be_made_here_is_recognized_too(key: str, signs: Signs) -> None:
    known = causes.recognize(signs)
    assert known is not None
    assert known.key == key


def test_a_missing_package_can_be_installed_and_a_group_joined() -> None:
    tpm = causes.recognize(Signs("TPM version '2.0' is not supported", 67))
    refused = causes.recognize(Signs("authentication failed", libvirt.VIR_ERR_AUTH_FAILED))
    assert tpm is not None
    assert refused is not None
    assert "swtpm" in tpm.mends[0].shown
    assert refused.error("x").mends[0].shown.endswith(f"usermod -a -G libvirt {user_name()}")


def test_an_unknown_failure_is_left_to_its_own_words() -> None:
    assert causes.of_program("qemu-img: something never heard of") is None


def test_the_table_has_forty_causes_and_more_each_with_its_own_name() -> None:
    keys = [row.key for row in causes.TABLE]
    assert len(keys) == len(set(keys)) >= 40
    assert all(row.summary.endswith(".") for row in causes.TABLE)
