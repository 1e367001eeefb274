"""vmdeskctl as a program of its own: real machines, real downloads, signals and terminals."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import PrivateLibvirt
from tests.guests import MEMTEST_ISO, snapshot
from tests.iso_server import Fault, IsoServer
from vmdesk.core.formatting import MIB

pytestmark = pytest.mark.hypervisor

PROGRAM = [sys.executable, "-m", "vmdesk.cli", "--connect", PrivateLibvirt.uri]
SMALL = ["--disk-size", "0.01", "--memory", "64", "--vcpus", "1"]


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder in which vmdeskctl keeps disks and ISOs."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return tmp_path / "vmdesk"


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as server:
        yield server


def ctl(*argv: str, code: int = 0) -> Any:
    """Run vmdeskctl with JSON, and return what it printed."""
    done = subprocess.run(
        [*PROGRAM, "--json", *argv], stdin=subprocess.DEVNULL, capture_output=True, text=True
    )
    assert done.returncode == code, (done.stdout, done.stderr)
    return json.loads(done.stdout)


class Terminal:
    """A terminal: what is shown on it, and keys for it."""

    def __init__(self) -> None:
        self.ours, self.theirs = pty.openpty()
        self.shown = ""

    def wait_for(self, pattern: str) -> None:
        deadline = time.monotonic() + 20
        while not re.search(pattern, self.shown):
            ready, _, _ = select.select([self.ours], [], [], deadline - time.monotonic())
            assert ready, f"there is no {pattern} in {self.shown!r}"
            self.shown += os.read(self.ours, 4096).decode()

    def rest(self) -> str:
        """Return what was written since, by a program that has ended."""
        ready, _, _ = select.select([self.ours], [], [], 0)
        try:
            return os.read(self.ours, 4096).decode() if ready else ""
        except OSError:
            return ""  # nobody has the other end any more: all was read

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())


@contextmanager
def on_a_terminal(*argv: str) -> Iterator[tuple[Terminal, "subprocess.Popen[str]"]]:
    """Run vmdeskctl with questions and progress on a terminal, and stdout in a pipe."""
    terminal = Terminal()
    # setsid makes the terminal the one from which Ctrl+C comes; and what these tests are told to
    # ignore, as by nohup, is no matter of a program in a terminal of its own.
    command = ["env", "--default-signal", "setsid", "--ctty", *PROGRAM, *argv]
    with subprocess.Popen(
        command, stdin=terminal.theirs, stderr=terminal.theirs, stdout=subprocess.PIPE, text=True
    ) as process:
        os.close(terminal.theirs)
        try:
            yield terminal, process
        finally:
            process.kill()
            os.close(terminal.ours)


def press_until_it_ends(process: "subprocess.Popen[str]", number: signal.Signals) -> None:
    """Be impatient, as a person is who holds Ctrl+C, while a program that is done still exits."""
    while process.poll() is None:
        process.send_signal(number)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.001)


def test_a_machine_is_created_used_and_deleted(
    private_libvirt: PrivateLibvirt, server: IsoServer, data: Path
) -> None:
    server.add("/memtest.iso", MEMTEST_ISO)
    made = ctl("create", "--iso", server.url("/memtest.iso"), *SMALL)
    disk, iso = data / "disks/memtest.qcow2", data / "isos/memtest.iso"
    assert made == {
        "created": "memtest",
        "uuid": made["uuid"],
        "disk": str(disk),
        "pool": None,
        "iso": str(iso),
        "iso_verification": "not verified",
        "kvm": made["kvm"],
        "started": True,
    }
    (listed,) = ctl("list")
    assert (listed["uuid"], listed["state"]) == (made["uuid"], "running")
    ignored = ctl("shutdown", "memtest", "--timeout", "0.1", code=1)
    assert ignored["error"] == "The guest did not shut down."
    assert ctl("delete", "memtest", code=4)["error"] == "“memtest” is running."
    assert ctl("delete", "memtest", "--yes") == {
        "deleted": "memtest",
        "uuid": made["uuid"],
        "files": [str(disk)],
        "kept": [{"source": str(iso), "reason": "an installation disc"}],
    }
    assert ctl("list") == []
    assert snapshot(data / "disks") == set()
    assert iso.exists()


def test_a_name_is_suggested_that_is_free_and_disks_can_be_kept(
    private_libvirt: PrivateLibvirt, data: Path
) -> None:
    command = ["create", "--iso", str(MEMTEST_ISO), *SMALL, "--no-start"]
    names = [ctl(*command)["created"] for _ in range(2)]
    assert names[1] == f"{names[0]}-2"
    done = ctl("delete", names[1], "--yes", "--keep-disks")
    assert done["files"] == []
    assert {"source": str(data / f"disks/{names[1]}.qcow2"), "reason": "you wanted to keep it"} in (
        done["kept"]
    )
    assert len(snapshot(data / "disks")) == 2


def test_what_is_no_disc_or_a_wrong_one_is_5(
    private_libvirt: PrivateLibvirt, server: IsoServer
) -> None:
    server.add("/page.iso", b"<html>Choose a mirror</html>")
    server.add("/memtest.iso", MEMTEST_ISO)
    page = ctl("create", "--iso", server.url("/page.iso"), *SMALL, code=5)
    assert "is a web page" in page["error"]
    missing = ctl("create", "--iso", server.url("/none.iso"), *SMALL, code=5)
    assert "404" in missing["error"] + missing["hint"]
    gone = ctl("create", "--iso", "/nonexistent/x.iso", *SMALL, code=5)
    assert "/nonexistent/x.iso" in gone["error"]
    wrong = ["create", "--iso", server.url("/memtest.iso"), *SMALL, "--sha256", "0" * 64]
    assert "checksum" in ctl(*wrong, code=5)["error"]
    assert ctl("list") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupt_in_a_download_is_130_and_leaves_only_what_can_be_resumed(
    private_libvirt: PrivateLibvirt, server: IsoServer, data: Path, number: signal.Signals
) -> None:
    server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=MIB))
    command = ["create", "--name", "cut", "--iso", server.url("/memtest.iso"), *SMALL]
    with on_a_terminal(*command) as (terminal, process):
        terminal.wait_for(r"Downloading.* [1-9]\d* %")
        process.send_signal(number)
        process.send_signal(number)
        terminal.wait_for("error: Cancelled.\r\n")
        press_until_it_ends(process, number)
        assert process.wait(20) == 130
        assert (terminal.shown + terminal.rest()).endswith("error: Cancelled.\r\n")
    assert {path.suffix for path in snapshot(data / "isos")} >= {".part"}
    assert not (data / "isos/memtest.iso").exists()
    assert snapshot(data / "disks") == set()
    assert ctl("list") == []


def test_progress_is_shown_to_somebody_who_watches_and_then_taken_away(
    private_libvirt: PrivateLibvirt, server: IsoServer
) -> None:
    server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=12 * MIB))
    command = ["create", "--iso", server.url("/memtest.iso"), *SMALL, "--no-start"]
    with on_a_terminal(*command) as (terminal, process):
        terminal.wait_for(r"Downloading.* \d+ %  .*MiB/s")
        terminal.wait_for(r"\r\x1b\[K$")
        assert process.wait(20) == 0
    quiet = subprocess.run([*PROGRAM, "list"], capture_output=True, text=True, check=True)
    assert quiet.stderr == ""


@pytest.mark.parametrize(("keys", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x03", 130)])
def test_a_deletion_asks_and_does_as_it_is_told(
    private_libvirt: PrivateLibvirt, data: Path, keys: str, code: int
) -> None:
    ctl("create", "--name", "asked", "--iso", str(MEMTEST_ISO), *SMALL, "--no-start")
    with on_a_terminal("delete", "asked") as (terminal, process):
        terminal.wait_for(r"Yes or no\? \[y/N\] $")
        assert re.search(r"deleted: .*/disks/asked\.qcow2 \(\d+ KiB\)", terminal.shown)
        assert f"kept: {MEMTEST_ISO} (an installation disc)" in terminal.shown
        terminal.type(keys)
        assert process.wait(20) == code
    assert (data / "disks/asked.qcow2").exists() == (code != 0)
    assert len(ctl("list")) == (code != 0)


def test_a_reader_that_has_seen_enough_is_no_error(private_libvirt: PrivateLibvirt) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run([*PROGRAM, "list", "--json"], stdout=writing, stderr=subprocess.PIPE)
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, b"")
