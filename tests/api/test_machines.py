"""The rows of the table on machines, each status for real: QEMU behind the server, curl before."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.api.served import Served, serving
from tests.conftest import FOLDERS, PrivateLibvirt
from tests.core.operations import small_machine
from tests.guests import MEMTEST_ISO
from tests.iso_server import Fault, IsoServer
from vmdesk.core.formatting import GIB
from vmdesk.core.host import Host

pytestmark = pytest.mark.hypervisor

SMALL = {"memory_mb": 64, "vcpu_count": 1, "disk_size_gb": 1}


def names(served: Served) -> list[str]:
    return [machine["name"] for machine in served.ask("GET", "/vms").data]


def size_of(disk: Path) -> int:
    command = ["qemu-img", "info", "-U", "--output=json", str(disk)]
    info: Any = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return int(info["virtual-size"])


def test_a_machine_is_created_listed_stopped_started_and_deleted(
    served: Served, daemon: PrivateLibvirt
) -> None:
    assert served.ask("GET", "/vms").data == []
    with IsoServer() as isos:
        isos.add("/memtest.iso", MEMTEST_ISO)
        begun = served.send("/vms", iso_url=isos.url("/memtest.iso"), **SMALL)
        assert begun.status == 202
        assert begun.data["name"] == "memtest"
        assert begun.headers["location"] == begun.data["job"]
        job = served.wait_for(begun.data["job"])
    assert job["state"] == "succeeded", f"{job}"
    disk = Path(job["result"]["disk"])
    assert size_of(disk) == GIB
    listed = served.ask("GET", "/vms")
    number = int(daemon.virsh("domid", "memtest"))
    assert (listed.status, listed.data) == (200, [{"id": number, "name": "memtest", "state": 1}])

    assert served.ask("POST", "/vms/memtest/start").status == 400
    assert served.ask("POST", "/vms/memtest/stop").status == 200
    assert served.ask("GET", "/vms").data == [{"id": -1, "name": "memtest", "state": 5}]
    assert served.ask("POST", "/vms/memtest/stop").status == 400
    assert served.ask("POST", "/vms/memtest/start").status == 200
    assert daemon.virsh("domstate", "memtest").strip() == "running"

    gone = served.ask("DELETE", "/vms/memtest")
    assert (gone.status, gone.body) == (204, "")
    assert names(served) == []
    assert not disk.exists()
    assert Path(job["result"]["iso"]).exists()


def test_what_a_creation_can_not_be_made_from_is_said_before_the_answer(served: Served) -> None:
    iso = f"file://{MEMTEST_ISO}"
    bad: list[dict[str, object]] = [
        {},
        {"iso_url": "not an address"},
        {"iso_url": iso, "memory_mb": "much"},
        {"iso_url": iso, "memory_mb": 2**33},
        {"iso_url": iso, "vcpu_count": 0},
        {"iso_url": iso, "disk_size_gb": True},
        {"iso_url": iso, "name": "a/b"},
        {"iso_url": iso, "colour": "red"},
    ]
    for fields in bad:
        answer = served.send("/vms", **fields)
        assert answer.status == 400, fields
        assert list(answer.data) == ["error", "hint"]
    json_type = ("-H", "Content-Type: application/json")
    for body in ("", "{", "[]", "[" * 50000, '{"iso_url": NaN}'):
        assert served.ask("POST", "/vms", *json_type, "-d", body).status == 400, body[:9]
    assert served.ask("POST", "/vms", "-d", json.dumps({"iso_url": iso})).status == 400
    with IsoServer() as isos:
        isos.add("/page.iso", b"<html>")
        missing = served.send("/vms", iso_url=isos.url("/no.iso"))
    assert (missing.status, "404" in missing.data["error"]) == (500, True)
    assert served.send("/vms", iso_url=isos.url("/page.iso"), name="x").status == 500
    assert served.send("/vms", iso_url="file:///nowhere.iso").status == 500
    assert names(served) == []


def test_a_creation_is_followed_and_cancelled_and_leaves_nothing(served: Served) -> None:
    with IsoServer() as isos:
        isos.add("/slow.iso", MEMTEST_ISO, always=Fault(stall_after=100_000))
        job = served.send("/vms", iso_url=isos.url("/slow.iso"), name="slow").data["job"]
        isos.wait_for_stall("/slow.iso")
        busy = served.send("/vms", iso_url=isos.url("/slow.iso"), name="slow")
        assert (busy.status, "busy" in busy.data["error"]) == (400, True)
        assert [j["state"] for j in served.ask("GET", "/jobs").data if j["id"] in job] == [
            "running"
        ]
        assert served.ask("DELETE", job).status == 202
        assert served.wait_for(job)["state"] == "cancelled"
    assert names(served) == []
    assert list((FOLDERS["XDG_DATA_HOME"] / "vmdesk" / "disks").iterdir()) == []
    assert served.ask("GET", "/jobs/0").status == served.ask("DELETE", "/jobs/0").status == 404


def test_a_server_that_is_stopped_leaves_nothing_half_made(
    served: Served, daemon: PrivateLibvirt
) -> None:
    with IsoServer() as isos:
        isos.add("/slow.iso", MEMTEST_ISO, always=Fault(stall_after=100_000))
        with serving(daemon.uri) as stopped:
            assert stopped.send("/vms", iso_url=isos.url("/slow.iso")).status == 202
            isos.wait_for_stall("/slow.iso")
    assert names(served) == []
    assert list((FOLDERS["XDG_DATA_HOME"] / "vmdesk" / "disks").iterdir()) == []


def test_a_machine_that_is_off_is_changed_as_a_whole_or_not_at_all(
    served: Served, host: Host, daemon: PrivateLibvirt, tmp_path: Path
) -> None:
    domain = small_machine.define(host, tmp_path)
    small_machine.define(host, tmp_path, name="other")
    disk = tmp_path / "small.qcow2"
    bad: list[dict[str, object]] = [
        {},
        {"memory_mb": 96, "vcpu_count": 4096},
        {"memory_mb": 96, "new_name": "other"},
        {"memory_mb": 96, "disk_size_gb": -1},
        {"memory_mb": None},
    ]
    before = domain.XMLDesc()
    for fields in bad:
        assert served.send("/vms/small/modify", **fields).status == 400, fields
    assert domain.XMLDesc() == before
    assert size_of(disk) == small_machine.DISK_SIZE
    assert served.send("/vms/nobody/modify", memory_mb=96).status == 404

    changes: dict[str, object] = {"memory_mb": 96, "vcpu_count": 2, "disk_size_gb": 2}
    changed = served.send("/vms/small/modify", new_name="large", **changes)
    assert (changed.status, changed.data["modified"]) == (200, "large")
    now = small_machine.stored(host.domain(domain.UUIDString()))
    assert (now.name, now.memory_kib, now.vcpus, size_of(disk)) == ("large", 96 * 1024, 2, 2 * GIB)
    assert served.send("/vms/large/modify", disk_size_gb=1).status == 400

    daemon.virsh("start", "large")
    running = served.send("/vms/large/modify", memory_mb=64)
    assert (running.status, "running" in running.data["error"]) == (400, True)
    daemon.virsh("destroy", "large")
    disk.unlink()
    assert served.send("/vms/large/modify", disk_size_gb=3).status == 500


def test_a_disc_is_unmounted_where_there_is_a_drive(
    served: Served, host: Host, tmp_path: Path
) -> None:
    disc = small_machine.make_iso(tmp_path / "disc.iso")
    domain = small_machine.define(host, tmp_path, disc=disc)
    answer = served.ask("POST", "/vms/small/unmount_iso")
    assert (answer.status, answer.data["ejected"]) == (200, ["sda"])
    assert str(disc) not in domain.XMLDesc()
    assert served.ask("POST", "/vms/small/unmount_iso").data["ejected"] == []
    domain.detachDeviceFlags("<disk device='cdrom' type='file'><target dev='sda'/></disk>", 2)
    none = served.ask("POST", "/vms/small/unmount_iso")
    assert (none.status, none.data["error"]) == (400, "This machine has no CD-ROM drive.")
    assert served.ask("POST", "/vms/nobody/unmount_iso").status == 404


def test_what_is_not_there_is_not_found(served: Served, host: Host, tmp_path: Path) -> None:
    small_machine.define(host, tmp_path)
    disk = tmp_path / "small.qcow2"
    disk.unlink()
    for method, path in (("POST", "start"), ("GET", "export"), ("GET", "exportCompressed")):
        no_disk = served.ask(method, f"/vms/small/{path}")
        assert (no_disk.status, str(disk) in no_disk.data["error"]) == (404, True)
        for nobody in ("nobody", "%00", "..", "%ff"):
            assert served.ask(method, f"/vms/{nobody}/{path}").status == 404, nobody
    assert served.ask("POST", "/vms/nobody/stop").status == 404
    assert served.ask("DELETE", "/vms/nobody").status == 404
    assert served.ask("GET", "/nothing").status == 404
    for method in ("HEAD", "OPTIONS", "PUT"):
        # “-X HEAD” would have curl wait for a body.
        options = ("-I",) if method == "HEAD" else ()
        refused = served.ask(method, "/vms/small/export", *options)
        assert (refused.status, refused.headers["allow"]) == (405, "GET")
