"""vmdeskctl between a user and the system instance: exports, imports, copies and moves.

What comes out belongs to the user; what goes in is read by QEMU, which runs as somebody else there.
"""

import os
import stat
import subprocess
from functools import partial
from pathlib import Path

import pytest

from tests.cli import program
from tests.core.operations import token_machine
from tests.system_libvirt import IMAGES, URI, names
from vmdesk.core.host import Host

SESSION = "qemu:///session"
WORD = "written-by-the-guest"

system = partial(program.ctl, URI)
session = partial(program.ctl, SESSION)

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that nobody else may enter, with what vmdeskctl keeps."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    monkeypatch.setenv("XDG_DATA_HOME", str(folder / "data"))
    return folder


def _token(host: Host, name: str) -> str:
    return token_machine.read_console(host.domain(host.lookup(name).uuid))


def test_an_export_belongs_to_the_user_and_an_import_can_be_read_by_qemu(
    system_host: Host, home: Path
) -> None:
    image = token_machine.make_raw(home / "web.img", WORD)
    image.chmod(0o600)
    made = system("import", str(image), "--name", "web")
    assert made["files"] == [str(IMAGES / "web.qcow2")]

    bundle = home / "web.tar.zst"
    system("export", "web", "-o", str(bundle))
    status = bundle.stat()
    assert (status.st_uid, status.st_gid) == (os.getuid(), os.getgid())
    assert status.st_mode & stat.S_IRUSR
    assert names(system_host) == {"web.qcow2"}
    listed = subprocess.run(["tar", "-tf", bundle], check=True, capture_output=True, text=True)
    assert listed.stdout.split() == ["web.xml", "web.qcow2", "vmdesk.json"]

    bundle.chmod(0o600)
    system("delete", "web", "--yes")
    assert names(system_host) == set()
    again = system("import", str(bundle))
    assert (again["imported"], again["files"]) == ("web", made["files"])
    assert again["verified"]
    assert not os.access(again["files"][0], os.R_OK)
    assert _token(system_host, "web") == WORD


def test_a_machine_is_copied_and_moved_to_the_system_and_back(
    system_host: Host, private_host: Host, home: Path
) -> None:
    disk = token_machine.make_qcow2(home / "web.qcow2", WORD)
    disk.chmod(0o600)
    uuid = token_machine.define(private_host, "web", [(disk, "qcow2")]).UUIDString()
    copied = session("copy", "web", "--to", URI, "--name", "twin")
    assert copied["files"] == [str(IMAGES / "twin.qcow2")]
    assert copied["uuid"] != uuid
    moved = session("move", "web", "--to", URI)
    assert (moved["uuid"], moved["kept"]) == (uuid, [])
    assert (private_host.domains(), disk.exists()) == ([], False)
    # From now on its disk belongs to root, or to QEMU's user where that keeps it.
    assert _token(system_host, "web") == WORD

    back = system("move", "web", "--to", SESSION)
    assert (back["uuid"], back["kept"]) == (uuid, [])
    assert names(system_host) == {"twin.qcow2"}
    copied = system("copy", "twin", "--to", SESSION)
    assert names(system_host) == {"twin.qcow2"}
    assert [Path(file).stat().st_uid for file in back["files"]] == [os.getuid()]
    assert [Path(file).stat().st_uid for file in copied["files"]] == [os.getuid()]
    assert _token(private_host, "web") == WORD
