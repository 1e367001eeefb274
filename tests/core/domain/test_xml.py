"""What a domain's XML says, read as typed properties."""

from pathlib import Path

import pytest

from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.job import Cause, OperationError

GOLDEN = Path(__file__).parent / "golden"


def golden(name: str) -> DomainXml:
    return DomainXml.parse((GOLDEN / f"{name}.xml").read_bytes().decode())


def test_the_head_of_a_domain_is_read() -> None:
    xml = golden("title-and-note")
    assert (xml.name, xml.title) == ("mail", "Mail & calendar")
    assert xml.uuid == "b83a886a-5c43-4ccd-9ac1-5473fd6f1788"
    assert xml.description.startswith("Postfix, Dovecot.\n\n  Indented line, umlauts: äöü")
    assert (xml.type, xml.os_type, xml.arch, xml.machine) == ("kvm", "hvm", "x86_64", "pc-q35-7.2")


def test_the_firmware_is_read() -> None:
    windows, plain = golden("windows-11-tpm"), golden("q35-virt-manager")
    assert windows.firmware == "efi"
    assert windows.is_uefi
    assert windows.loader == "/usr/share/OVMF/OVMF_CODE_4M.ms.fd"
    assert windows.nvram == "/var/lib/libvirt/qemu/nvram/win11_VARS.fd"
    assert not plain.is_uefi
    assert (plain.firmware, plain.loader, plain.nvram) == ("", "", "")
    assert golden("uefi-pflash").is_uefi


def test_nvram_given_as_a_source_is_read_and_set() -> None:
    xml = DomainXml.parse(
        "<domain><os><nvram type='file'><source file='/a'/></nvram></os></domain>"
    )
    assert xml.nvram == "/a"
    xml.nvram = "/b"
    assert xml.text.count("<source file='/b'/>") == 1


def test_nvram_that_was_left_to_libvirt_is_written_behind_the_loader() -> None:
    xml = DomainXml.parse(
        "<domain>\n  <os>\n    <type>hvm</type>\n    <boot dev='hd'/>\n  </os>\n</domain>"
    )
    xml.nvram = "/a"
    assert "<type>hvm</type>\n    <nvram>/a</nvram>\n    <boot dev='hd'/>" in xml.text


@pytest.mark.parametrize(
    ("name", "memory", "current", "vcpus", "current_vcpus"),
    [
        ("live-running", 4194304, 3145728, 4, 2),
        ("cpu-units-unnamed", 1048576, 1048576, 2, 2),
        ("memory-in-gib", 4194304, 2000000, 2, 2),
        ("ballooned", 8388608, 2097152, 8, 2),
        ("hotplug-memory", 9437184, 9437184, 8, 4),
        ("style-multiline-tags", 2097152, 2097152, 2, 2),
    ],
)
def test_memory_and_cpus_are_read_in_any_unit(
    name: str, memory: int, current: int, vcpus: int, current_vcpus: int
) -> None:
    xml = golden(name)
    assert (xml.memory_kib, xml.current_memory_kib) == (memory, current)
    assert (xml.vcpus, xml.current_vcpus) == (vcpus, current_vcpus)


@pytest.mark.parametrize(
    ("amount", "unit", "kib"),
    [
        (2048, "b", 2), (2049, "bytes", 3), (1024, "KB", 1000), (7, "k", 7), (7, "KiB", 7),
        (128, "MB", 125_000), (7, "M", 7 * 1024), (7, "MiB", 7 * 1024),
        (2, "GB", 1_953_125), (7, "G", 7 * 1024**2), (7, "GiB", 7 * 1024**2),
        (1, "TB", 976_562_500), (7, "T", 7 * 1024**3), (7, "TiB", 7 * 1024**3),
    ],
)  # fmt: skip
def test_every_unit_of_libvirt_is_known_and_part_of_a_kib_counts_as_one(
    amount: int, unit: str, kib: int
) -> None:
    xml = DomainXml.parse(f"<domain><memory unit='{unit}'>{amount}</memory></domain>")
    assert xml.memory_kib == kib
    xml.memory_kib = 5
    assert xml.text == "<domain><memory unit='KiB'>5</memory></domain>"


def test_fewer_cpus_than_the_most_are_written_as_current() -> None:
    xml = golden("q35-virt-manager")
    xml.current_vcpus = 1
    assert "<vcpu placement='static' current='1'>2</vcpu>" in xml.text
    xml.current_vcpus = 2
    assert "<vcpu placement='static'>2</vcpu>" in xml.text


def test_a_description_without_memory_and_cpus_has_none_and_gets_none() -> None:
    xml = DomainXml.parse("<domain><name>bare</name></domain>")
    assert (xml.memory_kib, xml.current_memory_kib, xml.vcpus) == (0, 0, 1)
    before = xml.text
    xml.current_vcpus = 2
    assert xml.text == before


def test_a_title_goes_where_libvirt_would_write_it() -> None:
    xml = DomainXml.parse("<domain>\n  <name>a</name>\n  <memory>1</memory>\n</domain>")
    xml.description = "note"
    xml.title = "title"
    xml.uuid = "b83a886a-5c43-4b19-a9ac-c15ce08d6223"
    tags = [child.tag for child in xml.root]
    assert tags == ["name", "uuid", "title", "description", "memory"]
    xml.title = "another"
    assert [child.text for child in xml.root.findall("title")] == ["another"]


def test_accelerator_and_cpu_model_go_together() -> None:
    xml = golden("emulated-maximum")
    xml.set_type("kvm")
    assert "<cpu mode='host-passthrough' check='none' migratable='on'/>" in xml.text
    xml.set_type("qemu")
    assert "<cpu mode='maximum' check='none' migratable='on'/>" in xml.text
    custom = golden("ppc64")
    custom.set_type("kvm")
    assert "<cpu mode='custom' match='exact' check='none'>" in custom.text


def test_devices_are_listed_in_their_order() -> None:
    xml = golden("windows-11-tpm")
    assert [disk.target for disk in xml.disks] == ["sda", "sdb", "sdc"]
    assert [disk.target for disk in xml.cdroms] == ["sdb", "sdc"]
    assert [graphics.type for graphics in golden("qemu-override").graphics] == [
        "egl-headless",
        "spice",
    ]
    assert len(golden("nested-network").interfaces) == 3


@pytest.mark.parametrize("text", ["<network/>", "<domain", "", "<DOMAIN/>"])
def test_what_is_no_domain_is_refused(text: str) -> None:
    with pytest.raises(OperationError) as caught:
        DomainXml.parse(text)
    assert caught.value.cause is Cause.BAD_INPUT
