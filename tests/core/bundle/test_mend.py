from pathlib import Path
from types import MappingProxyType

import pytest
from lxml import etree

from vmdesk.core.bundle import match, mend, untrusted_xml
from vmdesk.core.bundle.host import Facts
from vmdesk.core.bundle.layout import Manifest, MemberRecord, Role
from vmdesk.core.bundle.mend import Disk
from vmdesk.core.bundle.reader import Member
from vmdesk.core.bundle.untrusted_xml import ForeignDisk, Rebuilt
from vmdesk.core.capabilities import Capabilities
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.job import Cause, OperationError

GIB = 1024**3

XML = """<domain type='{type}'><name>web</name>
  <uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <memory unit='GiB'>{memory}</memory><currentMemory unit='GiB'>1</currentMemory>
  <vcpu>{vcpus}</vcpu>
  <os {os}><type arch='x86_64' machine='{machine}'>hvm</type>{loader}</os>
  <features><acpi/><hyperv><relaxed state='on'/></hyperv></features>
  <cpu mode='custom' match='exact'><model>Haswell</model><topology sockets='1' cores='{vcpus}'
    threads='1'/><feature policy='require' name='vmx'/></cpu>
  <devices>
    <disk type='file' device='disk'><source file='/x/web.qcow2'/><target dev='vda'/></disk>
    <disk type='file' device='cdrom'><source file='/iso/install.iso'/><target dev='sda'/></disk>
    <interface type='network'><mac address='52:54:00:11:22:33'/><source network='{network}'/>
    </interface>
    <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
    <graphics type='spice'/><graphics type='vnc'/><video><model type='qxl' vram='1'/></video>
    <redirdev bus='usb' type='spicevmc'/>{tpm}
  </devices></domain>"""
USUAL = {
    "type": "kvm", "memory": 2, "vcpus": 2, "os": "", "machine": "pc-q35-7.2", "loader": "",
    "network": "default", "tpm": "",
}  # fmt: skip


def _rebuilt(**changes: object) -> Rebuilt:
    return untrusted_xml.rebuild(XML.format(**{**USUAL, **changes}).encode())


def _facts(
    *,
    has_kvm: bool = True,
    has_spice: bool = True,
    has_efi: bool = True,
    has_tpm: bool = True,
    networks: frozenset[str] = frozenset({"default"}),
) -> Facts:
    offer = Capabilities(
        arch="x86_64",
        emulator="/usr/bin/qemu",
        machine="q35",
        memory=8 * GIB,
        cpus=4,
        max_vcpus=16,
        has_kvm=has_kvm,
        has_spice=has_spice,
        has_usb_redirection=True,
        has_channel_spicevmc=True,
        has_rng=True,
        has_efi=has_efi,
        is_session=False,
    )
    machines = {"q35": "pc-q35-7.2", "pc-q35-7.2": "pc-q35-7.2", "pc": "pc-i440fx-7.2"}
    videos = frozenset({"virtio", "qxl"} if has_spice else {"virtio"})
    return Facts(
        offer, "x86_64", "/usr/bin/qemu", MappingProxyType(machines), has_kvm, has_tpm, videos,
        networks,
    )  # fmt: skip


def _text(rebuilt: Rebuilt, path: str) -> str:
    return str(rebuilt.root.xpath(f"string({path})"))


def test_a_host_like_the_old_one_changes_nothing_but_the_disc() -> None:
    rebuilt = _rebuilt()
    (change,) = mend.mend(rebuilt, _facts())
    assert "install.iso is not in the bundle" in change
    assert _text(rebuilt, "@type") == "kvm"
    assert _text(rebuilt, "cpu/model") == "Haswell"
    assert _text(rebuilt, "devices/emulator") == "/usr/bin/qemu"
    assert _text(rebuilt, "devices/interface/source/@network") == "default"
    assert rebuilt.root.xpath("devices/graphics/listen/@address") == ["127.0.0.1"] * 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("pc-q35-99.0", "pc-q35-7.2"),
        ("pc-q35-rhel9.2.0", "pc-q35-7.2"),
        ("pc-i440fx-jammy", "pc-i440fx-7.2"),
        ("pc-9.1", "pc-i440fx-7.2"),
    ],
)
def test_an_unknown_machine_type_becomes_the_newest_of_its_family(old: str, new: str) -> None:
    rebuilt = _rebuilt(machine=old)
    assert any(old in change and new in change for change in mend.mend(rebuilt, _facts()))
    assert _text(rebuilt, "os/type/@machine") == new


def test_a_machine_type_without_a_family_is_refused() -> None:
    with pytest.raises(OperationError, match="can’t run here") as caught:
        mend.mend(_rebuilt(machine="xenfv"), _facts())
    assert caught.value.cause is Cause.BAD_INPUT


def test_without_kvm_the_machine_is_emulated() -> None:
    rebuilt = _rebuilt()
    assert any("no KVM" in change for change in mend.mend(rebuilt, _facts(has_kvm=False)))
    assert _text(rebuilt, "@type") == "qemu"
    assert _text(rebuilt, "cpu/@mode") == "maximum"
    assert _text(rebuilt, "cpu/topology/@cores") == "2"
    for path in ("cpu/model", "cpu/feature", "features/hyperv"):
        assert rebuilt.root.find(path) is None


def test_without_spice_the_display_becomes_vnc() -> None:
    rebuilt = _rebuilt()
    changed = " ".join(mend.mend(rebuilt, _facts(has_spice=False)))
    assert "becomes VNC" in changed
    assert "graphics card qxl" in changed
    assert rebuilt.root.xpath("devices/graphics/@type") == ["vnc"]
    assert rebuilt.root.find("devices/redirdev") is None
    assert rebuilt.root.find("devices/channel") is None


@pytest.mark.parametrize("network", ["default", "lan"])
def test_a_network_that_is_missing_becomes_the_users(network: str) -> None:
    rebuilt = _rebuilt(network=network)
    changed = mend.mend(rebuilt, _facts(networks=frozenset()))
    assert any(network in change for change in changed)


def test_a_network_with_a_trick_in_its_name_is_shown_without() -> None:
    rebuilt = _rebuilt(network="lan&#x9b;31m&#x202e;x")
    changed = mend.mend(rebuilt, _facts())
    assert any("lan_31m_x" in change for change in changed)
    assert _text(rebuilt, "devices/interface/@type") == "user"
    assert rebuilt.root.find("devices/interface/source") is None


def test_more_memory_and_cpus_than_there_are_become_what_there_is() -> None:
    rebuilt = _rebuilt(memory=10**6, vcpus=512)
    changed = " ".join(mend.mend(rebuilt, _facts()))
    assert "8 GiB" in changed
    assert "4 CPUs" in changed
    xml = DomainXml.parse(etree.tostring(rebuilt.root, encoding="unicode"))
    assert (xml.memory_kib, xml.current_memory_kib, xml.vcpus) == (8 * 1024**2, 8 * 1024**2, 4)
    assert rebuilt.root.find("cpu/topology") is None


@pytest.mark.parametrize(
    "loader",
    [
        "<loader readonly='yes' type='pflash'>/x/CODE.fd</loader>",
        "<loader readonly='yes' secure='yes' type='pflash'>/x/CODE.fd</loader>",
    ],
)
def test_uefi_firmware_is_this_hosts_own(loader: str) -> None:
    rebuilt = _rebuilt(loader=loader)
    mend.mend(rebuilt, _facts())
    assert _text(rebuilt, "os/@firmware") == "efi"
    assert _text(rebuilt, "os/loader/@secure") == ("yes" if "secure" in loader else "")
    assert _text(rebuilt, "os/loader") == ""
    with pytest.raises(OperationError, match="not installed here"):
        mend.mend(_rebuilt(loader=loader), _facts(has_efi=False))


def test_a_tpm_stays_only_where_it_can_be_emulated() -> None:
    tpm = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
    kept, lost = _rebuilt(tpm=tpm), _rebuilt(tpm=tpm)
    mend.mend(kept, _facts())
    assert any("swtpm" in change for change in mend.mend(lost, _facts(has_tpm=False)))
    assert kept.root.find("devices/tpm") is not None
    assert lost.root.find("devices/tpm") is None


def test_disks_get_their_images_and_no_look_behind_them() -> None:
    rebuilt = _rebuilt()
    path = Path("/disks/web.raw")
    mend.attach(rebuilt.root, {"vda": Disk(path, "raw")}, Path("/disks/VARS"))
    assert _text(rebuilt, "devices/disk[1]/source/@file") == str(path)
    assert _text(rebuilt, "devices/disk[1]/driver/@type") == "raw"
    assert len(rebuilt.root.findall("devices/disk/backingStore")) == 1
    assert _text(rebuilt, "os/nvram") == "/disks/VARS"
    mend.attach(rebuilt.root, {}, None)
    assert rebuilt.root.xpath("devices/disk/@device") == ["cdrom"]


@pytest.mark.parametrize("keeps_macs", [True, False])
def test_an_identity_is_new_unless_it_is_to_be_kept(keeps_macs: bool) -> None:
    rebuilt = _rebuilt()
    uuid = "00000000-0000-4000-8000-000000000001"
    mend.identify(rebuilt.root, "other", uuid, keeps_macs=keeps_macs)
    assert _text(rebuilt, "name") == "other"
    assert _text(rebuilt, "uuid") == uuid
    assert bool(rebuilt.root.findall("devices/interface/mac")) is keeps_macs


def _member(name: str) -> Member:
    return Member(name, Role.DISK, 1, 1, 0, None, b"")


DISKS = [ForeignDisk("vda", "disk", "root.qcow2"), ForeignDisk("sda", "cdrom", "x.iso"),
         ForeignDisk("vdb", "disk", "data.img")]  # fmt: skip


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (["data.img", "root.qcow2"], {"vda": "root.qcow2", "vdb": "data.img"}),
        (["web-vdb.qcow2", "web.qcow2"], {"vda": "web.qcow2", "vdb": "web-vdb.qcow2"}),
        (["x.qcow2", "y.raw"], {"vda": "x.qcow2", "vdb": "y.raw"}),
        (["only.qcow2"], {"vda": "only.qcow2"}),
        (["data.img"], {"vdb": "data.img"}),
        ([], {}),
    ],
)
def test_images_are_matched_by_name_and_then_by_order(
    names: list[str], found: dict[str, str]
) -> None:
    matched = match.match(DISKS, [_member(name) for name in names], "web.xml", None)
    assert {target: member.name for target, member in matched.items()} == found


def test_the_manifest_decides_which_image_is_whose() -> None:
    records = tuple(
        MemberRecord(name, Role.DISK, 1, 1, None, target)
        for name, target in [("root.qcow2", "vdb"), ("b.qcow2", "vda"), ("c.qcow2", "vdz")]
    )
    members = [_member(record.name) for record in records]
    matched = match.match(DISKS, members, "web.xml", Manifest("web", records))
    assert {target: member.name for target, member in matched.items()} == {
        "vda": "b.qcow2",
        "vdb": "root.qcow2",
    }
