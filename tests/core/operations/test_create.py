"""Create a machine from an address, with real QEMU; a failure or a cancel leaves nothing."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PrivateLibvirt
from tests.guests import MEMTEST_ISO, Stage, snapshot
from tests.iso_server import Fault, IsoServer
from vmdesk.core import capabilities
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.host import DomainState, Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cancelled, Cause, Job, OperationError, Progress
from vmdesk.core.kept_discs import Verification
from vmdesk.core.operations import create
from vmdesk.core.operations.create import Accelerator, NewDomain

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def folders(tmp_path: Path) -> Folders:
    return Folders(isos=tmp_path / "isos", disks=tmp_path / "disks")


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as server:
        server.add("/memtest.iso", MEMTEST_ISO)
        yield server


@pytest.fixture
def new(server: IsoServer) -> NewDomain:
    url = server.url("/memtest.iso")
    return NewDomain(url, "memtest", disk_size=GIB, memory=128 * MIB // KIB, vcpus=1)


def test_an_address_becomes_a_running_machine(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    made = create.run(private_host, new, folders, Job())
    info = private_host.lookup("memtest")
    assert info.uuid == new.uuid == made.uuid
    assert info.state is DomainState.RUNNING
    assert (info.memory, info.vcpus) == (128 * 1024, 1)
    assert made.iso.verification is Verification.NOT_VERIFIED
    xml = DomainXml.parse(private_host.domain(info.uuid).XMLDesc())
    assert [disk.path for disk in xml.disks] == [made.disk, made.iso.path]
    assert [disk.boot_order for disk in xml.disks] == [1, 2]
    assert {graphics.listen for graphics in xml.graphics} == {"127.0.0.1"}
    assert xml.type == ("kvm" if capabilities.read(private_host).has_kvm else "qemu")


def test_without_a_start_the_disk_has_the_size_that_was_asked_for(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    made = create.run(private_host, replace(new, start=False), folders, Job())
    assert private_host.lookup("memtest").state is DomainState.SHUTOFF
    assert qemu_img.info(made.disk, "qcow2", Job()).virtual_size == GIB


def test_a_second_machine_reuses_the_download(
    private_host: Host, server: IsoServer, new: NewDomain, folders: Folders
) -> None:
    create.run(private_host, replace(new, start=False), folders, Job())
    again = NewDomain(new.source, "again", GIB, new.memory, 1, start=False)
    create.run(private_host, again, folders, Job())
    sent = [request.sent for request in server.requests_for("/memtest.iso")]
    assert sum(sent) == MEMTEST_ISO.stat().st_size


def test_a_local_disc_is_used_where_it_is(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    local = replace(new, source=str(MEMTEST_ISO), start=False)
    made = create.run(private_host, local, folders, Job())
    assert made.iso.path == MEMTEST_ISO


STAGES = ["Checking", "Downloading", "Making the disk", "Defining", "Starting"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_cancel_leaves_nothing_but_a_download_to_resume(
    private_libvirt: PrivateLibvirt,
    private_host: Host,
    server: IsoServer,
    new: NewDomain,
    folders: Folders,
    tmp_path: Path,
    stage: str,
) -> None:
    server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=20 * MIB))

    def is_library(path: Path) -> bool:
        return path.is_relative_to(folders.isos)

    before = snapshot(tmp_path, is_library)
    job = Stage(stage)
    with pytest.raises(Cancelled):
        create.run(private_host, new, folders, job)
    assert job.was_reached
    assert snapshot(tmp_path, is_library) == before
    assert private_libvirt.virsh("list", "--all", "--name").split() == []
    create.run(private_host, new, folders, Job())
    assert private_host.lookup("memtest").state is DomainState.RUNNING


def test_a_definition_that_libvirt_refuses_leaves_nothing(
    private_host: Host, new: NewDomain, folders: Folders, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = capabilities.read(private_host)
    if offer.has_kvm:
        pytest.skip("KVM works here, so libvirt does not refuse it")
    announced = replace(offer, has_kvm=True)
    monkeypatch.setattr(capabilities, "read", lambda _host: announced)
    with pytest.raises(OperationError):
        create.run(private_host, new, folders, Job())
    assert snapshot(folders.disks) == set()
    assert private_host.domains() == []


def test_a_daemon_that_dies_before_the_start_leaves_nothing(
    private_libvirt: PrivateLibvirt, private_host: Host, new: NewDomain, folders: Folders
) -> None:
    def kill_at_start(progress: Progress) -> None:
        if progress.text == "Starting":
            private_libvirt.kill_daemon()

    with pytest.raises(OperationError, match="lost"):
        create.run(private_host, new, folders, Job(kill_at_start))
    assert snapshot(folders.disks) == set()
    assert private_libvirt.virsh("list", "--all", "--name").split() == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"name": ""}, "name is needed"),
        ({"name": " x"}, "begin or end"),
        ({"name": "a/b"}, "can’t hold “/”"),
        ({"name": "a\nb"}, "control characters"),
        ({"name": "ü" * 101}, "too long"),
        ({"memory": 1}, "memory at least"),
        ({"memory": 1024**4}, "This computer has .* of memory"),
        ({"vcpus": 0}, "from 1 to"),
        ({"vcpus": 10_000}, "from 1 to"),
        ({"disk_size": 0}, "disk needs"),
    ],
)
def test_what_can_not_be_is_refused_before_anything_is_done(
    private_host: Host,
    new: NewDomain,
    folders: Folders,
    change: dict[str, Any],
    words: str,
) -> None:
    with pytest.raises(OperationError, match=words) as caught:
        create.run(private_host, replace(new, **change), folders, Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    assert not folders.isos.exists()


def test_a_name_that_is_taken_is_refused(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    create.run(private_host, replace(new, start=False), folders, Job())
    other = NewDomain(new.source, new.name, GIB, new.memory, 1)
    with pytest.raises(OperationError, match="There is a machine named “memtest” already"):
        create.run(private_host, other, folders, Job())


def test_a_disk_file_that_is_there_is_never_overwritten(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    folders.disks.mkdir()
    precious = folders.disks / "memtest.qcow2"
    precious.write_text("precious")
    with pytest.raises(OperationError, match="exists already"):
        create.run(private_host, new, folders, Job())
    assert precious.read_text() == "precious"


def test_kvm_by_force_is_refused_where_it_does_not_work(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    if capabilities.read(private_host).has_kvm:
        pytest.skip("KVM works here")
    with pytest.raises(OperationError, match="KVM does not work"):
        create.run(private_host, replace(new, accelerator=Accelerator.KVM), folders, Job())


def test_a_long_and_odd_name_works_everywhere(
    private_host: Host, new: NewDomain, folders: Folders
) -> None:
    name = "Wörkstation & <Büro> 'x' " + "ü" * 80
    made = create.run(private_host, replace(new, name=name), folders, Job())
    assert private_host.lookup(name).state is DomainState.RUNNING
    assert made.disk.name == f"{name}.qcow2"


def test_a_unique_name_has_the_first_free_number() -> None:
    assert create.unique_name("debian", ["fedora"]) == "debian"
    assert create.unique_name("debian", ["debian", "debian-2"]) == "debian-3"


def test_the_limits_come_from_the_host(private_host: Host, folders: Folders) -> None:
    limits = create.limits(private_host, folders)
    assert limits.memory == private_host.connection.getInfo()[1] * MIB
    assert limits.cpus >= 1
    assert limits.free_room > 0
