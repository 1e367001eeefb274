"""The system instance, whose images this user can't open: machines live there from first to last.

Real guests run as QEMU's own user; what they need must have become readable for it.
"""

import hashlib
import os
import time
from pathlib import Path

import libvirt
import pytest

from tests import system_libvirt
from tests.core.operations import token_machine
from tests.guests import IPXE_ISO, MEMTEST_ISO, snapshot
from tests.system_libvirt import IMAGES, names
from vmdesk.core import details
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.host import DomainState, Host
from vmdesk.core.image import qemu_img
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.kept_discs import Iso, Verification
from vmdesk.core.operations import create, delete, disk_size, disks, eject, start_stop
from vmdesk.core.operations.create import Created, NewDomain
from vmdesk.core.storage import discs, pools

LOADED = 128 * 1024
"""Bytes that a guest does not read of a disc unless it boots from it."""

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of this user that nobody else can enter."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = tmp_path / "here"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture
def disc(here: Path) -> Path:
    """A disc image that only this user can read."""
    path = here / "memtest.iso"
    path.write_bytes(MEMTEST_ISO.read_bytes())
    path.chmod(0o600)
    return path


def created(host: Host, disc: Path, here: Path, *, start: bool = False) -> Created:
    new = NewDomain(str(disc), "guest", GIB, 128 * 1024, 1, start=start)
    return create.run(host, new, Folders(here / "isos", here / "disks"), Job())


def test_its_pools_are_offered_for_images_the_usual_one_first(
    system_host: Host, tmp_path: Path
) -> None:
    pool = f"<pool type='dir'><name>archive</name><target><path>{tmp_path}</path></target></pool>"
    system_host.connection.storagePoolDefineXML(pool)
    pools.start(system_host, "default")
    try:
        offered = pools.for_images(system_host, Job())
    finally:
        system_host.connection.storagePoolLookupByName("archive").undefine()
    assert [(one.name, one.is_running) for one in offered] == [
        ("default", True),
        ("archive", False),
    ]


def test_a_user_can_not_look_into_its_images(system_host: Host) -> None:
    pools.choose(system_host, "", Job())
    assert not os.access(IMAGES, os.R_OK)


def test_a_machine_is_created_runs_and_goes_with_its_disk(
    system_host: Host, disc: Path, here: Path
) -> None:
    made = created(system_host, disc, here, start=True)
    assert made.disk == IMAGES / "guest.qcow2"
    assert made.iso.path == IMAGES / "memtest.iso"
    assert system_host.lookup("guest").state is DomainState.RUNNING
    assert names(system_host) == {"guest.qcow2", "memtest.iso"}
    assert not os.access(made.disk, os.R_OK)
    assert snapshot(here) == {disc}

    plan = delete.plan(system_host, made.uuid, Job())
    assert [(file.path, file.pool) for file in plan.deleted] == [(made.disk, "default")]
    done = delete.run(system_host, made.uuid, [made.disk], True, Job())
    assert [file.reason for file in done.kept] == ["an installation disc"]
    assert names(system_host) == {"memtest.iso"}
    assert system_host.domains() == []


def test_the_guest_reads_the_disc_that_was_copied_for_it(
    system_host: Host, disc: Path, here: Path
) -> None:
    made = created(system_host, disc, here, start=True)
    domain = system_host.domain(made.uuid)
    deadline = time.monotonic() + token_machine.DEADLINE
    # The firmware looks at the empty disk first, then loads what the disc has to boot.
    while domain.blockStats("sda")[1] < LOADED:
        assert system_host.lookup("guest").state is DomainState.RUNNING
        assert time.monotonic() < deadline, domain.blockStats("sda")
        time.sleep(0.05)


def test_its_disk_grows_off_and_running(system_host: Host, disc: Path, here: Path) -> None:
    made = created(system_host, disc, here)
    assert disk_size.grow(system_host, made.uuid, "vda", 2 * GIB, Job()).before == GIB
    with pytest.raises(OperationError, match="can’t be made smaller") as caught:
        disk_size.grow(system_host, made.uuid, "vda", GIB, Job())
    assert caught.value.cause is Cause.INVALID_VALUE
    start_stop.start(system_host, made.uuid, Job())
    disk_size.grow(system_host, made.uuid, "vda", 3 * GIB, Job())
    (disk,) = details.read(system_host, made.uuid, here).disks
    assert (disk.virtual_size, disk.pool, disk.path) == (3 * GIB, "default", made.disk)


def test_a_disk_is_added_and_taken_away_with_its_image(
    system_host: Host, disc: Path, here: Path
) -> None:
    made = created(system_host, disc, here, start=True)
    added = disks.add_new(system_host, made.uuid, here, 8 * MIB, Job())
    assert added.is_now
    assert names(system_host) >= {"guest-disk2.qcow2"}
    start_stop.force_off(system_host, made.uuid, Job())
    removed = disks.remove(system_host, made.uuid, added.target, Job(), delete_file=True)
    assert removed.deleted == IMAGES / "guest-disk2.qcow2"
    assert names(system_host) == {"guest.qcow2", "memtest.iso"}


def test_an_image_of_the_user_is_copied_and_boots(
    system_host: Host, disc: Path, here: Path
) -> None:
    made = created(system_host, disc, here)
    disks.remove(system_host, made.uuid, "vda", Job(), delete_file=True)
    image = token_machine.make_qcow2(here / "mine.qcow2", "a-token-of-the-user")
    image.chmod(0o600)
    before = image.read_bytes()
    added = disks.add_existing(system_host, made.uuid, image, Job())
    assert added.path == IMAGES / "guest-disk2.qcow2"
    assert image.read_bytes() == before
    delete.run(system_host, made.uuid, [], False, Job())
    domain = token_machine.define(system_host, "token", [(added.path, "qcow2")])
    assert token_machine.read_console(domain) == "a-token-of-the-user"
    delete.run(system_host, domain.UUIDString(), [added.path], False, Job())
    assert image.exists()
    assert names(system_host) == {"memtest.iso"}


def test_a_disc_is_ejected_and_another_put_in(system_host: Host, disc: Path, here: Path) -> None:
    made = created(system_host, disc, here, start=True)
    (out,) = eject.run(system_host, made.uuid, Job())
    assert (out.disc, out.is_now) == (None, True)
    # Everybody can read this one, so it stays where it is.
    (put,) = eject.insert(system_host, made.uuid, str(IPXE_ISO), here, Job())
    assert (put.disc, put.is_now) == (IPXE_ISO, True)
    (again,) = eject.insert(system_host, made.uuid, str(IMAGES / "memtest.iso"), here, Job())
    assert again.disc == IMAGES / "memtest.iso"
    assert names(system_host) == {"guest.qcow2", "memtest.iso"}


def test_a_disc_that_is_there_is_known_by_its_checksum(
    system_host: Host, disc: Path, here: Path
) -> None:
    created(system_host, disc, here)
    there = str(IMAGES / "memtest.iso")
    new = NewDomain(there, "other", GIB, 128 * 1024, 1, sha256="0" * 64, start=False)
    with pytest.raises(OperationError, match="checksum") as caught:
        create.run(system_host, new, Folders(here, here), Job())
    assert caught.value.cause is Cause.BAD_INPUT
    assert [info.name for info in system_host.domains()] == ["guest"]


def test_a_disc_that_is_there_is_looked_at_and_verified_where_it_is(
    system_host: Host, disc: Path, here: Path
) -> None:
    there = created(system_host, disc, here).iso.path
    assert there == IMAGES / "memtest.iso"
    info = discs.probe(system_host, str(there), here, Job())
    assert (info.name, info.file_name) == ("memtest", "memtest.iso")
    assert (info.size, info.is_here) == (disc.stat().st_size, True)
    sha256 = hashlib.sha256(disc.read_bytes()).hexdigest()
    found = discs.fetch(system_host, str(there), here, "", Job(), sha256)
    assert found == Iso(there, disc.stat().st_size, Verification.VERIFIED)
    assert names(system_host) == {"guest.qcow2", "memtest.iso"}


def test_a_disc_in_a_folder_that_is_closed_from_outside_is_copied(
    system_host: Host, disc: Path, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    disc.chmod(0o644)
    monkeypatch.chdir(here)
    here.parent.chmod(0)
    try:
        found = discs.fetch(system_host, disc.name, here, "", Job())
    finally:
        here.parent.chmod(0o700)
    assert found.path == IMAGES / "memtest.iso"
    assert names(system_host) == {"memtest.iso"}


def test_a_disk_in_a_folder_without_a_pool_is_reached_by_one_that_is_made(
    system_host: Host, disc: Path, here: Path, tmp_path: Path
) -> None:
    made = created(system_host, disc, here)
    image = tmp_path / "data.qcow2"
    qemu_img.create(image, GIB, Job())
    xml = f"""<disk type='file' device='disk'><driver name='qemu' type='qcow2'/>
        <source file='{image}'/><target dev='vdb' bus='virtio'/></disk>"""
    system_host.domain(made.uuid).attachDeviceFlags(xml, libvirt.VIR_DOMAIN_AFFECT_CONFIG)
    image.chmod(0o000)
    assert disk_size.grow(system_host, made.uuid, "vdb", 2 * GIB, Job()).after == 2 * GIB
    assert tmp_path in {pool.path for pool in pools.every(system_host, Job())}


def test_a_system_without_pools_gets_the_usual_one(system_host: Host) -> None:
    system_libvirt.empty(system_host)
    assert pools.choose(system_host, "", Job()).path == Path("/var/lib/libvirt/images")
    pool = system_host.connection.storagePoolLookupByName("default")
    assert pool.autostart()
