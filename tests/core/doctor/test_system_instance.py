"""The system's libvirt, whose machines run as another user: what they may not reach, and a mend."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import libvirt
import pytest

from tests.alone import alone_in
from tests.core.causes.recognized import cause_of
from tests.core.doctor.conftest import Examine
from tests.system_libvirt import FOLDER, SOCKET, URI
from vmdesk.core.doctor import acceleration, mending, readers
from vmdesk.core.doctor.finding import State
from vmdesk.core.job import Job

pytestmark = [pytest.mark.hypervisor, pytest.mark.usefixtures("libvirt_events")]


@pytest.fixture
def system() -> Iterator[libvirt.virConnect]:
    """A connection to a libvirt that root has started."""
    if not SOCKET.exists():
        pytest.skip("VMDESK_TEST_SYSTEM has no libvirt: root starts it for the whole test run")
    with alone_in(FOLDER):
        connection = libvirt.open(URI)
        yield connection
        connection.close()


@pytest.fixture
def home() -> Iterator[Path]:
    """A folder that only its user may enter, as many a home is, with a folder for discs."""
    folder = Path(tempfile.mkdtemp(prefix="vmd-home-", dir="/tmp"))
    (folder / "isos").mkdir()
    (folder / "isos/disc.iso").write_bytes(bytes(1 << 20))
    yield folder
    shutil.rmtree(folder)


def start(connection: libvirt.virConnect, devices: str) -> None:
    """Start a machine for a moment."""
    xml = f"""<domain type='qemu'><name>doctor</name><memory unit='MiB'>32</memory>
        <os><type arch='x86_64' machine='q35'>hvm</type></os>
        <devices>{devices}</devices></domain>"""
    connection.createXML(xml, libvirt.VIR_DOMAIN_START_PAUSED).destroy()


def test_a_disc_in_a_closed_home_is_denied_until_the_doctor_lets_qemu_in(
    system: libvirt.virConnect, home: Path, examined: Examine
) -> None:
    reader = readers.qemu_user()
    surroundings = replace(examined(URI), isos=home / "isos")
    drive = (
        f"<disk type='file' device='cdrom'><source file='{home}/isos/disc.iso'/>"
        "<target dev='sda' bus='sata'/></disk>"
    )
    assert cause_of(lambda: start(system, drive)).key == "permission denied"
    found = readers.may_reach(surroundings, reader)
    assert found.state is State.BROKEN
    assert str(home) in found.meaning

    mending.run(found.mends[0], (), Job())

    assert readers.may_reach(surroundings, reader).state is State.GOOD
    start(system, drive)


def test_a_bridge_that_does_not_exist_is_named(system: libvirt.virConnect) -> None:
    card = "<interface type='bridge'><source bridge='vmdno0'/></interface>"
    if not Path("/dev/net/tun").exists():
        pytest.skip("there is no /dev/net/tun, without which no bridge is asked for")
    known = cause_of(lambda: start(system, card))
    assert known.key == "no bridge"
    assert "vmdno0" in known.summary


def test_whether_its_machines_have_kvm_is_asked_of_libvirt(
    system: libvirt.virConnect, examined: Examine
) -> None:
    # The daemon of the tests sees no /dev/kvm.
    found = acceleration.offered(examined(URI))
    assert found.state is State.BROKEN
    assert "libvirt finds that KVM does not work" in found.meaning
