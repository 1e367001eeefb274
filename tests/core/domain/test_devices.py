"""Drives, interfaces and displays, read from and written to their XML."""

from pathlib import Path

import pytest

from tests.core.domain.test_xml import golden
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml

IMAGES = Path("/var/lib/libvirt/images")


def disk(name: str, number: int) -> DiskDevice:
    return golden(name).disks[number]


def test_a_file_disk_is_read() -> None:
    found = disk("q35-installer-in-drive", 0)
    assert (found.device, found.type, found.target, found.bus) == ("disk", "file", "vda", "virtio")
    assert (found.path, found.format) == (IMAGES / "debian12.qcow2", "qcow2")
    assert (found.boot_order, found.startup_policy) == (1, "")
    assert disk("q35-installer-in-drive", 1).startup_policy == "optional"
    flags = (found.readonly, found.shareable, found.is_cdrom, found.is_empty)
    assert not any(flags)


def test_every_kind_of_source_is_told_apart() -> None:
    assert disk("hostdev-gpu", 0).path == Path(
        "/dev/disk/by-id/nvme-Samsung_SSD_980_PRO_1TB_S5GXNF0R123456"
    )
    assert disk("pool-volume", 0).volume == ("default", "pooled.qcow2")
    assert disk("network-disks", 0).network == "rbd://10.0.0.11:6789/vms/ceph-guest"
    assert disk("network-disks", 0).path is None
    assert [drive.is_empty for drive in golden("pool-volume").disks] == [False, False]
    assert disk("q35-virt-manager", 1).is_empty
    assert disk("scsi-multipath", 1).shareable
    assert disk("blkdeviotune-serial", 1).readonly
    assert disk("hand-comments", 0).boot_order is None


def test_the_backing_chain_is_listed_nearest_first() -> None:
    assert disk("backing-chain", 0).backing_paths == [
        IMAGES / "golden-2024.qcow2",
        IMAGES / "base.raw",
    ]
    assert disk("live-running", 0).backing_paths == []


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("q35-installer-in-drive", 1),
        ("live-running", 1),
        ("network-disks", 1),
        ("pool-volume", 1),
        ("style-multiline-tags", 1),
        ("windows-server-2019", 3),
    ],
)
def test_any_medium_can_be_replaced_and_taken_out(name: str, number: int) -> None:
    drive = disk(name, number)
    drive.insert_file(Path("/iso/a.iso"), "raw")
    assert (drive.type, drive.path, drive.format) == ("file", Path("/iso/a.iso"), "raw")
    assert drive.startup_policy == "optional"
    assert "index=" not in drive.xml
    drive.eject()
    assert drive.is_empty
    assert "/iso/a.iso" not in drive.xml


def test_a_medium_is_put_in_front_of_its_target_and_tells_its_format() -> None:
    (drive,) = DomainXml.parse(
        "<domain><devices><disk type='file' device='cdrom'><driver name='qemu' type='raw'/>"
        "<target dev='sda' bus='sata'/><readonly/></disk></devices></domain>"
    ).disks
    drive.insert_file(Path("/isos/a.qcow2"), "qcow2")
    assert [child.tag for child in drive.element] == ["driver", "source", "target", "readonly"]
    assert drive.element.find("driver[@type='qcow2']") is not None


def test_a_startup_policy_outlives_the_medium() -> None:
    drive = disk("q35-installer-in-drive", 1)
    drive.element.find("source").set("startupPolicy", "requisite")  # type: ignore[union-attr]
    drive.eject()
    drive.insert_file(Path("/iso/a.iso"))
    assert drive.startup_policy == "requisite"


def test_what_was_said_of_a_file_goes_with_it_and_the_policy_of_the_drive_stays() -> None:
    drive = DomainXml.parse(
        "<domain><devices><disk type='file' device='cdrom'>"
        "<source file='/iso/a.iso' index='3' startupPolicy='optional'>"
        "<seclabel model='dac' relabel='no'/></source>"
        "<target dev='sda' bus='sata'/></disk></devices></domain>"
    ).disks[0]
    drive.eject()
    assert '<source startupPolicy="optional"/>' in drive.xml
    assert drive.is_empty


def test_a_hard_disk_gets_no_startup_policy() -> None:
    drive = disk("q35-installer-in-drive", 0)
    drive.insert_file(Path("/vm/renamed.qcow2"))
    assert drive.startup_policy == ""
    assert drive.format == "qcow2"


def test_a_moved_file_keeps_all_else_about_its_source() -> None:
    moved = disk("encrypted-disk", 0)
    before = moved.xml
    moved.move_to(Path("/vm/new.qcow2"))
    assert moved.xml == before.replace("/vm/vault.qcow2", "/vm/new.qcow2")
    assert "passphrase" in moved.xml


def test_the_xml_of_a_device_stands_alone() -> None:
    assert disk("q35-virt-manager", 1).xml.startswith("<disk ")
    assert disk("q35-virt-manager", 1).xml.endswith("</disk>")


def test_interfaces_are_read() -> None:
    user, bridge = golden("virtiofs").interfaces[0], golden("i440fx-old-host").interfaces[0]
    assert (user.type, user.source, user.model) == ("user", "", "virtio")
    assert (bridge.type, bridge.source, bridge.model) == ("bridge", "br0", "e1000")
    assert bridge.mac.startswith("52:54:00:")
    assert golden("numa-uneven-cells").interfaces[0].source == "eno1"


def test_displays_are_read() -> None:
    vnc, spice = golden("i440fx-old-host").graphics[0], golden("live-running").graphics[0]
    assert (vnc.type, vnc.listen, vnc.port) == ("vnc", "0.0.0.0", 5901)
    assert (spice.type, spice.listen, spice.port) == ("spice", "127.0.0.1", 5900)
    off = DomainXml.parse(
        "<domain><devices><graphics type='vnc' port='-1'><listen address='::1'/></graphics>"
        "</devices></domain>"
    ).graphics[0]
    assert (off.listen, off.port) == ("::1", None)
    for port, told in (("", None), ("port='0'", None), ("port='1'", 1)):
        text = f"<domain><devices><graphics type='vnc' {port}/></devices></domain>"
        assert DomainXml.parse(text).graphics[0].port == told
