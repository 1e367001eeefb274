import subprocess
import sys
from pathlib import Path

import pytest

from vmdesk.core import staging
from vmdesk.core.domain import guest_state
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.job import OperationError

URI = "qemu:///session"
UUID = "00000000-0000-4000-8000-000000000001"


@pytest.fixture(autouse=True)
def _folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "secrets").write_bytes(b"secret")


def test_a_tpms_state_is_put_in_place_and_taken_back_after_an_error(tmp_path: Path) -> None:
    state = tmp_path / "secrets"
    target = guest_state.tpm_path(URI, UUID)

    def fail() -> None:
        with (
            staging.opened(tmp_path, "Import") as stage,
            guest_state.tpm_installed(stage, URI, UUID, state),
        ):
            assert target.read_bytes() == b"secret"
            raise OperationError("no")

    with pytest.raises(OperationError):
        fail()
    assert not target.parents[1].exists()
    with staging.opened(tmp_path, "Import") as stage:
        with guest_state.tpm_installed(stage, URI, UUID, state):
            pass
        with guest_state.tpm_installed(stage, "qemu:///system", UUID, state):
            pass
    assert target.read_bytes() == b"secret"
    assert target.stat().st_mode & 0o077 == 0


def test_the_state_of_the_systems_machines_is_where_its_libvirt_keeps_it() -> None:
    uri = "qemu:///system"
    xml = DomainXml.parse("<domain><name>web</name><os firmware='efi'/></domain>")
    tpm = Path("/var/lib/libvirt/swtpm", UUID, "tpm2/tpm2-00.permall")
    assert guest_state.tpm_path(uri, UUID) == tpm
    nvram = Path("/var/lib/libvirt/qemu/nvram/web_VARS.fd")
    assert guest_state.nvram_path(uri, xml) == nvram


def test_the_session_is_known_with_parameters_in_its_address_too(tmp_path: Path) -> None:
    state = tmp_path / "secrets"
    uri = f"{URI}?mode=auto"
    target = guest_state.tpm_path(uri, UUID)
    assert target == guest_state.tpm_path(URI, UUID)
    with (
        staging.opened(tmp_path, "Import") as stage,
        guest_state.tpm_installed(stage, uri, UUID, state),
    ):
        assert target.read_bytes() == b"secret"


KILLED = """
import os, signal, sys
from pathlib import Path
from vmdesk.core import staging
from vmdesk.core.domain import guest_state
with staging.opened(Path(sys.argv[1]), "Import") as stage:
    with guest_state.tpm_installed(stage, sys.argv[2], sys.argv[3], Path(sys.argv[1]) / "secrets"):
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("is_defined", [False, True])
def test_after_a_kill_a_sweep_takes_the_secrets_of_a_machine_that_never_was(
    tmp_path: Path, is_defined: bool
) -> None:
    subprocess.run([sys.executable, "-c", KILLED, tmp_path, URI, UUID], check=False)
    target = guest_state.tpm_path(URI, UUID)
    assert target.read_bytes() == b"secret"

    staging.sweep(URI, lambda _uuid: is_defined)

    assert target.exists() is is_defined
    if not is_defined:  # it can be tried again
        with (
            staging.opened(tmp_path, "Import") as stage,
            guest_state.tpm_installed(stage, URI, UUID, tmp_path / "secrets"),
        ):
            assert target.read_bytes() == b"secret"
