"""The rows of the table on bundles: real files on the desktop, real uploads into staging."""

import os
import socket
import tarfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.api.served import Served
from tests.conftest import FOLDERS
from tests.core.operations import small_machine, token_machine
from vmdesk.core.formatting import MIB
from vmdesk.core.host import Host

pytestmark = pytest.mark.hypervisor

DISKS = FOLDERS["XDG_DATA_HOME"] / "vmdesk" / "disks"


@pytest.fixture
def desktop() -> Path:
    """The desktop of whom the server runs for, under its translated name."""
    folder = FOLDERS["XDG_DATA_HOME"] / "Schreibtisch"
    folder.mkdir(exist_ok=True)
    (FOLDERS["XDG_CONFIG_HOME"] / "user-dirs.dirs").write_text(
        'XDG_DESKTOP_DIR="$HOME/Schreibtisch"\n'
    )
    return folder


@pytest.mark.parametrize(("suffix", "form"), [("", "tar"), ("Compressed", "tar.gz")])
def test_a_machine_goes_to_the_desktop_and_comes_back(
    desktop: Path, served: Served, host: Host, tmp_path: Path, suffix: str, form: str
) -> None:
    small_machine.define(host, tmp_path)
    exported = served.ask("GET", f"/vms/small/export{suffix}")
    file = desktop / f"small.{form}"
    assert (exported.status, exported.data["path"]) == (200, str(file))
    with tarfile.open(file, "r:" if form == "tar" else "r:gz") as bundle:
        assert bundle.getnames()[:2] == ["small.xml", "small.qcow2"]
    again = served.ask("GET", f"/vms/small/export{suffix}")
    assert (again.status, "exists already" in again.data["error"]) == (400, True)
    served.ask("POST", "/vms/small/start")
    running = served.ask("GET", f"/vms/small/export{suffix}")
    assert (running.status, "running" in running.data["error"]) == (400, True)

    imported = served.upload(f"/vms/import{suffix}", file)
    assert (imported.status, imported.data["imported"]) == (200, "small-2")
    assert set(DISKS.iterdir()) == {DISKS / "small-2.qcow2"}
    assert served.ask("POST", "/vms/small-2/start").status == 200


def test_a_machine_that_is_exported_is_busy_until_that_is_cancelled(
    desktop: Path, served: Served, host: Host, tmp_path: Path
) -> None:
    disk = tmp_path / "large.raw"
    noise = os.urandom(MIB)  # repeated further apart than gzip looks back
    with disk.open("wb") as file:
        for _number in range(512):
            file.write(noise)
    token_machine.define(host, "large", [(disk, "raw")])
    with ThreadPoolExecutor(1) as pool:
        exporting = pool.submit(served.ask, "GET", "/vms/large/exportCompressed")
        while not (running := of_large(served)):
            assert not exporting.done(), exporting.result()
        busy = served.ask("POST", "/vms/large/start")
        assert (busy.status, "Exporting" in busy.data["error"]) == (400, True)
        assert served.ask("DELETE", "/vms/large").status == 409
        assert served.ask("DELETE", f"/jobs/{running[-1]['id']}").status == 202
        answer = exporting.result()
    assert (answer.status, answer.data["error"]) == (400, "Cancelled.")
    assert served.wait_for(f"/jobs/{running[-1]['id']}")["state"] == "cancelled"
    assert [path for path in desktop.iterdir() if "large" in path.name] == []
    assert served.ask("DELETE", "/vms/large").status == 204


@pytest.mark.parametrize("suffix", ["", "Compressed"])
def test_an_upload_that_is_no_machine_is_refused_and_leaves_nothing(
    served: Served, tmp_path: Path, suffix: str
) -> None:
    path = f"/vms/import{suffix}"
    text = tmp_path / "text.tar"
    text.write_text("no machine")
    assert served.upload(path, text).status == 400
    disc = small_machine.make_iso(tmp_path / "disc.iso")
    assert served.upload(path, disc).status == 400
    no_part = served.upload(path, text, part="other")
    assert (no_part.status, "file" in no_part.data["error"]) == (400, True)
    assert served.ask("POST", path, "-F", "file=only a field").status == 400
    assert served.ask("POST", path, "-d", "file=x").status == 400
    assert served.ask("POST", path).status == 400
    boundless = "Content-Type: multipart/form-data"
    assert served.ask("POST", path, "-H", boundless, "-d", "--x").status == 400
    many = [option for n in range(50) for option in ("-F", f"p{n}=@{text}")]
    assert served.ask("POST", path, *many).status == 400
    evil = served.ask("POST", path, "-F", f"file=@{text};filename=../../evil\n.tar")
    assert evil.status == 400
    assert list(DISKS.iterdir()) == []
    DISKS.chmod(0o500)
    assert served.upload(path, text).status == 500
    DISKS.chmod(0o700)


def test_a_large_upload_goes_to_the_disk_and_not_into_memory(
    served: Served, tmp_path: Path
) -> None:
    file = tmp_path / "zeros"
    with file.open("wb") as stream:
        stream.truncate(128 * MIB)
    served.ask("GET", "/vms")
    before = peak(served)
    assert served.upload("/vms/import", file).status == 400
    assert peak(served) - before < 16 * MIB
    assert list(DISKS.iterdir()) == []


def test_a_client_that_vanishes_in_its_upload_leaves_nothing(served: Served) -> None:
    host, port = served.url.removeprefix("http://").split(":")
    head = (
        f"POST /vms/import HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {64 * MIB}\r\n"
        f"Authorization: Bearer {served.token}\r\n\r\n"
    )
    with socket.create_connection((host, int(port))) as client:
        client.sendall(head.encode() + bytes(4 * MIB))
        wait_until_spools(served, 1)
    wait_until_spools(served, 0)
    assert served.ask("GET", "/vms").status == 200


def of_large(served: Served) -> list[dict[str, object]]:
    """Return the jobs of this machine that can tell how far they are."""
    jobs = served.ask("GET", "/jobs").data
    return [job for job in jobs if job["machine"] == "large" and job["total"]]


def wait_until_spools(served: Served, count: int) -> None:
    """Wait until the server has so many unnamed files open where disks are kept."""
    folder = Path(f"/proc/{served.process.pid}/fd")
    deadline = time.monotonic() + 20
    while True:
        spools = [name for name in map(target, folder.iterdir()) if str(DISKS) in name]
        if len(spools) == count:
            return
        assert time.monotonic() < deadline, spools
        time.sleep(0.02)  # nobody tells what another process has open


def target(entry: Path) -> str:
    try:
        return str(entry.readlink())
    except FileNotFoundError:
        return ""


def peak(served: Served) -> int:
    """Return the most memory that the server has had, in bytes."""
    status = Path(f"/proc/{served.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) * 1024
