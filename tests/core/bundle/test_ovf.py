"""An OVF of a stranger becomes a description of libvirt's, which is then as untrusted as any."""

from pathlib import Path

import pytest

from tests.core import ova
from vmdesk.core.bundle import ovf, untrusted_xml
from vmdesk.core.job import Cause, OperationError


def rebuilt(text: str) -> untrusted_xml.Rebuilt:
    return untrusted_xml.rebuild(ovf.translate(text.encode()).description)


def test_a_machine_of_virtualbox_keeps_what_it_is_made_of() -> None:
    found = rebuilt(ova.VIRTUALBOX)
    root = found.root
    assert root.findtext("name") == "web"
    assert root.findtext("description") == "Serves pages."
    assert (root.findtext("memory"), root.findtext("vcpu")) == ("98304", "2")
    assert not found.is_uefi
    assert [(disk.target, disk.source_name) for disk in found.disks] == [
        ("sda", "web-disk001.vmdk"),
        ("sdb", "web-disk002.vmdk"),
        ("sdc", ""),
    ]
    assert root.xpath("devices/interface/model/@type") == ["e1000"]
    assert found.dropped == ()
    (floppy,) = ovf.translate(ova.VIRTUALBOX.encode()).dropped
    assert (floppy.what, floppy.why) == ("floppy0", "machines are made without floppy drives")


def test_a_machine_of_vmware_is_that_of_its_default_configuration() -> None:
    found = rebuilt(ova.VMWARE)
    root = found.root
    assert root.findtext("name") == "mail_server"
    assert (root.findtext("memory"), root.findtext("vcpu")) == (str(2 * 1024**2), "4")
    assert found.is_uefi
    assert root.xpath("string(clock/@offset)") == "localtime"
    assert [disk.source_name for disk in found.disks] == ["mail server-disk1.vmdk"]
    assert root.xpath("devices/interface/model/@type") == ["vmxnet3", "e1000e"]
    (lost,) = ovf.translate(ova.VMWARE.encode()).dropped
    assert (lost.what, lost.why) == ("Hard disk 2", "its image is not in the bundle")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("<VirtualSystem ", "<VirtualSystem/><VirtualSystem ", "exactly one machine"),
        ("VirtualSystem", "Nothing", "exactly one machine"),
        ('capacity="8388608"', 'capacity="8388608" ovf:parentRef="x"', "based on another"),
        ('href="web-disk001.vmdk"', 'href="a" ovf:compression="gzip"', "packed in a way"),
        ('href="web-disk001.vmdk"', 'href="a" ovf:chunkSize="9"', "packed in a way"),
        ("VirtualQuantity>96<", "VirtualQuantity>many<", "has no memory"),
        ("ResourceType>4<", "ResourceType>99<", "has no memory"),
        ("<Envelope", '<!DOCTYPE x [<!ENTITY x "y">]><Envelope', "document type"),
        ("</Envelope>", "", "damaged"),
        ("<Info>A", "<Info/>" * 5000 + "<Info>A", "too large"),
    ],
)
def test_what_is_no_machine_is_refused_in_words(old: str, new: str, words: str) -> None:
    text = ova.VIRTUALBOX.partition("?>")[2].replace(old, new)
    with pytest.raises(OperationError, match=words) as error:
        rebuilt(text)
    assert error.value.cause is Cause.BAD_INPUT


def test_a_machine_has_as_many_disks_as_there_are_letters_and_no_more() -> None:
    disk = "<Item><rasd:HostResource>/disk/vmdisk2</rasd:HostResource>"
    disk += "<rasd:ResourceType>17</rasd:ResourceType></Item>"
    end = "</VirtualHardwareSection>"
    most = ova.VIRTUALBOX.replace(end, disk * (ovf.MAX_DISKS - 2) + end)
    assert [found.target for found in rebuilt(most).disks][-2:] == ["sdx", "sdy"]
    with pytest.raises(OperationError, match="too large") as error:
        rebuilt(most.replace(end, disk + end))
    assert error.value.cause is Cause.BAD_INPUT


def test_names_that_lead_elsewhere_lead_nowhere(tmp_path: Path) -> None:
    text = ova.VIRTUALBOX.replace("web-disk001.vmdk", "../../etc/shadow%00")
    text = text.replace("web-disk002.vmdk", f"file://{tmp_path}/canary")
    assert [disk.source_name for disk in rebuilt(text).disks] == ["shadow_", "canary", ""]


def test_only_checksums_that_prove_something_are_read() -> None:
    good, old = "0" * 63 + "A", "1" * 40
    text = f"SHA256(a.vmdk)= {good}\nSHA1(b.vmdk)= {old}\nSHA256 (c.ovf) = {'f' * 64}\r\n\xff"
    assert ovf.checksums(text.encode("latin1")) == {"a.vmdk": good.lower(), "c.ovf": "f" * 64}
