"""A machine goes with the disks that are its own, and nobody else loses a file."""

import errno
import fcntl
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4
from xml.sax.saxutils import quoteattr

import libvirt
import pytest

from tests.core.operations.small_machine import make_disk, make_iso
from tests.guests import Stage, snapshot
from vmdesk.core import history
from vmdesk.core.domain import undefine
from vmdesk.core.host import DomainState, Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError, Progress
from vmdesk.core.operations import delete
from vmdesk.core.storage.keeping import KeptFile

pytestmark = pytest.mark.hypervisor

QEMU = "xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0'"

PORTS = "".join(
    f"<controller type='pci' index='{index}' model='pcie-root-port'/>" for index in range(1, 9)
)


def disk_xml(path: Path, letter: str = "a", inside: str = "", **options: str) -> str:
    kind, device = options.get("type", "file"), options.get("device", "disk")
    source = (
        options.get("source") or f"{'dev' if kind == 'block' else 'file'}={quoteattr(str(path))}"
    )
    bus, prefix = {"cdrom": ("sata", "sd"), "floppy": ("fdc", "fd")}.get(device, ("virtio", "vd"))
    return f"""
      <disk type='{kind}' device='{device}'>
        <driver name='qemu' type='{options.get("format", "qcow2")}'/>
        <source {source}/><target dev='{prefix}{letter}' bus='{bus}'/>{inside}
      </disk>"""


def machine_xml(*disks: str, name: str = "mine", system: str = "", more: str = "") -> str:
    return f"""
      <domain type='qemu' {QEMU}>
        <name>{name}</name><memory unit='MiB'>64</memory>
        <os><type arch='x86_64' machine='q35'>hvm</type>{system}</os>
        <features><acpi/></features>
        <devices>
          {"".join(disks)}
          {PORTS}
        </devices>{more}
      </domain>"""


@pytest.fixture
def disk(tmp_path: Path) -> Path:
    return make_disk(tmp_path / "mine.qcow2")


def define(host: Host, xml: str) -> libvirt.virDomain:
    return host.connection.defineXML(xml)


def delete_all(host: Host, domain: libvirt.virDomain, force_off: bool = False) -> delete.Deleted:
    plan = delete.plan(host, domain.UUIDString(), Job())
    approved = [file.path for file in plan.deleted]
    return delete.run(host, plan.uuid, approved, force_off, Job())


def overlay(path: Path, base: Path) -> Path:
    command = ["qemu-img", "create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", str(base)]
    subprocess.run([*command, str(path)], check=True)
    return path


def names(host: Host) -> list[str]:
    return sorted(info.name for info in host.domains())


def test_the_disk_goes_and_the_installation_disc_stays(
    private_host: Host, disk: Path, tmp_path: Path
) -> None:
    iso = make_iso(tmp_path / "x.iso")
    xml = machine_xml(disk_xml(disk), disk_xml(iso, device="cdrom", format="raw"))
    domain = define(private_host, xml)
    history.save(domain.UUIDString(), xml)
    plan = delete.plan(private_host, domain.UUIDString(), Job())
    assert plan.name == "mine"
    assert plan.state is DomainState.SHUTOFF
    assert plan.deleted == (delete.DoomedFile(disk, disk.stat().st_blocks * 512),)
    assert plan.kept == (KeptFile(str(iso), "an installation disc"),)
    done = delete_all(private_host, domain)
    assert (done.name, done.deleted, done.kept) == ("mine", (disk,), plan.kept)
    assert snapshot(tmp_path) == {iso}
    assert names(private_host) == []


def same_path(host: Host, disk: Path) -> None:
    define(host, machine_xml(disk_xml(disk), name="other"))


def hard_link(host: Host, disk: Path) -> None:
    link = disk.with_name("linked.qcow2")
    link.hardlink_to(disk)
    same_path(host, link)


def symbolic_link(host: Host, disk: Path) -> None:
    link = disk.with_name("linked.qcow2")
    link.symlink_to(disk)
    same_path(host, link)


def read_only_disk(host: Host, disk: Path) -> None:
    define(host, machine_xml(disk_xml(disk, inside="<readonly/>"), name="other"))


def overlay_on_it(host: Host, disk: Path) -> None:
    same_path(host, overlay(disk.with_name("overlay.qcow2"), disk))


def only_while_it_runs(host: Host, disk: Path) -> libvirt.virDomain:
    other = define(host, machine_xml(name="other"))
    other.create()
    other.attachDeviceFlags(disk_xml(disk), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    return other


def only_in_its_saved_state(host: Host, disk: Path) -> None:
    only_while_it_runs(host, disk).managedSave()


def only_in_a_snapshot(host: Host, disk: Path) -> None:
    other = define(host, machine_xml(disk_xml(disk), name="other"))
    other.snapshotCreateXML("<domainsnapshot/>")
    xml = other.XMLDesc().replace(str(disk), str(make_disk(disk.with_name("fresh.qcow2"))))
    host.connection.defineXML(xml)


def in_an_argument_for_qemu(host: Host, disk: Path) -> None:
    arguments = f"<qemu:arg value='-drive'/><qemu:arg value='file={disk},if=virtio'/>"
    more = f"<qemu:commandline>{arguments}</qemu:commandline>"
    define(host, machine_xml(name="other", more=more))


def as_a_volume_of_a_stopped_pool(host: Host, disk: Path) -> None:
    target = f"<target><path>{disk.parent}</path></target>"
    host.connection.storagePoolDefineXML(f"<pool type='dir'><name>p</name>{target}</pool>")
    source = f"pool='p' volume='{disk.name}'"
    define(host, machine_xml(disk_xml(disk, type="volume", source=source), name="other"))


@pytest.mark.parametrize(
    "use",
    [
        same_path,
        hard_link,
        symbolic_link,
        read_only_disk,
        overlay_on_it,
        only_while_it_runs,
        only_in_its_saved_state,
        only_in_a_snapshot,
        in_an_argument_for_qemu,
        as_a_volume_of_a_stopped_pool,
    ],
)
def test_a_disk_that_another_machine_uses_stays(
    private_host: Host, disk: Path, use: Callable[[Host, Path], object]
) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    use(private_host, disk)
    done = delete_all(private_host, domain)
    assert done.deleted == ()
    assert done.kept == (KeptFile(str(disk), "“other” uses it too"),)
    assert disk.exists()
    assert names(private_host) == ["other"]


def test_what_is_no_disk_file_of_its_own_stays_and_the_reason_is_told(
    private_host: Host, disk: Path, tmp_path: Path
) -> None:
    paths = [make_disk(tmp_path / f"{number}.qcow2") for number in range(4)]
    link, fifo, stick, gone = (tmp_path / name for name in ("link", "fifo", "usb.img", "gone"))
    link.symlink_to(disk)
    os.mkfifo(fifo)
    make_iso(stick)
    reasons = {
        disk_xml(paths[0], "a", "<readonly/>"): "may only read it",
        disk_xml(paths[1], "b", "<shareable/>", format="raw"): "meant to be shared",
        disk_xml(paths[2], "a", device="floppy", format="raw"): "not a disk of its own",
        disk_xml(paths[3], "a", device="cdrom", format="raw"): "installation disc",
        disk_xml(link, "c"): "a link",
        disk_xml(fifo, "d", format="raw"): "not a regular file",
        disk_xml(Path("/dev/null"), "e", type="block", format="raw"): "not a regular file",
        disk_xml(stick, "f", format="raw"): "installation disc",
        disk_xml(gone, "g"): "not there",
        disk_xml(gone, "h", type="volume", source="pool='p' volume='v'"): "storage pool “p”",
        disk_xml(gone, "i", type="network", source="protocol='nbd' name='x'"): "not a file",
    }
    domain = define(private_host, machine_xml(*reasons))
    before = set(tmp_path.iterdir())
    done = delete_all(private_host, domain)
    assert done.deleted == ()
    told = [file.reason for file in done.kept]
    assert len(told) == len(reasons)
    assert all(any(words in reason for reason in told) for words in reasons.values()), told
    assert set(tmp_path.iterdir()) == before


def test_files_that_stay_keep_the_files_that_they_build_on(
    private_host: Host, disk: Path, tmp_path: Path
) -> None:
    top = overlay(tmp_path / "top.qcow2", disk)
    both = machine_xml(disk_xml(disk), disk_xml(top, "b"))
    domain = define(private_host, both)
    assert delete.plan(private_host, domain.UUIDString(), Job()).kept == ()
    done = delete.run(private_host, domain.UUIDString(), [disk], False, Job())
    assert done.deleted == ()
    assert {file.source for file in done.kept} == {str(disk), str(top)}
    fixed = machine_xml(disk_xml(disk), disk_xml(top, "b", "<readonly/>"))
    assert delete_all(private_host, define(private_host, fixed)).deleted == ()
    assert delete_all(private_host, define(private_host, both)).deleted == (disk, top)


def test_a_base_image_stays(private_host: Host, disk: Path, tmp_path: Path) -> None:
    top = overlay(tmp_path / "top.qcow2", disk)
    done = delete_all(private_host, define(private_host, machine_xml(disk_xml(top))))
    assert done.deleted == (top,)
    assert done.kept == (KeptFile(str(disk), "the disk builds on it"),)
    assert disk.exists()


def test_one_file_that_is_two_disks_stays_if_one_of_them_does(
    private_host: Host, disk: Path
) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk), disk_xml(disk, "b", "<readonly/>")))
    assert delete_all(private_host, domain).deleted == ()
    assert disk.exists()


def test_a_running_machine_is_only_forced_off_with_consent(
    private_host: Host, disk: Path, tmp_path: Path
) -> None:
    live = make_disk(tmp_path / "live.qcow2")
    domain = define(private_host, machine_xml(disk_xml(disk)))
    domain.create()
    domain.attachDeviceFlags(disk_xml(live, "b"), libvirt.VIR_DOMAIN_AFFECT_LIVE)
    with pytest.raises(OperationError, match="is running") as caught:
        delete_all(private_host, domain)
    assert caught.value.cause is Cause.WRONG_STATE
    assert domain.isActive()
    assert set(delete_all(private_host, domain, force_off=True).deleted) == {disk, live}
    assert not disk.exists()
    assert names(private_host) == []


def test_a_machine_that_is_started_in_the_last_moment_is_left_alone(
    private_host: Host, disk: Path
) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))

    def start(progress: Progress) -> None:
        if progress.text == "Deleting":
            domain.create()

    with pytest.raises(OperationError, match="is running"):
        delete.run(private_host, domain.UUIDString(), [disk], False, Job(start))
    assert domain.isActive()
    assert domain.isPersistent()
    assert disk.exists()


def test_a_temporary_machine_goes_too(private_host: Host, disk: Path) -> None:
    domain = private_host.connection.createXML(machine_xml(disk_xml(disk)))
    assert delete_all(private_host, domain, force_off=True).deleted == (disk,)
    assert names(private_host) == []


def test_only_approved_files_go(private_host: Host, disk: Path, tmp_path: Path) -> None:
    second = make_disk(tmp_path / "second.qcow2")
    domain = define(private_host, machine_xml(disk_xml(disk), disk_xml(second, "b")))
    done = delete.run(private_host, domain.UUIDString(), [second], False, Job())
    assert done.deleted == (second,)
    assert done.kept == (KeptFile(str(disk), "you wanted to keep it"),)
    assert disk.exists()
    assert not second.exists()


def test_a_file_that_another_machine_took_up_meanwhile_stays(
    private_host: Host, disk: Path
) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    plan = delete.plan(private_host, domain.UUIDString(), Job())
    same_path(private_host, disk)
    approved = [file.path for file in plan.deleted]
    assert delete.run(private_host, plan.uuid, approved, False, Job()).deleted == ()
    assert disk.exists()


@contextmanager
def opened_by_qemu(disk: Path) -> Iterator[None]:
    pipe = subprocess.PIPE
    with subprocess.Popen(["qemu-io", str(disk)], stdin=pipe, stdout=pipe) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(b"length\n")
        process.stdin.flush()
        assert b"8 MiB" in process.stdout.readline()
        yield
        process.stdin.write(b"quit\n")


def test_a_file_that_a_qemu_elsewhere_has_open_stays(private_host: Host, disk: Path) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    with opened_by_qemu(disk):
        done = delete_all(private_host, domain)
    assert done.kept == (KeptFile(str(disk), "another program uses it"),)
    assert disk.exists()


def test_a_disk_on_another_computer_is_deleted_there_by_libvirt(
    private_host: Host, remote_host: Host, disk: Path
) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    (doomed,) = delete.plan(remote_host, domain.UUIDString(), Job()).deleted
    assert (doomed.path, doomed.pool) == (disk, disk.parent.name)
    done = delete_all(remote_host, domain)
    assert (done.deleted, done.kept) == ((disk,), ())
    assert not disk.exists()


def test_on_another_computer_a_disk_that_another_machine_uses_by_any_name_stays(
    private_host: Host, remote_host: Host, disk: Path, tmp_path: Path
) -> None:
    (tmp_path / "link").symlink_to(disk)
    os.link(disk, tmp_path / "other-name.qcow2")
    base = make_disk(tmp_path / "base.qcow2")
    top = overlay(tmp_path / "top.qcow2", base)
    mine = define(private_host, machine_xml(disk_xml(disk), disk_xml(base, "b")))
    for number, path in enumerate((tmp_path / "link", tmp_path / "other-name.qcow2", top)):
        define(private_host, machine_xml(disk_xml(path), name=f"other{number}"))
    done = delete_all(remote_host, mine)
    assert done.deleted == ()
    assert [file.reason.partition("”")[2] for file in done.kept] == [" uses it too"] * 2
    assert disk.exists()
    assert base.exists()


def test_on_another_computer_discs_and_what_is_only_read_stay(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    stick = make_iso(tmp_path / "stick.iso")
    shown = make_disk(tmp_path / "shown.qcow2")
    disks = (
        disk_xml(stick, format="raw"),
        disk_xml(shown, "b", inside="<readonly/>"),
        disk_xml(tmp_path / "missing.qcow2", "c"),
    )
    done = delete_all(remote_host, define(private_host, machine_xml(*disks)))
    assert done.deleted == ()
    assert [file.reason for file in done.kept] == [
        "an installation disc",
        "the machine may only read it",
        "not there, or out of libvirt’s reach",
    ]
    assert stick.exists()


def uefi(variables: Path) -> str:
    code = "<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE_4M.fd</loader>"
    return f"{code}<nvram>{variables}</nvram>"


def test_uefi_variables_go_unless_another_machine_uses_them(
    private_host: Host, tmp_path: Path
) -> None:
    variables = tmp_path / "vars.fd"
    variables.touch()
    for name in ("mine", "other"):
        define(private_host, machine_xml(name=name, system=uefi(variables)))
    done = delete_all(private_host, private_host.connection.lookupByName("mine"))
    assert done.kept == (KeptFile(str(variables), "“other” uses it too"),)
    assert variables.exists()
    delete_all(private_host, private_host.connection.lookupByName("other"))
    assert not variables.exists()


def test_a_file_that_can_not_be_deleted_is_named(private_host: Host, tmp_path: Path) -> None:
    folder = tmp_path / "fixed"
    folder.mkdir()
    stuck, free = make_disk(folder / "stuck.qcow2"), make_disk(tmp_path / "free.qcow2")
    domain = define(private_host, machine_xml(disk_xml(stuck), disk_xml(free, "b")))
    folder.chmod(0o500)
    try:
        with pytest.raises(OperationError, match="not all of its disk files") as caught:
            delete_all(private_host, domain)
    finally:
        folder.chmod(0o700)
    assert caught.value.details == f"{stuck}: Permission denied"
    assert not free.exists()
    assert names(private_host) == []


def test_descriptions_of_others_may_hold_anything(private_host: Host, disk: Path) -> None:
    description = f"<description>/{'x' * 5000}</description><os>"
    other = machine_xml(
        disk_xml(Path("/root/no/entry")), disk_xml(disk.parent / "é’ /", "b"), name="other"
    )
    define(private_host, other.replace("<os>", description))
    domain = define(private_host, machine_xml(disk_xml(disk)))
    assert delete_all(private_host, domain).deleted == (disk,)


def test_a_cancel_before_the_deed_changes_nothing(private_host: Host, disk: Path) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    with pytest.raises(Cancelled):
        delete.run(private_host, domain.UUIDString(), [disk], True, Stage("Looking"))
    assert disk.exists()
    assert names(private_host) == ["mine"]


def test_a_machine_that_is_gone_is_not_found(private_host: Host) -> None:
    with pytest.raises(OperationError) as caught:
        delete.plan(private_host, str(uuid4()), Job())
    assert caught.value.cause is Cause.NOT_FOUND
    with pytest.raises(OperationError) as caught:
        delete.run(private_host, str(uuid4()), [], False, Job())
    assert caught.value.cause is Cause.NOT_FOUND


def test_a_machine_that_is_started_while_it_is_undefined_keeps_its_disks(
    private_host: Host, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    really = undefine.undefine

    def start_and_undefine(machine: libvirt.virDomain, keep_nvram: bool) -> None:
        domain.create()
        really(machine, keep_nvram)

    monkeypatch.setattr(undefine, "undefine", start_and_undefine)
    with pytest.raises(OperationError, match="started by another program just now") as caught:
        delete_all(private_host, domain)
    assert caught.value.cause is Cause.WRONG_STATE
    assert domain.isActive()
    assert not domain.isPersistent()
    assert disk.exists()


def test_a_file_that_may_only_be_read_goes_too(private_host: Host, disk: Path) -> None:
    domain = define(private_host, machine_xml(disk_xml(disk)))
    disk.chmod(0o400)  # whoever may change the folder may delete it
    assert delete_all(private_host, domain).deleted == (disk,)
    assert not disk.exists()


def test_a_file_system_without_locks_keeps_no_file(
    private_host: Host, disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_descriptor: int, _command: int) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    domain = define(private_host, machine_xml(disk_xml(disk)))
    monkeypatch.setattr(fcntl, "lockf", refuse)
    assert delete_all(private_host, domain).deleted == (disk,)
    assert not disk.exists()
