"""A disk that is full, or fills up in the middle: everything is as it was before."""

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from vmdesk.core import paths
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = [pytest.mark.hypervisor, pytest.mark.mounts]

DATA = 30 * MIB
"""Fits into the file system of 64 MiB, if nobody else takes the room."""


@pytest.fixture
def full(mounts: Path) -> Iterator[Path]:
    """An empty folder on a small file system."""
    folder = mounts / "full/folder"
    folder.mkdir()
    yield folder
    folder.rmdir()  # which shows that nothing is left
    (mounts / "full/filler").unlink(missing_ok=True)


@pytest.fixture
def uuid(private_host: Host, tmp_path: Path) -> str:
    raw = token_machine.make_raw(tmp_path / "raw", "token")
    with raw.open("r+b") as file:
        file.seek(token_machine.DISK_SIZE)
        file.write(os.urandom(DATA))
    disk = tmp_path / "web.qcow2"
    argv = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(disk)]
    subprocess.run(argv, check=True)
    return str(token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString())


class FillsUp(Job):
    """A job during which another program takes all room, once ``text`` is under way."""

    def __init__(self, text: str, folder: Path, leaves: int) -> None:
        super().__init__()
        self._text, self._filler, self._leaves = text, folder.parent / "filler", leaves

    def report(self, done: int, total: int, text: str) -> None:
        if text == self._text and not self._filler.exists():
            status = os.statvfs(self._filler.parent)
            room = status.f_bavail * status.f_frsize - self._leaves
            self._filler.write_bytes(bytes(max(0, room)))
        super().report(done, total, text)


def _refused(host: Host, work: Callable[[], object]) -> OperationError:
    before = [(info.uuid, info.name) for info in host.domains()]
    with pytest.raises(OperationError) as caught:
        work()
    assert [(info.uuid, info.name) for info in host.domains()] == before
    assert list((paths.state_dir() / "staging").iterdir()) == []
    return caught.value


@pytest.mark.parametrize("form", list(ArchiveForm))
def test_an_export_to_a_disk_that_fills_up_leaves_nothing(
    private_host: Host, tmp_path: Path, full: Path, uuid: str, form: ArchiveForm
) -> None:
    job = FillsUp("Exporting", full, 4 * MIB)
    options = ExportOptions(form)
    error = _refused(private_host, lambda: export.run(private_host, uuid, full, options, job))
    assert "No space left on device" in error.summary
    assert str(full / f"web.{form.value}") in error.summary


@pytest.mark.parametrize("form", list(ArchiveForm))
def test_an_import_to_a_disk_that_fills_up_leaves_nothing(
    private_host: Host, tmp_path: Path, full: Path, uuid: str, form: ArchiveForm
) -> None:
    path = export.run(private_host, uuid, tmp_path, ExportOptions(form), Job()).path
    job = FillsUp("Unpacking", full, 20 * MIB)
    options = ImportOptions(full)
    error = _refused(private_host, lambda: import_.run(private_host, path, options, job))
    assert str(full) in f"{error.summary} {error.hint}"
    assert ".vmdesk-" not in f"{error.summary} {error.hint}"


def test_what_can_not_fit_is_told_before_a_byte_is_written(
    private_host: Host, tmp_path: Path, full: Path, uuid: str
) -> None:
    path = export.run(private_host, uuid, tmp_path, ExportOptions(ArchiveForm.TAR), Job()).path
    (full.parent / "filler").write_bytes(bytes(25 * MIB))
    told: list[str] = []
    job = Job(lambda progress: told.append(progress.text))

    into, out = ImportOptions(full), ExportOptions(ArchiveForm.TAR)
    refused = _refused(private_host, lambda: import_.run(private_host, path, into, job))
    error = _refused(private_host, lambda: export.run(private_host, uuid, full, out, job))

    assert "not enough room" in refused.summary
    assert str(full) in refused.hint
    assert "not enough room" in error.summary
    assert "Exporting" not in told
