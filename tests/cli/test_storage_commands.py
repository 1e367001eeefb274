"""vmdeskctl in a system instance whose images this user can't open: pools, disks, machines."""

from functools import partial
from pathlib import Path

import pytest

from tests.cli import program
from tests.guests import MEMTEST_ISO
from tests.system_libvirt import IMAGES, URI, names
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host

pytestmark = pytest.mark.hypervisor


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep what vmdeskctl keeps in a folder of the test's own."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))


said = partial(program.said, URI)
ctl = partial(program.ctl, URI)


def test_pools_are_listed_and_started(system_host: Host) -> None:
    expected = {"name": "default", "type": "dir", "path": str(IMAGES)}
    (stopped,) = ctl("pools")
    assert stopped == expected | {"state": "inactive", "capacity": None, "free": None}
    (started,) = ctl("pools", "--start", "default")
    assert started.items() > expected.items()
    assert started["state"] == "running"
    assert started["capacity"] > started["free"] > MIB
    line = said("pools")
    assert f"default  running    {IMAGES}  " in line
    assert "free" in line
    assert "no storage pool “none”" in ctl("pools", "--start", "none", code=2)["error"]


def test_a_machine_and_its_disks_live_in_the_pool_that_is_named(
    system_host: Host, tmp_path: Path
) -> None:
    disc = tmp_path / "disc.iso"
    disc.write_bytes(MEMTEST_ISO.read_bytes())
    disc.chmod(0o600)
    options = ("--disk-size", "0.01", "--memory", "64", "--vcpus", "1", "--no-start")
    refused = ctl("create", "--iso", str(disc), "--pool", "none", *options, code=2)
    assert "no storage pool “none”" in refused["error"]
    made = ctl("create", "--name", "m", "--iso", str(disc), "--pool", "default", *options)
    assert (made["disk"], made["pool"]) == (str(IMAGES / "m.qcow2"), "default")

    added = ctl("add-disk", "m", "--size", "0.01", "--pool", "default")
    assert (added["target"], added["path"]) == ("vdb", str(IMAGES / "m-disk2.qcow2"))
    assert ctl("modify", "m", "--disk-size", "0.02")["disk"]["after"] > 20 * MIB
    shown = ctl("show", "m")["disks"]
    assert [disk["pool"] for disk in shown] == ["default", "default"]
    removed = ctl("remove-disk", "m", "vdb", "--delete")
    assert (removed["deleted"], removed["kept_because"]) == (added["path"], None)

    assert ctl("delete", "m", "--yes")["files"] == [made["disk"]]
    assert names(system_host) == {"disc.iso"}


def test_a_disk_is_added_and_taken_out_in_words(system_host: Host) -> None:
    disc = str(MEMTEST_ISO)
    options = ("--disk-size", "0.01", "--memory", "64", "--vcpus", "1", "--no-start")
    said("create", "--name", "m", "--iso", disc, *options)
    assert "as vdb." in said("add-disk", "m", "--size", "0.01")
    assert said("remove-disk", "m", "vdb") == "Removed vdb.\n"
    kept = IMAGES / "m-disk2.qcow2"
    assert "as vdb." in said("add-disk", "m", "--image", str(kept))
    assert f"Deleted {kept}." in said("remove-disk", "m", "vdb", "--delete")
