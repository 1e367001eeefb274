"""Exports of machines whose disks only libvirt can open: read as volumes, through streams."""

import subprocess
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from vmdesk.core.bundle import scan
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cancelled, Job, OperationError
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions
from vmdesk.core.storage import pools

pytestmark = pytest.mark.hypervisor


def _sparse(path: Path) -> Path:
    """Make a raw disk that is far larger than what it holds."""
    return token_machine.make_raw(path, "token", 300 * MIB)


def _based(path: Path) -> Path:
    """Make a disk that builds on another one."""
    base = token_machine.make_qcow2(path.with_name("base.qcow2"), "token")
    options = ["-f", "qcow2", "-b", str(base), "-F", "qcow2"]
    subprocess.run(["qemu-img", "create", "-q", *options, path], check=True)
    return path


def _spread(path: Path) -> Path:
    """Make a qcow2 disk whose file has holes, as other tools do."""
    raw = token_machine.make_raw(path.with_suffix(".source"), "token")
    options = ["-O", "qcow2", "-o", "preallocation=metadata"]
    subprocess.run(["qemu-img", "convert", "-f", "raw", *options, raw, path], check=True)
    raw.unlink()
    return path


DISKS = {
    "qcow2": lambda path: token_machine.make_qcow2(path, "token"),
    "qcow2 with holes": _spread,
    "raw": _sparse,
    "qcow2 on a base": _based,
}


def _define(host: Host, folder: Path, what: str) -> str:
    """Have a machine with one of the disks; return its UUID."""
    kind = what.partition(" ")[0]
    disk = DISKS[what](folder / f"web.{kind}")
    uuid: str = token_machine.define(host, "web", [(disk, kind)]).UUIDString()
    return uuid


@pytest.mark.parametrize("form", ArchiveForm)
@pytest.mark.parametrize("what", DISKS)
def test_the_machine_comes_back(
    private_host: Host,
    remote_host: Host,
    pool_folder: Path,
    tmp_path: Path,
    what: str,
    form: ArchiveForm,
) -> None:
    uuid = _define(private_host, pool_folder, what)
    pools.start(remote_host, "own")
    before = set(pool_folder.iterdir())

    done = export.run(remote_host, uuid, tmp_path, ExportOptions(form), Job())

    assert set(pool_folder.iterdir()) == before
    assert done.size < 5 * MIB
    assert scan.verify(done.path, Job()).is_complete
    listed = subprocess.run(["tar", "-tf", done.path], check=True, capture_output=True, text=True)
    assert listed.stdout.splitlines() == [
        "web.xml",
        f"web.{'qcow2' if 'base' in what else what.partition(' ')[0]}",
        "vmdesk.json",
    ]
    made = import_.run(private_host, done.path, ImportOptions(tmp_path / "disks"), Job())
    assert made.files[0].stat().st_blocks * 512 < 5 * MIB
    assert token_machine.boot(private_host, made.uuid, tmp_path / "log") == "token"


def test_tar_unpacks_what_was_stored_before_its_map_was_known(
    private_host: Host, remote_host: Host, pool_folder: Path, tmp_path: Path
) -> None:
    disk = _sparse(pool_folder / "web.raw")
    uuid = token_machine.define(private_host, "web", [(disk, "raw")]).UUIDString()
    pools.start(remote_host, "own")
    bundle = export.run(remote_host, uuid, tmp_path, ExportOptions(ArchiveForm.TAR), Job()).path
    for program in ("tar", "bsdtar"):
        folder = tmp_path / program
        folder.mkdir()
        subprocess.run([program, "-xf", bundle, "-C", folder], check=True)
        subprocess.run(["cmp", folder / "web.raw", disk], check=True)
        assert (folder / "web.raw").stat().st_blocks * 512 < 5 * MIB


def test_a_disk_in_no_pool_is_refused_in_words(
    private_host: Host, remote_host: Host, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()
    with pytest.raises(OperationError, match="can’t be read") as caught:
        export.run(remote_host, uuid, tmp_path, ExportOptions(), Job())
    assert "none of the storage pools" in caught.value.hint


class CancelledWhileExporting(Job):
    """A job that the user cancels when the first of a disk was read."""

    def report(self, done: int, total: int, text: str) -> None:
        if text == "Exporting" and done:
            self.cancel()
        super().report(done, total, text)


@pytest.mark.parametrize("what", DISKS)
def test_a_cancel_leaves_nothing_here_or_there(
    private_host: Host, remote_host: Host, pool_folder: Path, tmp_path: Path, what: str
) -> None:
    uuid = _define(private_host, pool_folder, what)
    pools.start(remote_host, "own")
    before = set(pool_folder.iterdir())
    target = tmp_path / "target"
    target.mkdir()
    with pytest.raises(Cancelled):
        export.run(remote_host, uuid, target, ExportOptions(), CancelledWhileExporting())
    assert list(target.iterdir()) == []
    assert set(pool_folder.iterdir()) == before
    # The daemon is free for the next.
    export.run(remote_host, uuid, target, ExportOptions(ArchiveForm.TAR), Job())
