"""Every file that a machine needs is found, whatever it is called and wherever it is named."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from tests.core.operations import small_machine
from tests.core.refusals import refusing
from vmdesk.core import disk_users
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError

UUIDS = ("6695eb01-f6a4-8304-79aa-97f2502e193f", "7795eb01-f6a4-8304-79aa-97f2502e193f")


def domain_xml(number: int, *sources: str) -> str:
    disks = "".join(
        f"<disk type='{'volume' if 'pool' in source else 'file'}'><source {source}/>"
        f"<target dev='vd{letter}' bus='virtio'/></disk>"
        for letter, source in zip("abc", sources, strict=False)
    )
    return f"""
      <domain type='test'>
        <name>machine-{number}</name><uuid>{UUIDS[number]}</uuid><memory>65536</memory>
        <os><type arch='x86_64'>hvm</type></os><devices>{disks}</devices>
      </domain>"""


@pytest.fixture
def host(tmp_path: Path, libvirt_events: None) -> Iterator[Host]:
    node = tmp_path / "node.xml"
    node.write_text(f"<node>{domain_xml(0)}</node>")
    host = Host(f"test://{node}")
    host.open()
    yield host
    host.close()


def owner(host: Host, path: Path) -> str | None:
    """Return which machine but the first needs a file."""
    found = disk_users.files_of_others(host, UUIDS[0], Job())
    return found.get(disk_users.file_id(path.stat()))


def test_a_file_is_known_by_another_name_and_below_an_image(host: Host, tmp_path: Path) -> None:
    disk, base, top = (tmp_path / name for name in ("disk.img", "base.img", "top.qcow2"))
    disk.touch()
    base.write_bytes(b"\0" * 512)
    link = tmp_path / "link.img"
    link.symlink_to(disk)
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "raw", "-b", "base.img"]
    subprocess.run([*command, str(top)], check=True)
    host.connection.defineXML(domain_xml(1, f"file='{link}'", f"file='{top}'"))
    assert [owner(host, path) for path in (disk, top, base)] == ["machine-1"] * 3
    assert disk_users.files_of_others(host, UUIDS[1], Job()) == {}


def test_a_machine_that_is_deleted_meanwhile_needs_nothing(host: Host) -> None:
    host.connection.defineXML(domain_xml(1))
    found = disk_users.named_by_others(host, "", Job())
    next(found)
    for domain in host.connection.listAllDomains():
        if domain.isActive():
            domain.destroy()
        domain.undefine()
    assert list(found) == []


def test_running_stored_and_snapshot_configurations_count(host: Host, tmp_path: Path) -> None:
    running, stored, kept = (tmp_path / f"{name}.img" for name in ("running", "stored", "kept"))
    for path in (running, stored, kept):
        path.touch()
    domain = host.connection.defineXML(domain_xml(1, f"file='{kept}'"))
    domain.snapshotCreateXML("<domainsnapshot/>")
    domain = host.connection.defineXML(domain_xml(1, f"file='{running}'"))
    domain.create()
    host.connection.defineXML(domain_xml(1, f"file='{stored}'"))
    assert [owner(host, path) for path in (running, stored, kept)] == ["machine-1"] * 3


def test_a_volume_is_looked_up_and_one_of_a_pool_that_is_gone_names_nothing(
    host: Host, tmp_path: Path
) -> None:
    host.connection.defineXML(domain_xml(1, "pool='gone' volume='v'"))
    assert disk_users.files_of_others(host, UUIDS[0], Job()) == {}
    pool = host.connection.storagePoolCreateXML(
        f"<pool type='dir'><name>p</name><target><path>{tmp_path}</path></target></pool>"
    )
    volume = pool.createXML("<volume><name>v</name><capacity>512</capacity><target/></volume>")
    Path(volume.path()).touch()
    host.connection.defineXML(domain_xml(1, "pool='p' volume='v'"))
    assert owner(host, tmp_path / "v") == "machine-1"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (libvirt.virConnect, "storagePoolLookupByName"),
        (libvirt.virStoragePool, "storageVolLookupByName"),
        (libvirt.virDomain, "listAllSnapshots"),
    ],
)
def test_a_machine_that_libvirt_can_not_tell_of_is_not_taken_for_one_without_files(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: type, name: str
) -> None:
    host.connection.storagePoolCreateXML(
        f"<pool type='dir'><name>p</name><target><path>{tmp_path}</path></target></pool>"
    )
    host.connection.defineXML(domain_xml(1, "pool='p' volume='v'"))
    assert disk_users.files_of_others(host, UUIDS[0], Job()) == {}
    monkeypatch.setattr(kind, name, refusing(libvirt.VIR_ERR_OPERATION_FAILED, "no answer"))
    with pytest.raises(OperationError) as caught:
        disk_users.files_of_others(host, UUIDS[0], Job())
    assert caught.value.details == "no answer"


def test_a_driver_without_snapshots_has_none_that_name_a_file(
    host: Host, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disk = tmp_path / "disk.img"
    disk.touch()
    host.connection.defineXML(domain_xml(1, f"file='{disk}'"))
    refuse = refusing(libvirt.VIR_ERR_NO_SUPPORT)
    monkeypatch.setattr(libvirt.virDomain, "listAllSnapshots", refuse)
    assert owner(host, disk) == "machine-1"


def described(text: str) -> DiskDevice:
    """Return the disk that a description has."""
    (disk,) = DomainXml.parse(f"<domain><devices>{text}</devices></domain>").disks
    return disk


@pytest.mark.parametrize(
    ("inside", "attributes", "words"),
    [
        ("", "device='cdrom'", "an installation disc"),
        ("", "device='floppy'", "not a disk"),
        ("<readonly/>", "", "may only read"),
        ("<shareable/>", "", "shared"),
        ("", "", None),
    ],
)
def test_what_must_stay_is_told_with_the_reason(
    tmp_path: Path, inside: str, attributes: str, words: str | None
) -> None:
    path = tmp_path / "a.img"
    path.touch()
    disk = described(f"<disk {attributes}><source file='{path}'/>{inside}</disk>")
    reason = disk_users.reason_to_keep(disk, {})
    assert reason is None if words is None else words in (reason or "")
    if words is None:
        users = {disk_users.file_id(path.stat()): "other"}
        assert disk_users.reason_to_keep(disk, users) == "“other” uses it too"
        path.unlink()
        assert disk_users.reason_to_keep(disk, {}) is not None
        path.mkdir()
        assert disk_users.reason_to_keep(disk, {}) == "not a regular file"


def test_a_disk_on_the_network_must_stay() -> None:
    disk = described("<disk type='network'><source protocol='rbd' name='vms/web'/></disk>")
    assert disk_users.reason_to_keep(disk, {}) == "not a file on this computer"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_can_not_be_read_is_not_taken_for_a_disc(tmp_path: Path) -> None:
    path = small_machine.make_iso(tmp_path / "a.iso")
    disk = described(f"<disk><source file='{path}'/></disk>")
    assert disk_users.reason_to_keep(disk, {}) == "an installation disc"
    path.chmod(0)
    assert disk_users.reason_to_keep(disk, {}) is None
