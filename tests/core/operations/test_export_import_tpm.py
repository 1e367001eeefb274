"""A machine with a real TPM goes away and comes back; its secrets only when that was asked for."""

import os
import tarfile
from pathlib import Path

import libvirt
import pytest

from tests.core.operations import token_machine, tpm
from vmdesk.core.bundle import layout
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.domain import guest_state
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = pytest.mark.hypervisor

DEVICE = "<tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>"
SECRET = b"the key of the guest's disk"


def _state(host: Host, uuid: str) -> Path:
    """Return the folder of a machine's TPM."""
    return guest_state.tpm_path(host.uri, uuid).parent


@pytest.mark.parametrize("with_tpm", [True, False])
def test_a_tpm_keeps_its_secret_only_when_it_is_taken_along(
    private_host: Host, tmp_path: Path, with_tpm: bool
) -> None:
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    domain = token_machine.define(private_host, "web", [(disk, "qcow2")], devices=DEVICE)
    uuid = domain.UUIDString()
    domain.create()  # libvirt makes the TPM at the first start
    domain.destroy()
    tpm.keep(_state(private_host, uuid), SECRET)

    assert export.survey(private_host, uuid, Job()).has_tpm
    options = ExportOptions(ArchiveForm.TAR_GZ, with_tpm=with_tpm)
    bundle = export.run(private_host, uuid, tmp_path, options, Job()).path
    domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_NVRAM | libvirt.VIR_DOMAIN_UNDEFINE_TPM)
    disk.unlink()
    assert not _state(private_host, uuid).exists()
    imported = import_.run(private_host, bundle, ImportOptions(tmp_path / "disks"), Job())

    assert imported.uuid != uuid
    assert token_machine.boot(private_host, imported.uuid, tmp_path / "log") == "token"
    state = _state(private_host, imported.uuid)
    if with_tpm:
        assert tpm.tell(state, len(SECRET)) == SECRET
    else:
        with pytest.raises(AssertionError, match="0x18b"):  # TPM_RC_HANDLE: nothing is there
            tpm.tell(state, len(SECRET))


@pytest.fixture
def state(private_host: Host, tmp_path: Path) -> Path:
    """What would be the state of the TPM of the machine ``web``, which is off: an empty file."""
    disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
    domain = token_machine.define(private_host, "web", [(disk, "qcow2")], devices=DEVICE)
    path = guest_state.tpm_path(private_host.uri, domain.UUIDString())
    path.parent.mkdir(parents=True)
    path.touch()
    return path


def test_a_tpm_that_can_not_be_read_is_left_out_and_that_is_told(
    private_host: Host, tmp_path: Path, state: Path
) -> None:
    state.chmod(0)
    uuid = private_host.lookup("web").uuid
    assert not export.survey(private_host, uuid, Job()).has_tpm
    options = ExportOptions(ArchiveForm.TAR, with_tpm=True)
    done = export.run(private_host, uuid, tmp_path, options, Job())
    assert done.notes == ("The TPM’s state can’t be read here; it is left out.",)
    with tarfile.open(done.path) as bundle:
        assert bundle.getnames() == ["web.xml", "web.qcow2", "vmdesk.json"]


def test_a_tpm_that_is_too_large_is_refused(
    private_host: Host, tmp_path: Path, state: Path
) -> None:
    os.truncate(state, layout.MAX_TPM_BYTES + 1)
    target = tmp_path / "target"
    target.mkdir()
    options = ExportOptions(ArchiveForm.TAR, with_tpm=True)
    with pytest.raises(OperationError, match=f"{state} is too large"):
        export.run(private_host, private_host.lookup("web").uuid, target, options, Job())
    assert list(target.iterdir()) == []
