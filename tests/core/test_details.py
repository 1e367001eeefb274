"""What the window tells of a machine is what libvirt and the disks really say."""

from functools import partial
from pathlib import Path
from uuid import uuid4

import libvirt
import pytest

from tests.core.operations import small_machine
from tests.guests import MEMTEST_ISO
from tests.iso_server import IsoServer
from vmdesk.core import details, iso_library
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError

XML = """
<domain type='test'>
  <name>told</name><title>A &amp; B</title><description>Two
lines</description><memory>65536</memory><os><type>hvm</type></os>
  <devices>{devices}</devices>
</domain>"""


@pytest.mark.hypervisor
@pytest.mark.parametrize("is_running", [False, True])
def test_disks_have_their_sizes_running_or_not(
    private_host: Host, tmp_path: Path, is_running: bool
) -> None:
    domain = small_machine.define(private_host, tmp_path, disc=MEMTEST_ISO)
    if is_running:
        domain.create()
    disk = tmp_path / "small.qcow2"
    told = details.read(private_host, domain.UUIDString(), tmp_path / "isos")
    used = disk.stat().st_blocks * 512
    size = small_machine.DISK_SIZE
    assert told.disks == (details.DiskDetails("vda", str(disk), disk, size, used),)
    assert told.cdroms == (details.DriveDetails("sda", str(MEMTEST_ISO), ""),)
    assert not told.uses_kvm
    assert told.network == "No network"


@pytest.mark.hypervisor
def test_a_missing_disk_has_no_sizes_and_is_no_error(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    (tmp_path / "small.qcow2").unlink()
    (disk,) = details.read(private_host, domain.UUIDString(), tmp_path).disks
    assert (disk.virtual_size, disk.used) == (None, None)


def test_a_disc_of_the_library_says_how_it_was_verified(test_host: Host, tmp_path: Path) -> None:
    with IsoServer() as server:
        server.add("/memtest.iso", MEMTEST_ISO)
        iso = iso_library.fetch(server.url("/memtest.iso"), tmp_path, Job())
    devices = f"""
      <disk type='file' device='cdrom'><source file='{iso.path}'/><target dev='hda'/></disk>
      <disk type='file' device='cdrom'><target dev='hdb'/></disk>"""
    domain = test_host.connection.defineXML(XML.format(devices=devices))
    told = details.read(test_host, domain.UUIDString(), tmp_path)
    assert told.cdroms == (
        details.DriveDetails("hda", str(iso.path), iso.description),
        details.DriveDetails("hdb", "", ""),
    )
    assert "Not verified" in iso.description


def test_title_note_and_sources_that_are_no_files_are_told(test_host: Host, tmp_path: Path) -> None:
    devices = """
      <disk type='volume'><source pool='images' volume='a.img'/><target dev='vda'/></disk>
      <disk type='network'>
        <source protocol='nbd' name='export'><host name='server' port='10809'/></source>
        <target dev='vdb'/>
      </disk>
      <interface type='network'><source network='lab'/></interface>"""
    domain = test_host.connection.defineXML(XML.format(devices=devices))
    told = details.read(test_host, domain.UUIDString(), tmp_path)
    assert (told.title, told.note) == ("A & B", "Two\nlines")
    assert [disk.source for disk in told.disks] == ["images/a.img", "nbd://server:10809/export"]
    assert [disk.path for disk in told.disks] == [None, None]
    assert told.network == "lab"
    assert told.addresses == ()


def test_the_user_network_is_explained(test_host: Host, tmp_path: Path) -> None:
    domain = test_host.connection.defineXML(XML.format(devices="<interface type='user'/>"))
    told = details.read(test_host, domain.UUIDString(), tmp_path)
    assert told.network.startswith("User network")


def test_the_addresses_of_a_running_guest_are_told(default_host: Host, tmp_path: Path) -> None:
    uuid = default_host.lookup("test").uuid
    assert details.read(default_host, uuid, tmp_path).addresses == ("192.168.122.3",)


def test_a_machine_that_is_gone_is_not_found(test_host: Host, tmp_path: Path) -> None:
    with pytest.raises(OperationError) as caught:
        details.read(test_host, str(uuid4()), tmp_path)
    assert caught.value.cause is Cause.NOT_FOUND


def test_what_a_running_machine_has_from_its_next_start_is_told(
    test_host: Host, tmp_path: Path
) -> None:
    domain = test_host.connection.lookupByName("test")
    read = partial(details.read, test_host, domain.UUIDString(), tmp_path)
    assert read().later == ()
    domain.setMemoryFlags(1024**2, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    domain.setVcpusFlags(1, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    assert read().later == ("1 GiB", "1 CPU")
