"""The disks of a machine that goes to another host: which are seen there, which are copied."""

from pathlib import Path

import pytest

from tests.core.operations import token_machine
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.formatting import GIB
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import migration_storage
from vmdesk.core.operations.migration_storage import CopiedDisk, Storage, StoragePlan

NAS = "<source><host name='{server}'/><dir path='/images'/></source>"
POOL = "<pool type='{kind}'><name>nas</name>{source}<target><path>/nas</path></target></pool>"
VOLUME = "<volume><name>web.qcow2</name><capacity>1000</capacity></volume>"
MACHINE = """
<domain type='test'>
  <name>web</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>
  <devices><disk type='volume' device='disk'>
    <source pool='nas' volume='web.qcow2'/><target dev='vda' bus='virtio'/>
  </disk></devices>
</domain>"""


def _make_pool(host: Host, kind: str, source: str) -> None:
    pool = host.connection.storagePoolCreateXML(POOL.format(kind=kind, source=source))
    pool.createXML(VOLUME)


def test_a_disk_in_a_pool_that_both_hosts_have_is_not_copied(test_host: Host, there: Host) -> None:
    for host in (test_host, there):
        _make_pool(host, "netfs", NAS.format(server="nas.example"))
    domain = test_host.connection.defineXML(MACHINE)
    found = migration_storage.plan(test_host, there, domain, Storage.AUTO, "", Job())
    assert found == StoragePlan()


@pytest.mark.parametrize(
    ("kind", "source"),
    [("netfs", NAS.format(server="other.example")), ("dir", "")],
    ids=["another server", "a folder"],
)
def test_pools_of_one_name_are_not_for_that_the_same(
    test_host: Host, there: Host, kind: str, source: str
) -> None:
    _make_pool(test_host, "netfs", NAS.format(server="nas.example"))
    _make_pool(there, kind, source)
    domain = test_host.connection.defineXML(MACHINE)
    with pytest.raises(OperationError, match="vda can’t be copied while"):
        migration_storage.plan(test_host, there, domain, Storage.AUTO, "", Job())


@pytest.mark.hypervisor
def test_copies_that_a_pool_has_no_room_for_are_not_begun(
    private_host: Host, there: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_raw(tmp_path / "web.raw", "token")
    domain = token_machine.define(private_host, "web", [(disk, "raw")])
    _make_pool(there, "dir", "")
    found = migration_storage.plan(private_host, there, domain, Storage.AUTO, "nas", Job())
    assert found.copied == (CopiedDisk("vda", disk, Path("/nas/web.raw")),)
    pool = there.connection.storagePoolLookupByName("nas")
    size = f"<capacity>{100 * GIB - 2000}</capacity><allocation>{100 * GIB - 2000}</allocation>"
    pool.createXML(f"<volume><name>filler</name>{size}</volume>")
    with pytest.raises(OperationError, match="not enough room") as caught:
        migration_storage.plan(private_host, there, domain, Storage.AUTO, "nas", Job())
    assert "“nas” there" in caught.value.hint


def test_what_a_copy_to_elsewhere_leaves_in_a_description_does_not_go_along() -> None:
    disks = "".join(
        f"""<disk type='file' device='disk'><source file='/here/{target}.qcow2'/>
        <mirror type='file' file='/else/{target}.qcow2' job='copy'/><target dev='{target}'/></disk>
        """
        for target in ("vda", "vdb")
    )
    copied = CopiedDisk("vda", Path("/here/vda.qcow2"), Path("/there/vda.qcow2"))
    text = f"<domain type='kvm'><name>web</name><devices>{disks}</devices></domain>"
    found = migration_storage.pointed_to_copies(text, StoragePlan((copied,), "default"))
    first, second = DomainXml.parse(found).disks
    assert (first.path, first.element.find("mirror")) == (Path("/there/vda.qcow2"), None)
    assert second.path == Path("/here/vdb.qcow2")
    assert second.element.find("mirror") is not None
