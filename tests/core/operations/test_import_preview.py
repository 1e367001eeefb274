"""Looking into a file before it is imported, and a daemon that dies at the worst moment."""

import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from tests.core.operations import token_machine
from vmdesk.core import staging
from vmdesk.core.bundle.content import Content
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError, Progress
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = pytest.mark.hypervisor

MIB = 1024**2


@pytest.fixture
def uuid(private_host: Host, tmp_path: Path) -> str:
    """A machine with 300 MiB of data that can't be compressed, on two disks."""
    disks = []
    for letter in "ab":
        raw = token_machine.make_raw(tmp_path / "raw", "token", size=200 * MIB)
        with raw.open("r+b") as file:
            file.seek(8 * MIB)
            file.write(os.urandom(150 * MIB))
        disk = tmp_path / f"{letter}.qcow2"
        argv = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(disk)]
        subprocess.run(argv, check=True)
        raw.unlink()
        disks.append((disk, "qcow2"))
    return str(token_machine.define(private_host, "web", disks).UUIDString())


@pytest.mark.parametrize("form", list(ArchiveForm))
def test_the_head_of_our_own_bundles_tells_everything_at_once(
    private_host: Host, tmp_path: Path, uuid: str, form: ArchiveForm
) -> None:
    path = export.run(private_host, uuid, tmp_path, ExportOptions(form), Job()).path
    options = ImportOptions(tmp_path / "disks")
    import_.preview(private_host, path, options, Job())  # libvirt looks at QEMU once

    began = time.monotonic()
    preview = import_.preview(private_host, path, options, Job())
    seconds = time.monotonic() - began
    verified = import_.verify(private_host, path, options, Job())

    assert seconds < 1
    assert 300 * MIB < preview.required_bytes < 310 * MIB
    assert preview.free_bytes > preview.required_bytes
    assert preview.content is Content.BUNDLE
    assert [disk.target for disk in preview.disks] == ["vda", "vdb"]
    assert preview.disks[0].virtual_size == 200 * MIB
    assert not preview.is_verified
    assert verified.is_verified == (form is not ArchiveForm.TAR)
    assert verified.disks[1].virtual_size == 200 * MIB
    assert not options.folder.exists()


@pytest.mark.parametrize("form", ["-cf", "-czf"])
def test_an_xml_behind_the_disk_is_found_with_progress(
    private_host: Host, tmp_path: Path, uuid: str, form: str
) -> None:
    path = tmp_path / "foreign.tar"
    (tmp_path / "web.xml").write_text(private_host.domain(uuid).XMLDesc())
    argv = ["tar", form, str(path), "-C", str(tmp_path), "a.qcow2", "web.xml"]
    subprocess.run(argv, check=True)
    told: list[Progress] = []

    preview = import_.preview(
        private_host, path, ImportOptions(tmp_path / "disks"), Job(told.append)
    )
    result = import_.run(private_host, path, ImportOptions(tmp_path / "disks"), Job())

    assert preview.name == result.name == "web-2"
    assert told[0].total == path.stat().st_size
    assert len(told) > 1 or form == "-cf"
    assert [entry.what for entry in result.dropped] == ["disk vdb"]
    assert token_machine.boot(private_host, result.uuid, tmp_path / "log") == "token"


def test_a_disc_is_told_from_a_machine(private_host: Host, tmp_path: Path) -> None:
    path = tmp_path / "disc.tar"
    path.write_bytes(bytes(32769) + b"CD001" + bytes(4096))
    options = ImportOptions(tmp_path / "disks")
    assert import_.preview(private_host, path, options, Job()).content is Content.DISC
    with pytest.raises(OperationError, match="installation disc") as caught:
        import_.run(private_host, path, options, Job())
    assert caught.value.cause is Cause.BAD_INPUT


class AtTheEnd(Job):
    """A job during which something happens just before the machine is defined."""

    def __init__(self, deed: Callable[[], object]) -> None:
        super().__init__()
        self._deed = deed

    def report(self, done: int, total: int, text: str) -> None:
        super().report(done, total, text)
        if text == "Defining the machine":
            self._deed()


def test_a_daemon_that_dies_before_the_definition_leaves_nothing_in_the_end(
    private_host: Host, private_libvirt: PrivateLibvirt, tmp_path: Path
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()
    path = export.run(private_host, uuid, tmp_path, ExportOptions(), Job()).path
    options = ImportOptions(tmp_path / "disks")

    with pytest.raises(OperationError):
        import_.run(private_host, path, options, AtTheEnd(private_libvirt.kill_daemon))
    again = Host(private_libvirt.uri)
    again.open()
    try:
        staging.sweep(again.uri, lambda uuid: again.domain_info(uuid) is not None)
        assert list(options.folder.iterdir()) == []
        assert [info.name for info in again.domains()] == ["web"]
        result = import_.run(again, path, options, Job())
        assert token_machine.boot(again, result.uuid, tmp_path / "log") == "token"
    finally:
        again.close()


def test_a_disk_image_has_nothing_to_be_verified_by(private_host: Host, tmp_path: Path) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    options = ImportOptions(tmp_path / "disks")
    found = import_.verify(private_host, disk, options, Job())
    assert (found.content, found.name, found.is_verified) == (Content.IMAGE, "web", False)
    assert found.disks == import_.preview(private_host, disk, options, Job()).disks
