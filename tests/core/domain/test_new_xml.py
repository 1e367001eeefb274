"""The XML of a new machine is valid, and has what makes it a good one on this host or another."""

from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
from lxml import etree

from vmdesk.core import capabilities
from vmdesk.core.capabilities import Capabilities
from vmdesk.core.domain import new_xml
from vmdesk.core.domain.new_xml import Hardware
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import GIB
from vmdesk.core.host import Host

HARDWARE = Hardware(
    uuid="6695eb01-f6a4-8304-79aa-97f2502e193f",
    name="Wörkstation & <Büro> 'x'",
    memory=4 * GIB // 1024,
    vcpus=2,
    disk=Path("/disks/a & b.qcow2"),
    disc=Path("/isos/débian.iso"),
    use_kvm=True,
)
OFFER = Capabilities(
    arch="x86_64",
    emulator="/usr/bin/qemu-system-x86_64",
    machine="q35",
    memory=16 * GIB,
    cpus=8,
    max_vcpus=288,
    has_kvm=True,
    has_spice=True,
    has_usb_redirection=True,
    has_channel_spicevmc=True,
    has_rng=True,
    has_efi=True,
    is_session=True,
)


def tree(hardware: Hardware = HARDWARE, offer: Capabilities = OFFER) -> etree._Element:
    return etree.fromstring(new_xml.build(hardware, offer))


def one(root: etree._Element, path: str) -> etree._Element:
    found = root.find(path)
    assert found is not None, path
    return found


def test_whatever_the_host_offers_the_xml_is_valid(tmp_path: Path) -> None:
    """As libvirt's own schema has it: the order of elements, their names, their values."""
    files = []
    for index, flags in enumerate(product([False, True], repeat=6)):
        spice, kvm, rng, usb, session, disc = flags
        offer = replace(
            OFFER,
            has_spice=spice,
            has_usb_redirection=usb,
            has_channel_spicevmc=usb,
            has_rng=rng,
            is_session=session,
        )
        hardware = replace(HARDWARE, use_kvm=kvm, disc=HARDWARE.disc if disc else None)
        path = tmp_path / f"{index}.xml"
        path.write_text(new_xml.build(hardware, offer))
        files.append(path)
    (schema,) = Path("/usr/share/libvirt/schemas").glob("domain.rng")
    relax = etree.RelaxNG(etree.parse(schema))
    for path in files:
        assert relax.validate(etree.parse(path)), (relax.error_log, path.read_text())


def test_names_and_paths_are_written_as_they_are() -> None:
    xml = DomainXml.parse(new_xml.build(HARDWARE, OFFER))
    assert xml.name == HARDWARE.name
    assert [disk.path for disk in xml.disks] == [HARDWARE.disk, HARDWARE.disc]
    assert (xml.current_memory_kib or xml.memory_kib, xml.vcpus) == (HARDWARE.memory, 2)


def test_the_disk_gives_room_back_and_comes_before_the_disc() -> None:
    disk, cdrom = tree().findall("devices/disk")
    assert dict(one(disk, "driver").attrib) == {
        "name": "qemu",
        "type": "qcow2",
        "discard": "unmap",
        "detect_zeroes": "unmap",
    }
    assert dict(one(disk, "target").attrib) == {"dev": "vda", "bus": "virtio"}
    assert dict(one(cdrom, "target").attrib) == {"dev": "sda", "bus": "sata"}
    assert one(cdrom, "source").get("startupPolicy") == "optional"
    assert cdrom.find("readonly") is not None
    assert [one(drive, "boot").get("order") for drive in (disk, cdrom)] == ["1", "2"]


def test_a_drive_without_a_disc_is_empty() -> None:
    assert tree(replace(HARDWARE, disc=None)).find("devices/disk[@device='cdrom']/source") is None


@pytest.mark.parametrize(
    ("use_kvm", "kind", "mode"), [(True, "kvm", "host-passthrough"), (False, "qemu", "maximum")]
)
def test_the_processor_is_the_best_that_the_accelerator_has(
    use_kvm: bool, kind: str, mode: str
) -> None:
    domain = tree(replace(HARDWARE, use_kvm=use_kvm))
    assert domain.get("type") == kind
    assert one(domain, "cpu").get("mode") == mode


def test_devices_can_be_added_while_it_runs_and_the_guest_can_be_talked_to() -> None:
    devices = one(tree(), "devices")
    assert devices.find("controller[@model='pcie-root-port']") is not None
    assert devices.find("controller[@model='qemu-xhci']") is not None
    assert devices.find("input[@type='tablet'][@bus='usb']") is not None
    assert devices.find("channel/target[@name='org.qemu.guest_agent.0']") is not None
    assert devices.find("memballoon[@model='virtio']/stats[@period='5']") is not None
    assert devices.find("rng[@model='virtio']") is not None
    assert devices.find("serial") is not None
    assert one(tree(), "os/type").get("machine") == "q35"


def test_with_spice_the_display_has_its_agent_usb_and_sound() -> None:
    devices = one(tree(), "devices")
    assert [graphics.get("type") for graphics in devices.findall("graphics")] == ["spice"]
    assert devices.find("channel[@type='spicevmc']/target[@name='com.redhat.spice.0']") is not None
    assert len(devices.findall("redirdev[@bus='usb']")) == 2
    assert devices.find("audio[@type='spice']") is not None


def test_without_spice_the_display_is_vnc_and_nothing_of_spice_is_there() -> None:
    text = new_xml.build(HARDWARE, replace(OFFER, has_spice=False))
    assert '<graphics type="vnc"' in text
    assert "spice" not in text


@pytest.mark.parametrize("has_spice", [True, False])
def test_the_display_is_never_open_to_the_network(has_spice: bool) -> None:
    listens = tree(offer=replace(OFFER, has_spice=has_spice)).findall("devices/graphics/listen")
    assert [dict(listen.attrib) for listen in listens] == [
        {"type": "address", "address": "127.0.0.1"}
    ]


def test_the_network_is_what_this_kind_of_connection_has() -> None:
    assert one(tree(), "devices/interface").get("type") == "user"
    interface = one(tree(offer=replace(OFFER, network="default")), "devices/interface")
    assert one(interface, "source").get("network") == "default"
    assert one(interface, "model").get("type") == "virtio"


@pytest.mark.hypervisor
def test_libvirt_takes_it_and_keeps_what_matters(private_host: Host) -> None:
    offer = capabilities.read(private_host)
    hardware = replace(HARDWARE, name="made", use_kvm=offer.has_kvm)
    domain = private_host.connection.defineXML(new_xml.build(hardware, offer))
    kept = etree.fromstring(domain.XMLDesc())
    ports = kept.findall("devices/controller[@model='pcie-root-port']")
    used = {address.get("bus") for address in kept.iter("address") if address.get("bus")}
    free = [port for port in ports if f"0x{int(port.get('index', '0')):02x}" not in used]
    assert len(free) >= 14
    assert len(kept.findall("devices/graphics")) == 1
