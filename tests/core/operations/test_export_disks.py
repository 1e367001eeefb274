"""What an export says of disks that it can't take along, or not with all that they hold."""

import subprocess
import tarfile
from contextlib import nullcontext
from pathlib import Path

import pytest
from lxml import etree

from tests.core.operations import small_machine, token_machine
from vmdesk.core import sparse
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.bundle.writer import Source
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import export, export_disks
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.storage import pools


def _qemu_img(*arguments: str | Path) -> None:
    subprocess.run(["qemu-img", *arguments], check=True)


def _disk(path: Path, driver: str = "<driver name='qemu' type='qcow2'/>") -> str:
    return (
        f"<disk type='file' device='disk'>{driver}<source file='{path}'/>"
        "<target dev='vda' bus='virtio'/></disk>"
    )


def _define(host: Host, *disks: str) -> str:
    """Have a machine of the test driver with these disks; return its UUID."""
    domain = host.connection.defineXML(f"""
      <domain type='test'>
        <name>web</name><memory unit='MiB'>64</memory><os><type>hvm</type></os>
        <devices>{"".join(disks)}</devices>
      </domain>""")
    return str(domain.UUIDString())


def test_a_disc_in_a_drive_is_not_exported_and_that_is_told(
    test_host: Host, tmp_path: Path
) -> None:
    iso = small_machine.make_iso(tmp_path / "a.iso")
    drives = (
        f"<disk type='file' device='cdrom'><source file='{iso}'/><target dev='sda'/></disk>",
        "<disk type='file' device='cdrom'><target dev='sdb'/></disk>",
    )
    survey = export.survey(test_host, _define(test_host, *drives), Job())
    assert survey.notes == ("The disc in sda is not exported.",)
    assert survey.required_bytes == 0


def test_a_disk_that_is_no_file_is_refused(test_host: Host) -> None:
    source = "<source protocol='nbd' name='x'/>"
    disk = f"<disk type='network' device='disk'>{source}<target dev='vda'/></disk>"
    with pytest.raises(OperationError, match="The disk vda is not a file"):
        export.survey(test_host, _define(test_host, disk), Job())


def test_a_disk_that_is_encrypted_is_refused(test_host: Host, tmp_path: Path) -> None:
    path = tmp_path / "web.qcow2"
    # Not LUKS, for which qemu-img measures the computer first.
    options = ("-o", "encrypt.format=aes,encrypt.key-secret=key")
    key = ("--object", "secret,id=key,data=abc")
    _qemu_img("create", "-q", "-f", "qcow2", *key, *options, path, "1M")
    with pytest.raises(OperationError) as caught:
        export.survey(test_host, _define(test_host, _disk(path)), Job())
    assert caught.value.summary == f"The disk {path} is encrypted."


@pytest.mark.hypervisor
def test_a_disk_on_another_computer_that_is_encrypted_is_refused(
    private_host: Host, remote_host: Host, pool_folder: Path
) -> None:
    path = token_machine.make_raw(pool_folder / "web.raw", "token")
    domain = token_machine.define(private_host, "web", [(path, "raw")])
    key = "<secret type='passphrase' uuid='6695eb01-f6a4-8304-79aa-97f2502e193f'/>"
    encryption = f"<encryption format='luks'>{key}</encryption>"
    xml = domain.XMLDesc().replace(
        f"<source file='{path}'/>", f"<source file='{path}'/>{encryption}"
    )
    uuid = private_host.connection.defineXML(xml).UUIDString()
    pools.start(remote_host, "own")
    with pytest.raises(OperationError) as caught:
        export.survey(remote_host, uuid, Job())
    assert caught.value.summary == f"The disk {path} is encrypted."


def test_snapshots_in_a_disk_that_builds_on_another_are_left_out_and_that_is_told(
    test_host: Host, tmp_path: Path
) -> None:
    base, top = small_machine.make_disk(tmp_path / "base.qcow2"), tmp_path / "top.qcow2"
    _qemu_img("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", base, top)
    _qemu_img("snapshot", "-c", "before", top)
    survey = export.survey(test_host, _define(test_host, _disk(top)), Job())
    assert survey.notes == ("The snapshots inside of vda are left out.",)


def test_the_format_of_a_disk_is_described_where_it_was_left_open(
    test_host: Host, tmp_path: Path
) -> None:
    path = token_machine.make_raw(tmp_path / "web.raw", "token")
    uuid = _define(test_host, _disk(path, driver=""))
    assert "<driver" not in test_host.domain(uuid).XMLDesc()
    options = ExportOptions(ArchiveForm.TAR)
    with tarfile.open(export.run(test_host, uuid, tmp_path, options, Job()).path) as bundle:
        member = bundle.extractfile("web.xml")
        assert member is not None
        disk = etree.fromstring(member.read()).find("devices/disk")
    assert disk is not None
    assert [(child.tag, dict(child.attrib)) for child in disk if child.tag != "target"] == [
        ("source", {"file": "web.qcow2"}),
        ("driver", {"name": "qemu", "type": "qcow2"}),
    ]


@pytest.mark.parametrize(
    ("form", "shares", "fits"),
    [
        (ArchiveForm.TAR, True, True),
        (ArchiveForm.TAR, False, False),
        (ArchiveForm.TAR_GZ, True, False),
    ],
)
def test_a_tar_that_shares_the_blocks_of_its_disks_needs_no_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, form: ArchiveForm, shares: bool, fits: bool
) -> None:
    disk = small_machine.make_disk(tmp_path / "web.qcow2")
    monkeypatch.setattr(sparse, "can_share", lambda _source, _target: shares)
    huge = Source(disk, 1 << 60, None, ())
    refusal = nullcontext() if fits else pytest.raises(OperationError, match="not enough room")
    with (tmp_path / "part").open("w+b") as part, refusal:
        export_disks.check_room(part.fileno(), tmp_path, [huge], form)
