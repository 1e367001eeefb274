from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from vmdesk.core.bundle import untrusted_xml
from vmdesk.core.job import Cause, OperationError

GOLDEN = sorted((Path(__file__).parents[1] / "domain/golden").glob("*.xml"))

SOUND = """<domain type='kvm' xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'>
  <name>web</name><uuid>6695eb01-f6a4-8304-79aa-97f2502e193f</uuid>
  <memory unit='MiB'>512</memory><vcpu>2</vcpu>
  <os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type>{os}</os>
  {domain}
  <devices><emulator>/usr/bin/qemu-system-x86_64</emulator>
    <disk type='file' device='disk'><source file='/images/web.qcow2'/>
      <target dev='vda' bus='virtio'/>{disk}</disk>
    <interface type='network'><source network='default'/>{interface}</interface>
    {devices}
  </devices>
</domain>"""

# Each line of the project's facts about XML that can run code or read files, and some more.
CANARY = "/canary"
HOSTILE = {
    "qemu:commandline": ("domain", f"<qemu:commandline><qemu:arg value='{CANARY}'/>"
                         "</qemu:commandline>"),
    "qemu:override": ("domain", f"<qemu:override><qemu:device alias='{CANARY}'/></qemu:override>"),
    "loader": ("os", f"<loader type='rom'>{CANARY}</loader>"),
    "nvram template": ("os", f"<nvram template='{CANARY}'>{CANARY}</nvram>"),
    "kernel": ("os", f"<kernel>{CANARY}</kernel><initrd>{CANARY}</initrd>"),
    "device tree": ("os", f"<dtb>{CANARY}</dtb>"),
    "ACPI table": ("os", f"<acpi><table type='slic'>{CANARY}</table></acpi>"),
    "container init": ("os", f"<init>{CANARY}</init>"),
    "emulator": ("devices", f"<emulator>{CANARY}</emulator>"),
    "hostdev": ("devices", f"<hostdev mode='subsystem' type='usb'><source dev='{CANARY}'/>"
                "</hostdev>"),
    "filesystem": ("devices", f"<filesystem type='mount'><source dir='{CANARY}'/>"
                   "<target dir='x'/></filesystem>"),
    "serial to a file": ("devices", f"<serial type='file'><source path='{CANARY}'/></serial>"),
    "serial to a socket": ("devices", f"<serial type='unix'><source mode='bind' path='{CANARY}'/>"
                           "</serial>"),
    "serial with a log": ("devices", f"<serial type='pty'><log file='{CANARY}'/></serial>"),
    "console to a device": ("devices", f"<console type='dev'><source path='{CANARY}'/></console>"),
    "parallel port": ("devices", f"<parallel type='file'><source path='{CANARY}'/></parallel>"),
    "channel": ("devices", f"<channel type='unix'><source mode='bind' path='{CANARY}'/>"
                "<target type='virtio' name='org.qemu.guest_agent.0'/></channel>"),
    "vhost-user": ("devices", "<interface type='vhostuser'><source type='unix' "
                   f"path='{CANARY}' mode='client'/></interface>"),
    "interface script": ("interface", f"<script path='{CANARY}'/><downscript path='{CANARY}'/>"),
    "host tap": ("interface", f"<target dev='{CANARY}' managed='no'/>"),
    "backend": ("interface", f"<backend type='passt' logFile='{CANARY}' tap='{CANARY}'/>"),
    "shmem": ("devices", f"<shmem name='x'><server path='{CANARY}'/></shmem>"),
    "memory file": ("devices", "<memory model='nvdimm'><source>"
                    f"<path>{CANARY}</path></source></memory>"),
    "memory backing": ("domain", "<memoryBacking><source type='file'/></memoryBacking>"),
    "seclabel": ("domain", "<seclabel type='none' model='selinux'/>"),
    "sysinfo": ("domain", "<sysinfo type='fwcfg'><entry name='opt/x' "
                f"file='{CANARY}'/></sysinfo>"),
    "disk backing": ("disk", "<backingStore type='file'><format type='raw'/>"
                     f"<source file='{CANARY}'/></backingStore>"),
    "disk mirror": ("disk", f"<mirror type='file' file='{CANARY}'/>"),
    "disk by network": ("devices", "<disk type='network' device='disk'><source protocol='nbd' "
                        f"name='{CANARY}'/><target dev='vdb'/></disk>"),
    "disk by vhost-user": ("devices", "<disk type='vhostuser' device='disk'>"
                           f"<source type='unix' path='{CANARY}'/><target dev='vdb'/></disk>"),
    "a disc of the host": ("devices", "<disk type='file' device='cdrom'>"
                           f"<source file='{CANARY}'/><target dev='sda'/></disk>"),
    "a block device": ("devices", "<disk type='block' device='lun'>"
                       f"<source dev='{CANARY}'/><target dev='sda'/></disk>"),
    "graphics socket": ("devices", f"<graphics type='vnc' socket='{CANARY}' port='1'/>"),
    "graphics for all": ("devices", "<graphics type='vnc' listen='0.0.0.0'>"
                         "<listen type='address' address='0.0.0.0'/></graphics>"),
    "graphics GPU": ("devices", f"<graphics type='spice'><gl rendernode='{CANARY}'/></graphics>"),
    "host display": ("devices", f"<graphics type='sdl' display='{CANARY}'/>"),
    "sound into a file": ("devices", f"<audio id='1' type='file' path='{CANARY}'/>"),
    "input of the host": ("devices", f"<input type='evdev'><source dev='{CANARY}'/></input>"),
    "TPM of the host": ("devices", "<tpm model='tpm-tis'><backend type='passthrough'>"
                        f"<device path='{CANARY}'/></backend></tpm>"),
    "random numbers from a file": ("devices", "<rng model='virtio'>"
                                   f"<backend model='random'>{CANARY}</backend></rng>"),
    "random numbers from a socket": ("devices", "<rng model='virtio'><backend model='egd' "
                                     f"type='unix'><source path='{CANARY}'/></backend></rng>"),
    "smart card": ("devices", "<smartcard mode='host-certificates'>"
                   f"<database>{CANARY}</database></smartcard>"),
    "crypto": ("devices", f"<crypto model='virtio' type='qemu'><backend model='{CANARY}'/>"
               "</crypto>"),
    "redirection": ("devices", "<redirdev bus='usb' type='tcp'>"
                    f"<source host='{CANARY}' service='1'/></redirdev>"),
    "video back end": ("devices", "<video><driver name='vhostuser'/><model type='virtio'/>"
                       "</video>"),
    "core dump": ("domain", "<on_crash>coredump-destroy</on_crash>"),
    "metadata": ("domain", f"<metadata><x:y xmlns:x='urn:x'>{CANARY}</x:y></metadata>"),
    "a lease": ("devices", f"<lease><target path='{CANARY}'/></lease>"),
    "a namespaced device": ("devices", f"<qemu:disk path='{CANARY}'/>"),
}  # fmt: skip


def _xml(place: str = "", part: str = "") -> bytes:
    parts = dict.fromkeys(("os", "domain", "disk", "interface", "devices"), "")
    return SOUND.format(**{**parts, place: part}).encode()


@pytest.mark.parametrize(("place", "part"), HOSTILE.values(), ids=HOSTILE.keys())
def test_nothing_that_reaches_the_host_is_left(place: str, part: str) -> None:
    rebuilt = untrusted_xml.rebuild(_xml(place, part))

    text = etree.tostring(rebuilt.root).decode()
    assert CANARY not in text
    assert "0.0.0.0" not in text
    for word in ("script", "vhostuser", "seclabel", "coredump", "memoryBacking", "hostdev"):
        assert word not in text
    assert rebuilt.root.findtext("name") == "web"
    assert not rebuilt.root.findall(".//emulator")


def test_what_runs_code_is_named_with_its_reason() -> None:
    rebuilt = untrusted_xml.rebuild(_xml(*HOSTILE["qemu:commandline"]))
    assert [(entry.what, "can run programs" in entry.why) for entry in rebuilt.dropped] == [
        ("qemu:commandline", True)
    ]
    rebuilt = untrusted_xml.rebuild(_xml(*HOSTILE["serial to a file"]))
    assert [entry.what for entry in rebuilt.dropped] == ["serial (file)"]
    assert rebuilt.root.xpath("string(devices/serial/@type)") == "pty"


def test_no_cell_of_memory_goes_past_what_the_machine_is_said_to_have() -> None:
    cells = "<cpu><numa><cell id='0' cpus='0-1' memory='900' unit='TiB'/></numa></cpu>"
    rebuilt = untrusted_xml.rebuild(_xml("domain", cells))
    assert b"900" not in etree.tostring(rebuilt.root)
    assert [(entry.what, "more memory" in entry.why) for entry in rebuilt.dropped] == [
        ("cpu/numa", True)
    ]


def test_a_sound_description_loses_nothing() -> None:
    rebuilt = untrusted_xml.rebuild(_xml())
    assert rebuilt.dropped == ()
    assert [(disk.target, disk.source_name) for disk in rebuilt.disks] == [("vda", "web.qcow2")]
    assert rebuilt.uuid == "6695eb01-f6a4-8304-79aa-97f2502e193f"


def test_what_the_user_has_written_stays() -> None:
    words = "<title>Web shop</title><description>Backup on Mondays.\nAsk Ann.</description>"
    rebuilt = untrusted_xml.rebuild(_xml("domain", words))
    assert rebuilt.root.findtext("title") == "Web shop"
    assert rebuilt.root.findtext("description") == "Backup on Mondays.\nAsk Ann."
    assert rebuilt.dropped == ()


@pytest.mark.parametrize(
    ("plain", "uefi"),
    [
        ("<os>", "<os firmware='efi'>"),
        ("</os>", "<loader type='pflash'>/ovmf</loader></os>"),
    ],
)
def test_either_way_to_say_uefi_is_understood(plain: str, uefi: str) -> None:
    assert not untrusted_xml.rebuild(_xml()).is_uefi
    assert untrusted_xml.rebuild(_xml().replace(plain.encode(), uefi.encode())).is_uefi


@pytest.mark.parametrize("count", [untrusted_xml.MAX_DROPPED, untrusted_xml.MAX_DROPPED + 1])
def test_as_much_as_fits_into_the_list_is_named(count: int) -> None:
    rebuilt = untrusted_xml.rebuild(_xml("domain", "".join(f"<x{n}/>" for n in range(count))))
    assert len(rebuilt.dropped) == untrusted_xml.MAX_DROPPED
    assert (rebuilt.dropped[-1].what == "… and 2 more") == (count > untrusted_xml.MAX_DROPPED)


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"<!DOCTYPE d [<!ENTITY e SYSTEM 'file:///etc/passwd'>]>" + _xml(), "document type"),
        (b"<!DOCTYPE d [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;'>]>" + _xml(), "document"),
        (b"<network><name>x</name></network>", "does not describe"),
        (b"<domain><name>x</name></domain>", "not complete"),
        (b"<domain", "damaged"),
        (b"", "damaged"),
        (b"\xff\xfe\0", "damaged"),
        (_xml("domain", "<a>" * 300 + "</a>" * 300), "damaged"),
        (_xml("domain", "<a/>" * 6000), "too large"),
        # Reading them takes a minute.
        (_xml("domain", "<a " + " ".join(f"a{n}=''" for n in range(80_000)) + "/>"), "too large"),
        (_xml("domain", f"<!-- {'x' * 2**20} -->"), "too large"),
    ],
)
def test_what_is_no_description_is_refused(data: bytes, text: str) -> None:
    with pytest.raises(OperationError, match=text) as caught:
        untrusted_xml.rebuild(data)
    assert caught.value.cause is Cause.BAD_INPUT


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.stem)
def test_descriptions_of_real_hosts_are_rebuilt(path: Path) -> None:
    rebuilt = untrusted_xml.rebuild(path.read_bytes())
    assert rebuilt.root.find("os/type") is not None
    # The only path that may remain is that of the random numbers.
    for element in rebuilt.root.iter():
        assert not any(str(value).startswith("/") for value in element.attrib.values())
        assert not (element.text or "").startswith("/") or element.tag == "backend"


@pytest.mark.parametrize(
    "part",
    [
        "<controller type='pci' index='4294967295' model='pcie-root-port'/>",
        "<controller type='usb' index='0' ports='999999999'/>",
        "<disk type='file' device='disk'><target dev='sdb'/>"
        "<address type='drive' controller='4294967295' bus='0' target='0' unit='0'/></disk>",
        "<serial type='pty'><target port='999999999'/></serial>",
    ],
)
def test_no_number_makes_libvirt_fill_the_memory(part: str) -> None:
    text = etree.tostring(untrusted_xml.rebuild(_xml("devices", part)).root).decode()
    assert "4294967295" not in text
    assert "999999999" not in text


def test_a_title_that_plays_tricks_on_whoever_reads_it_is_left_out() -> None:
    for trick in ("a&#x9b;31mb", "a&#x202e;b", "a&#x2028;b"):
        domain = f"<title>{trick}</title><description>{trick}</description>"
        rebuilt = untrusted_xml.rebuild(_xml("domain", domain))
        assert rebuilt.root.find("title") is None
        assert rebuilt.root.find("description") is None
        assert {entry.what for entry in rebuilt.dropped} == {"title", "description"}


def test_nobody_grows_the_list_of_what_was_dropped_without_end() -> None:
    parts = "".join(f"<x{number}/><hostdev type='{number}'/>" for number in range(450))
    rebuilt = untrusted_xml.rebuild(_xml("domain", f"{parts}<qemu:commandline/>"))
    assert len(rebuilt.dropped) == untrusted_xml.MAX_DROPPED
    assert [entry.what for entry in rebuilt.dropped[:2]] == ["qemu:commandline", "hostdev (0)"]
    assert rebuilt.dropped[-1].what == "… and 702 more"


def test_too_many_devices_of_a_kind_are_left_out() -> None:
    parts = "<memballoon model='virtio'/>" * 3 + "<controller type='pci' model='x'/>" * 500
    root = untrusted_xml.rebuild(_xml("devices", parts)).root
    assert len(root.findall("devices/memballoon")) == 1
    assert len(root.findall("devices/controller")) == 128


@settings(max_examples=300, deadline=None)
@given(at=st.integers(0, len(_xml())), cut=st.integers(0, 40), data=st.binary(max_size=40))
def test_no_text_is_so_broken_that_it_breaks_us(at: int, cut: int, data: bytes) -> None:
    text = _xml()
    try:
        rebuilt = untrusted_xml.rebuild(text[:at] + data + text[at + cut :])
    except OperationError as error:
        if error.cause is not Cause.BAD_INPUT:
            raise
    else:
        etree.tostring(rebuilt.root)
