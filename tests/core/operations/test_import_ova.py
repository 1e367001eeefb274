"""Machines that VirtualBox and VMware have exported: whole, checked, and started here."""

import gzip
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core import ova
from tests.core.operations import token_machine
from tests.core.operations.cancelled_at import CancelledAt
from tests.guests import snapshot
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.operations import import_
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = pytest.mark.hypervisor

MOMENTS = 10


@pytest.fixture
def disks(tmp_path: Path) -> list[Path]:
    return [
        ova.vmdk(
            token_machine.make_raw(tmp_path / "raw", token),
            tmp_path / f"web-disk00{number}.vmdk",
        )
        for number, token in enumerate(("FIRST", "SECOND"), 1)
    ]


def test_an_ova_becomes_a_machine_with_its_disks(
    private_host: Host, tmp_path: Path, disks: list[Path]
) -> None:
    ova.as_vmware_writes(disks[0])
    path = ova.pack(tmp_path / "web.ova", ova.VIRTUALBOX, disks)
    options = ImportOptions(tmp_path / "disks")
    found = import_.preview(private_host, path, options, Job())
    assert (found.name, found.memory_kib, found.vcpus) == ("web", 96 * 1024, 2)
    assert [(d.target, d.format, d.virtual_size) for d in found.disks] == [
        ("sda", "vmdk", 8 * MIB),
        ("sdb", "vmdk", 8 * MIB),
    ]
    assert found.identity is None
    assert found.required_bytes > path.stat().st_size
    assert [dropped.what for dropped in found.dropped] == ["floppy0"]
    assert "The disks are converted to qcow2, which can take up to 16 MiB." in found.changed
    assert import_.verify(private_host, path, options, Job()).is_verified

    made = import_.run(private_host, path, options, Job())

    assert made.is_verified
    assert snapshot(tmp_path / "disks") == {
        tmp_path / "disks/web.qcow2",
        tmp_path / "disks/web-sdb.qcow2",
    }
    assert token_machine.boot(private_host, made.uuid, tmp_path / "serial") == "FIRST"


def test_an_ova_with_old_checksums_comes_in_unverified(
    private_host: Host, tmp_path: Path, disks: list[Path]
) -> None:
    one = ova.VIRTUALBOX.replace("/disk/vmdisk2", "/disk/none")
    path = ova.pack(tmp_path / "web.ova", one, disks[:1], "SHA1")
    made = import_.run(private_host, path, ImportOptions(tmp_path / "disks"), Job())
    assert not made.is_verified
    assert "its image is not in the bundle" in [dropped.why for dropped in made.dropped]


def _flat(disk: Path) -> None:
    options = ["-o", "subformat=monolithicFlat"]
    subprocess.run(["qemu-img", "create", "-q", "-f", "vmdk", *options, disk, "1M"], check=True)


def _gzipped(disk: Path) -> None:
    disk.write_bytes(gzip.compress(disk.read_bytes()))


@pytest.mark.parametrize(
    ("spoil", "words"), [(_flat, "in other files"), (_gzipped, "packed in a way")]
)
def test_a_disk_with_a_trap_is_refused_by_the_look_and_by_the_import(
    private_host: Host,
    tmp_path: Path,
    disks: list[Path],
    spoil: Callable[[Path], None],
    words: str,
) -> None:
    spoil(disks[0])
    path = ova.pack(tmp_path / "web.ova", ova.VIRTUALBOX, disks, "")
    options = ImportOptions(tmp_path / "disks")
    for attempt in (import_.verify, import_.run):
        with pytest.raises(OperationError, match=words) as error:
            attempt(private_host, path, options, Job())
        assert error.value.cause is Cause.BAD_INPUT
    assert snapshot(tmp_path / "disks") == set()
    assert private_host.domains() == []


def test_an_ova_that_was_changed_is_refused(
    private_host: Host, tmp_path: Path, disks: list[Path]
) -> None:
    path = ova.pack(tmp_path / "web.ova", ova.VIRTUALBOX, disks)
    data = path.read_bytes()
    path.write_bytes(data.replace(b"Serves pages.", b"Serves virus."))
    with pytest.raises(OperationError, match=r"web.ovf is not what it was"):
        import_.run(private_host, path, ImportOptions(tmp_path / "disks"), Job())


def test_half_a_disk_leaves_nothing(private_host: Host, tmp_path: Path, disks: list[Path]) -> None:
    with disks[0].open("r+b") as file:
        file.truncate(disks[0].stat().st_size // 2)
    path = ova.pack(tmp_path / "web.ova", ova.VIRTUALBOX, disks, "")
    with pytest.raises(OperationError) as error:
        import_.run(private_host, path, ImportOptions(tmp_path / "disks"), Job())
    assert error.value.cause is Cause.BAD_INPUT
    assert snapshot(tmp_path / "disks") == set()
    assert private_host.domains() == []


def test_a_cancel_at_any_moment_leaves_nothing(
    private_host: Host, tmp_path: Path, disks: list[Path]
) -> None:
    path = ova.pack(tmp_path / "web.ova", ova.VIRTUALBOX, disks)
    counting = CancelledAt(0)
    import_.run(private_host, path, ImportOptions(tmp_path / "whole"), counting)
    # How often a conversion looks depends on how long it takes: the last may come too late.
    for moment in range(1, counting.seen, counting.seen // MOMENTS):
        job = CancelledAt(moment)
        try:
            import_.run(private_host, path, ImportOptions(tmp_path / "disks"), job)
        except Cancelled:
            assert snapshot(tmp_path / "disks") == set(), moment
        else:
            assert job.seen < moment
            assert moment > counting.seen // 2
            return
        assert [info.name for info in private_host.domains()] == ["web"]
