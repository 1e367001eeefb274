"""A machine gets another name and keeps everything: disks, UEFI variables, snapshots, autostart."""

from pathlib import Path

import libvirt
import pytest

from tests.core.operations import small_machine
from vmdesk.core import history
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.operations import rename


def test_the_name_is_changed_and_nothing_else(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    before = test_host.domain(uuid).XMLDesc()
    renamed = rename.run(test_host, uuid, "größer & neu", Job())
    assert (renamed.old_name, renamed.name, renamed.files) == ("test", "größer & neu", ())
    after = test_host.domain(uuid).XMLDesc()
    assert after == before.replace("<name>test<", "<name>größer &amp; neu<")
    assert len(history.entries(uuid)) == 1


def test_the_same_name_again_changes_nothing(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    rename.run(test_host, uuid, "test", Job())
    assert history.entries(uuid) == []


@pytest.mark.parametrize(
    ("name", "words"), [("", "is needed"), ("a/b", "“/”"), ("x" * 300, "too long")]
)
def test_an_invalid_name_is_refused(test_host: Host, uuid: str, name: str, words: str) -> None:
    test_host.domain(uuid).destroy()
    assert words in (rename.problem(test_host, uuid, name) or "")
    with pytest.raises(OperationError, match=words) as caught:
        rename.run(test_host, uuid, name, Job())
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_taken_name_is_refused_but_not_the_own(test_host: Host, uuid: str) -> None:
    test_host.domain(uuid).destroy()
    own = test_host.domain(uuid).XMLDesc()
    other = own.replace("<name>test<", "<name>other<").replace(uuid, uuid.replace("6", "7"))
    test_host.connection.defineXML(other)
    assert rename.problem(test_host, uuid, "test") is None
    with pytest.raises(OperationError, match="“other” already") as caught:
        rename.run(test_host, uuid, "other", Job())
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_running_machine_is_refused(test_host: Host, uuid: str) -> None:
    with pytest.raises(OperationError, match="is running") as caught:
        rename.run(test_host, uuid, "new", Job())
    assert caught.value.cause is Cause.WRONG_STATE


@pytest.mark.hypervisor
def test_uefi_variables_a_snapshot_and_autostart_survive(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path, name='it\'s "old"', os="firmware='efi'")
    uuid = domain.UUIDString()
    domain.create()
    nvram = Path(small_machine.running(domain).nvram)
    domain.destroy()
    with nvram.open("r+b") as variables:
        variables.seek(-8, 2)
        variables.write(b"a token!")
    domain.setAutostart(True)
    files = {disk.path for disk in small_machine.stored(domain).disks}

    rename.run(private_host, uuid, "renamed", Job())

    domain = private_host.domain(uuid)
    assert domain.name() == "renamed"
    assert domain.autostart()
    assert Path(small_machine.stored(domain).nvram).read_bytes().endswith(b"a token!")
    assert {disk.path for disk in small_machine.stored(domain).disks} == files
    domain.create()
    assert Path(small_machine.running(domain).nvram).read_bytes().endswith(b"a token!")


@pytest.mark.hypervisor
def test_a_snapshot_survives_and_can_be_gone_back_to(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    domain.snapshotCreateXML("<domainsnapshot><name>before</name></domainsnapshot>")
    with pytest.raises(OperationError, match="has snapshots") as caught:
        rename.run(private_host, domain.UUIDString(), "renamed", Job(), rename_files=True)
    assert caught.value.cause is Cause.WRONG_STATE
    assert domain.name() == "small"

    rename.run(private_host, domain.UUIDString(), "renamed", Job())

    domain = private_host.domain(domain.UUIDString())
    assert domain.snapshotListNames() == ["before"]
    domain.revertToSnapshot(domain.snapshotLookupByName("before"))
    assert small_machine.stored(domain).name == "renamed"


@pytest.mark.hypervisor
def test_disk_files_follow_if_wanted_but_not_those_of_others(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    content = (tmp_path / "small.qcow2").read_bytes()
    small_machine.define(private_host, tmp_path, name="small-2")
    small_machine.make_disk(tmp_path / "small-read.qcow2")
    for name, target in (("small-2", "vdb"), ("small-read", "vdc"), ("smallish", "vdd")):
        path = tmp_path / f"{name}.qcow2"
        if not path.exists():
            small_machine.make_disk(path)
        mode = "<readonly/>" if "read" in name else ""
        domain.attachDeviceFlags(
            f"<disk type='file'><driver name='qemu' type='qcow2'/><source file='{path}'/>"
            f"<target dev='{target}' bus='virtio'/>{mode}</disk>",
            libvirt.VIR_DOMAIN_AFFECT_CONFIG,
        )
    renamed = rename.run(private_host, domain.UUIDString(), "big", Job(), rename_files=True)

    assert renamed.files == ((tmp_path / "small.qcow2", tmp_path / "big.qcow2"),)
    assert sorted(path.name for path in tmp_path.glob("*.qcow2")) == [
        "big.qcow2",
        "small-2.qcow2",
        "small-read.qcow2",
        "smallish.qcow2",
    ]
    assert (tmp_path / "big.qcow2").read_bytes() == content
    domain = private_host.domain(domain.UUIDString())
    assert small_machine.stored(domain).disks[0].path == tmp_path / "big.qcow2"


@pytest.mark.hypervisor
def test_a_file_in_the_way_stops_the_rename_before_it_begins(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    (tmp_path / "big.qcow2").write_text("precious")
    with pytest.raises(OperationError, match="exists already") as caught:
        rename.run(private_host, domain.UUIDString(), "big", Job(), rename_files=True)
    assert caught.value.cause is Cause.INVALID_VALUE
    assert (tmp_path / "big.qcow2").read_text() == "precious"
    assert private_host.lookup("small").uuid == domain.UUIDString()


@pytest.mark.hypervisor
def test_files_in_a_closed_folder_keep_all_files_at_their_names(
    private_host: Host, tmp_path: Path
) -> None:
    domain = small_machine.define(private_host, tmp_path)
    closed = tmp_path / "closed"
    closed.mkdir()
    files = [tmp_path / "small.qcow2", small_machine.make_disk(closed / "small-data.qcow2")]
    domain.attachDeviceFlags(
        f"<disk type='file'><driver name='qemu' type='qcow2'/><source file='{files[1]}'/>"
        "<target dev='vdb' bus='virtio'/></disk>",
        libvirt.VIR_DOMAIN_AFFECT_CONFIG,
    )
    closed.chmod(0o500)
    try:
        with pytest.raises(OperationError, match="renamed, but its disk files are not") as caught:
            rename.run(private_host, domain.UUIDString(), "big", Job(), rename_files=True)
    finally:
        closed.chmod(0o700)

    assert "Permission denied" in caught.value.details
    assert sorted(tmp_path.rglob("*.qcow2")) == sorted(files)
    stored = small_machine.stored(private_host.domain(domain.UUIDString()))
    assert stored.name == "big"
    assert [disk.path for disk in stored.disks if disk.device == "disk"] == files
