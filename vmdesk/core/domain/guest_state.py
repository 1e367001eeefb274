"""Where libvirt keeps what a machine remembers outside of its disks: UEFI variables and TPM."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.staging import Stage

# libvirt: src/qemu/qemu_tpm.c, virTPMEmulatorInit; swtpm names the file itself.
_TPM_FILE = "tpm2/tpm2-00.permall"


def nvram_path(uri: str, xml: DomainXml) -> Path | None:
    """Return the file of the UEFI variables, which need not exist; None without UEFI.

    libvirt 9.0 names it in the description only while the machine runs, and after the machine.
    """
    if xml.nvram:
        return Path(xml.nvram)
    if not xml.is_uefi:
        return None
    return _folder(uri, "libvirt/qemu/nvram", "libvirt/qemu/nvram") / f"{xml.name}_VARS.fd"


def tpm_path(uri: str, uuid: str) -> Path:
    """Return the file of the TPM 2.0 state of a machine, which need not exist.

    It holds secrets of the guest, such as keys of encrypted disks.
    """
    return _folder(uri, "libvirt/qemu/swtpm", "libvirt/swtpm") / uuid / _TPM_FILE


def _folder(uri: str, of_session: str, of_system: str) -> Path:
    if not _is_session(uri):
        return Path("/var/lib") / of_system
    config = os.environ.get("XDG_CONFIG_HOME", "")
    base = Path(config) if config.startswith("/") else Path.home() / ".config"
    return base / of_session


def _is_session(uri: str) -> bool:
    return urlsplit(uri).path == "/session"


@contextmanager
def tpm_installed(stage: Stage, uri: str, uuid: str, state: Path | None) -> Iterator[None]:
    """Put a state in place for a machine that is defined inside; an error removes it again.

    So does a later sweep of ``stage``, for it holds secrets. Only a per-user libvirt keeps it
    where this user may write; elsewhere it is left out.
    """
    if state is None or not _is_session(uri):
        yield
        return
    target = tpm_path(uri, uuid)
    # A sweep takes the file and leaves its folder.
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    stage.create(target, uri, uuid)
    try:
        shutil.copyfile(state, target)
        stage.sync([target, target.parent])
        yield
    except BaseException:
        if not stage.is_left_to_sweep:
            shutil.rmtree(target.parents[1], ignore_errors=True)
        raise
