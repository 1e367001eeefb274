"""Each edit of a domain's XML changes the lines that it must and no other, on many real shapes.

``golden/NAME.xml`` is a domain, ``golden/NAME.diff`` what each edit changes in it. After a wanted
change run this once with ``VMDESK_UPDATE_GOLDEN=1`` and read the difference in git.
"""

import difflib
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import libvirt
import pytest
from lxml import etree

from vmdesk.core.domain import drives, sizing
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*.xml"))
SCHEMA = Path("/usr/share/libvirt/schemas/domain.rng")
"""libvirt's own grammar of domains, from the package of its library."""


class Edit(NamedTuple):
    """A change, and what each line that it touches must look like."""

    apply: Callable[[DomainXml], object]
    may_touch: str


def _eject_all(xml: DomainXml) -> None:
    for drive in xml.cdroms:
        drive.eject()


def _insert(xml: DomainXml) -> None:
    for drive in xml.cdroms[:1]:
        drive.insert_file(Path("/srv/iso/it's new & <fresh>.iso"), "raw")


def _remove_first_disk(xml: DomainXml) -> None:
    for drive in xml.disks[:1]:
        drives.remove(xml, drive.target)


def _retitle(xml: DomainXml) -> None:
    xml.title = "Tests & “trials”"


def _annotate(xml: DomainXml) -> None:
    xml.description = "first line\nsecond <line>"


def _clear(xml: DomainXml) -> None:
    xml.title = xml.description = ""


def _rename(xml: DomainXml) -> None:
    xml.name = "renamed"
    if xml.nvram:
        xml.nvram = "/nvram/renamed.fd"


NOTE = r"<description>|second &lt;line|</description>|^\S|Indented|^$"
CPUS = r"<vcpu\b|</?vcpus>|<(topology|cell|vcpupin|vcpusched)\b|^  >[62]</vcpu>"
MEDIUM = r"</?source\b|<host |<backingStore/>|<disk type=|type='(file|volume|network)'"
DRIVE = r"</?disk\b|<(driver|source|target|readonly|boot|address|backingStore)\b"
ANY_DISK = (
    rf"{DRIVE}|</|<(format|iotune|total_iops_sec|serial|auth|secret|host|encryption|alias|!--)"
)
EDITS = {
    "rename": Edit(_rename, r"<name>|<nvram"),
    "title": Edit(_retitle, r"<title>"),
    "note": Edit(_annotate, NOTE),
    "no title or note": Edit(_clear, r"<title>|" + NOTE),
    "memory": Edit(
        lambda xml: sizing.set_memory(xml, 40 * 1024**2),
        r"<(memory|currentMemory|maxMemory|cell)\b",
    ),
    "cpus": Edit(lambda xml: sizing.set_vcpus(xml, 6), CPUS),
    "emulation": Edit(lambda xml: xml.set_type("qemu"), r"<domain\b|<cpu mode"),
    "eject": Edit(_eject_all, MEDIUM),
    "insert": Edit(_insert, MEDIUM + "|<driver "),
    "add disk": Edit(lambda xml: drives.add_disk(xml, Path("/vm/new.qcow2"), "qcow2"), DRIVE),
    "add drive": Edit(drives.add_cdrom, DRIVE),
    "remove disk": Edit(_remove_first_disk, ANY_DISK),
}


def _changed_lines(before: str, after: str) -> list[str]:
    # A document on one line is compared tag by tag.
    old, new = (text.replace("><", ">\n<").split("\n") for text in (before, after))
    return list(difflib.unified_diff(old, new, n=0, lineterm=""))[2:]


@pytest.fixture(scope="module")
def grammar() -> etree.RelaxNG:
    return etree.RelaxNG(etree.parse(SCHEMA))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_reading_and_writing_changes_nothing(path: Path, grammar: etree.RelaxNG) -> None:
    text = path.read_bytes().decode()
    xml = DomainXml.parse(text)
    assert grammar.validate(xml.root), grammar.error_log
    assert xml.text == text


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_an_edit_changes_its_lines_alone(path: Path, grammar: etree.RelaxNG) -> None:
    text = path.read_bytes().decode()
    report = []
    for name, edit in EDITS.items():
        xml = DomainXml.parse(text)
        edit.apply(xml)
        difference = _changed_lines(text, xml.text)
        report += [f"## {name}", *difference]
        for line in difference:
            touched = re.search(edit.may_touch, line[1:].strip("\r"))
            assert line.startswith("@@") or touched, f"{name}: {line}"
        edited = etree.fromstring(xml.text.encode())
        assert grammar.validate(edited), f"{name}: {grammar.error_log}"
    expected = path.with_suffix(".diff")
    if os.environ.get("VMDESK_UPDATE_GOLDEN"):
        expected.write_bytes("\n".join([*report, ""]).encode())
    assert expected.read_bytes().decode() == "\n".join([*report, ""])


def _for_this_host(text: str) -> str:
    """Fit a domain to a host without KVM and with one version of QEMU."""
    for pattern, replacement in {
        r"(machine=['\"])(pc-)?(q35|i440fx)-[\w.]+": r"\1\3",
        r"machine=(['\"])i440fx": r"machine=\1pc",
        r"(<domain\b[^>]*type=['\"])kvm": r"\1qemu",
        r"mode=(['\"])host-(passthrough|model)": r"mode=\1maximum",
        r"/usr/bin/kvm": "/usr/bin/qemu-system-x86_64",
        r"(<domain\b[^>]*) id='12'": r"\1",
        r"(?s)<hyperv.*?</hyperv>|<kvm>.*?</kvm>": "",
    }.items():
        text = re.sub(pattern, replacement, text)
    return text


@pytest.mark.hypervisor
def test_libvirt_takes_every_edit_of_what_it_takes(private_host: Host) -> None:
    flags = libvirt.VIR_DOMAIN_XML_INACTIVE | libvirt.VIR_DOMAIN_XML_SECURE
    accepted = 0
    for path in FILES:
        text = _for_this_host(path.read_bytes().decode())
        try:
            domain = private_host.connection.defineXML(text)
        except libvirt.libvirtError:
            continue  # another processor, or a device that this host or a session lacks
        stored = domain.XMLDesc(flags)
        assert DomainXml.parse(stored).text == stored
        for edit in EDITS.values():
            for source in (text, stored):
                domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
                xml = DomainXml.parse(source)
                edit.apply(xml)
                xml.set_type("qemu")
                domain = private_host.connection.defineXML(xml.text)
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM)
        accepted += 1
    assert accepted >= 40


def test_there_are_enough_shapes() -> None:
    assert len(FILES) >= 40
    assert {path.stem for path in GOLDEN.glob("*.diff")} == {path.stem for path in FILES}
