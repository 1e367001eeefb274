"""How long a machine has been on."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from tests.core.operations import small_machine
from vmdesk.core import details, uptime
from vmdesk.core.host import Host

Start = Callable[[str], None]


@pytest.fixture
def start_like_qemu() -> Iterator[Start]:
    """Starts processes with the command line of a QEMU, each until it is told to end."""
    processes: list[subprocess.Popen[bytes]] = []

    def start(uuid: str, name: str = "qemu-system (x) ") -> None:
        command = [name, "-c", "print(flush=True); input()", "-uuid", uuid, "-nodefaults"]
        process = subprocess.Popen(
            command, executable=sys.executable, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        processes.append(process)
        assert process.stdout is not None
        process.stdout.readline()

    yield start
    for process in processes:
        process.communicate(b"\n", timeout=20)


def test_a_machine_is_on_as_long_as_its_qemu(start_like_qemu: Start) -> None:
    uuid, before = str(uuid4()), time.monotonic()
    start_like_qemu(uuid)
    found = uptime.seconds(uuid)
    assert found is not None
    # The kernel counts hundredths.
    assert 0 <= found <= time.monotonic() - before + 0.02


def test_nothing_is_told_of_a_machine_whose_qemu_is_not_here(start_like_qemu: Start) -> None:
    start_like_qemu(str(uuid4()))
    assert uptime.seconds(str(uuid4())) is None


def test_a_process_that_ends_meanwhile_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / "1").mkdir()
    (tmp_path / "self").mkdir()
    assert uptime.seconds("x", tmp_path) is None


@pytest.mark.hypervisor
def test_a_real_machine_tells_it_while_it_is_on(private_host: Host, tmp_path: Path) -> None:
    domain = small_machine.define(private_host, tmp_path)
    uuid = domain.UUIDString()
    before = time.monotonic()
    domain.create()
    on = details.read(private_host, uuid, tmp_path).uptime
    assert on is not None
    assert on <= time.monotonic() - before + 0.02
    domain.destroy()
    assert details.read(private_host, uuid, tmp_path).uptime is None
