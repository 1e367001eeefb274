"""Imports into a storage pool: what this user can't write to, libvirt does."""

from pathlib import Path

import pytest

from tests.core.operations import token_machine
from tests.core.operations.cancelled_at import CancelledAt
from vmdesk.core import staging
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.operations import clear_up, export, import_, placing
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions
from vmdesk.core.storage import places, pools, volumes

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def bundle(private_host: Host, tmp_path: Path) -> Path:
    """A machine with two disks, in a file."""
    first = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    second = token_machine.make_raw(tmp_path / "more.raw", "more")
    disks = [(first, "qcow2"), (second, "raw")]
    uuid = token_machine.define(private_host, "web", disks).UUIDString()
    done = export.run(private_host, uuid, tmp_path, ExportOptions(ArchiveForm.TAR_ZST), Job())
    private_host.domain(uuid).undefine()
    return done.path


def test_its_disks_become_volumes(
    private_host: Host, pool_folder: Path, bundle: Path, tmp_path: Path
) -> None:
    options = ImportOptions(tmp_path / "disks", pool="own")
    before = import_.preview(private_host, bundle, options, Job())
    made = import_.run(private_host, bundle, options, Job())
    assert before.free_bytes > 0
    assert made.files == (pool_folder / "web.qcow2", pool_folder / "web-vdb.qcow2")
    assert list((tmp_path / "disks").iterdir()) == []
    assert all(volumes.at(private_host, path) is not None for path in made.files)
    assert all(path.stat().st_blocks * 512 < 4 * MIB for path in made.files)
    assert token_machine.boot(private_host, made.uuid, tmp_path / "log") == "token"


def test_another_computer_gets_them_into_its_pool(
    private_host: Host, remote_host: Host, pool_folder: Path, bundle: Path, tmp_path: Path
) -> None:
    pools.start(remote_host, "own")
    made = import_.run(remote_host, bundle, ImportOptions(tmp_path / "disks"), Job())
    assert made.files[0] == pool_folder / "web.qcow2"
    assert token_machine.boot(private_host, made.uuid, tmp_path / "log") == "token"


def test_a_disk_image_becomes_a_volume_too(
    private_host: Host, pool_folder: Path, tmp_path: Path
) -> None:
    image = token_machine.make_raw(tmp_path / "web.img", "token")
    options = ImportOptions(tmp_path / "disks", pool="own")
    made = import_.run(private_host, image, options, Job())
    assert made.files == (pool_folder / "web.qcow2",)
    assert token_machine.boot(private_host, made.uuid, tmp_path / "log") == "token"


def test_a_name_that_a_volume_has_gets_a_number(
    private_host: Host, pool_folder: Path, bundle: Path, tmp_path: Path
) -> None:
    volumes.create(private_host, "own", "web.qcow2", MIB)
    before = (pool_folder / "web.qcow2").read_bytes()
    made = import_.run(private_host, bundle, ImportOptions(tmp_path, pool="own"), Job())
    assert made.files[0] == pool_folder / "web-2.qcow2"
    assert (pool_folder / "web.qcow2").read_bytes() == before


def test_a_pool_that_is_not_there_is_named(
    private_host: Host, bundle: Path, tmp_path: Path
) -> None:
    with pytest.raises(OperationError, match="“other”") as caught:
        import_.run(private_host, bundle, ImportOptions(tmp_path, pool="other"), Job())
    assert caught.value.cause is Cause.INVALID_VALUE


@pytest.mark.parametrize("part", [0.2, 0.5, 0.8, 1.0])
def test_a_cancel_at_any_moment_leaves_nothing(
    private_host: Host, pool_folder: Path, bundle: Path, tmp_path: Path, part: float
) -> None:
    options = ImportOptions(tmp_path / "disks", pool="own")
    counting = CancelledAt(0)
    made = import_.run(private_host, bundle, options, counting)
    token_machine.delete(private_host, made.uuid)
    with pytest.raises(Cancelled):
        import_.run(private_host, bundle, options, CancelledAt(round(part * counting.seen)))
    assert private_host.domains() == []
    assert list(pool_folder.iterdir()) == []
    assert list((tmp_path / "disks").iterdir()) == []


def test_what_a_kill_leaves_in_the_pool_is_swept(
    private_host: Host, pool_folder: Path, tmp_path: Path
) -> None:
    place = places.choose_pool(private_host, "own")
    with staging.opened(tmp_path, "An import") as stage:
        uuid = "6695eb01-f6a4-8304-79aa-97f2502e193f"
        half = (piece for piece in (b"half",))
        placing.put_pieces(private_host, stage, place, "web.raw", uuid, half)
        stage.is_left_to_sweep = True
    assert (pool_folder / "web.raw").exists()
    clear_up.run(private_host, Job())
    assert list(pool_folder.iterdir()) == []
