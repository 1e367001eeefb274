"""vmdeskctl export, inspect, verify and import, on real machines, with what scripts rely on."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.core.operations import token_machine
from vmdesk.cli.main import main
from vmdesk.core.host import Host

pytestmark = pytest.mark.hypervisor

KEYS = {"name", "memory_mib", "vcpus", "disks", "dropped", "changed", "required_bytes", "verified"}
"""What every script finds in a preview."""


@dataclass
class Desk:
    """A machine that is off, ``web``, and a terminal."""

    host: Host
    folder: Path
    capsys: pytest.CaptureFixture[str]

    def ctl(self, *argv: object, code: int = 0) -> dict[str, Any]:
        words = [str(word) for word in argv]
        assert main(["--connect", self.host.uri, "--json", *words]) == code, (
            self.capsys.readouterr()
        )
        found = json.loads(self.capsys.readouterr().out)
        assert isinstance(found, dict)
        return found


@pytest.fixture
def desk(private_host: Host, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    disk = token_machine.make_qcow2(tmp_path / "disk.qcow2", "token")
    token_machine.define(private_host, "web", [(disk, "qcow2")])
    return Desk(private_host, tmp_path, capsys)


@pytest.mark.parametrize("form", ["tar", "tar.gz", "tar.zst"])
def test_a_machine_goes_out_and_comes_back(desk: Desk, form: str) -> None:
    out = desk.ctl("export", "web", "-o", desk.folder, "--format", form)
    path = desk.folder / f"web.{form}"
    assert (out["path"], out["size"]) == (str(path), path.stat().st_size)

    seen = desk.ctl("inspect", path)
    assert set(seen) >= KEYS
    assert (seen["name"], seen["memory_mib"], seen["vcpus"]) == ("web-2", 64, 1)
    assert seen["disks"] == [
        {
            "target": "vda",
            "format": "qcow2",
            "virtual_size": token_machine.DISK_SIZE,
            "stored_size": seen["disks"][0]["stored_size"],
        }
    ]
    assert (seen["dropped"], seen["changed"], seen["verified"]) == ([], [], False)
    assert 0 < seen["required_bytes"] < token_machine.DISK_SIZE
    # What the kernel copied has no checksum.
    assert desk.ctl("verify", path)["verified"] == (form != "tar")

    done = desk.ctl("import", path, "--name", "again", "--start")
    assert (done["imported"], done["started"]) == ("again", True)
    assert desk.host.lookup("again").state.is_active
    assert desk.ctl("import", path, "--same-identity")["uuid"] != out["uuid"]


def test_the_form_follows_the_name_and_a_file_is_kept_unless_forced(desk: Desk) -> None:
    path = desk.folder / "here.tar.zst"
    desk.ctl("export", "web", "-o", path)
    assert path.read_bytes()[:4] == b"\x28\xb5\x2f\xfd"
    before = path.stat().st_ino
    assert "exists already" in desk.ctl("export", "web", "-o", path, code=2)["error"]
    assert path.stat().st_ino == before
    desk.ctl("export", "web", "-o", path, "--force")
    assert path.stat().st_ino != before


def test_the_desktop_is_found_by_its_translated_name(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(desk.folder))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(desk.folder / "config"))
    assert desk.ctl("export", "web")["path"] == str(desk.folder / "web.tar.gz")
    (desk.folder / "config").mkdir(exist_ok=True)
    (desk.folder / "config/user-dirs.dirs").write_text('XDG_DESKTOP_DIR="$HOME/Schreibtisch"\n')
    (desk.folder / "Schreibtisch").mkdir()
    assert desk.ctl("export", "web")["path"] == str(desk.folder / "Schreibtisch/web.tar.gz")


def test_what_is_no_bundle_hostile_or_damaged_is_5(desk: Desk) -> None:
    path = Path(desk.ctl("export", "web", "-o", desk.folder)["path"])
    content = path.read_bytes()
    damaged, cut, text = (desk.folder / name for name in ("damaged", "cut", "text"))
    damaged.write_bytes(content[:200_000] + b"\1" + content[200_001:])
    cut.write_bytes(content[: len(content) // 2])
    text.write_text("no machine")
    trap = desk.folder / "trap.qcow2"
    command = f"qemu-img create -q -u -f qcow2 -F raw -b /etc/passwd {trap} 1M"
    assert os.system(command) == 0  # noqa: S605
    for file in (damaged, cut, text, trap, desk.folder / "none"):
        assert desk.ctl("import", file, code=5)["error"]
        assert [info.name for info in desk.host.domains()] == ["web"]
    for file in (text, trap):
        assert desk.ctl("inspect", file, code=5)["error"]
    assert desk.ctl("verify", damaged, code=5)["hint"].startswith("Get the file again")


def test_a_machine_that_runs_or_is_saved_is_4(desk: Desk) -> None:
    domain = desk.host.domain(desk.host.lookup("web").uuid)
    domain.create()
    assert "running" in desk.ctl("export", "web", "-o", desk.folder, code=4)["error"]
    domain.managedSave()
    refused = desk.ctl("export", "web", "-o", desk.folder, code=4)
    assert "discard the saved state" in refused["hint"]
    desk.ctl("export", "web", "-o", desk.folder, "--force")
    assert not domain.hasManagedSaveImage()


@pytest.mark.mounts
def test_no_room_is_1(desk: Desk, mounts: Path) -> None:
    full = mounts / "full"
    status = os.statvfs(full)
    (full / "filler").write_bytes(bytes(status.f_bavail * status.f_frsize - 2**16))
    try:
        refused = desk.ctl("export", "web", "-o", full, "--format", "tar", code=1)
    finally:
        (full / "filler").unlink()
    assert "not enough room" in refused["error"]
    assert list(full.glob("web*")) == []
