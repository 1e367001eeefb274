"""What a machine stands on breaks: its QEMU, the network, the clock, rights and room."""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.conftest import FOLDERS
from tests.faults.world import World, ended, new_machine
from tests.guests import MEMTEST_ISO
from tests.iso_server import Fault, IsoServer
from vmdesk.core.formatting import MIB
from vmdesk.core.host import DomainState

pytestmark = pytest.mark.hypervisor


@contextmanager
def _rights(path: Path, mode: int) -> Iterator[None]:
    before = path.stat().st_mode
    path.chmod(mode)
    yield
    path.chmod(before)


def _wait_for(world: World, uuid: str, state: DomainState) -> None:
    deadline = time.monotonic() + 20
    with world.host() as host:
        while (info := host.domain_info(uuid)) is None or info.state is not state:
            assert time.monotonic() < deadline, info
            time.sleep(0.05)


def _kill_qemu() -> None:
    for file in (FOLDERS["XDG_RUNTIME_DIR"] / "libvirt/qemu/run").glob("machine-*.pid"):
        with suppress(ProcessLookupError, ValueError):
            os.kill(int(file.read_text()), signal.SIGKILL)


def test_a_machine_whose_qemu_is_killed_is_off_and_starts_again(world: World) -> None:
    uuid = world.make(1)[0]
    for _time in range(2):
        assert world.run("start", uuid).returncode == 0
        _kill_qemu()
        _wait_for(world, uuid, DomainState.SHUTOFF)
    assert world.run("delete", uuid, "--yes").returncode == 0
    assert (world.uuids(), world.problems()) == (set(), [])


def test_qemu_killed_at_any_moment_of_a_start_leaves_a_machine_that_starts(
    world: World, chance: random.Random
) -> None:
    uuid = world.make(1)[0]
    process = world.start("start", uuid)
    deadline = time.monotonic() + chance.uniform(0.4, 0.9)
    while time.monotonic() < deadline:
        _kill_qemu()
        time.sleep(0.01)
    ended(process, "start")
    world.run("stop", uuid)
    assert world.run("start", uuid).returncode == 0


def test_a_network_that_is_cut_for_a_while_delays_a_new_machine_only(world: World) -> None:
    with IsoServer() as server:
        server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=4 * MIB))
        argv = new_machine("made")
        argv[argv.index("--iso") + 1] = server.url("/memtest.iso")
        process = world.start(*argv)
        server.wait_for_bytes("/memtest.iso", MIB)
        server.stop()
        server.start()
        done = ended(process, *argv)
    assert done.returncode == 0, done.stderr
    assert (len(world.uuids()), world.problems()) == (1, [])


@pytest.mark.parametrize("offset", ["-20y", "+10y"])
def test_a_clock_that_is_wrong_by_years_hinders_nothing(world: World, offset: str) -> None:
    uuid = world.make(1)[0]
    target = str(world.exports / "machine.tar.gz")
    clock = ["faketime", "-f", offset]
    for argv in (
        ["export", uuid, "-o", target],
        ["import", target, "--name", "again"],
        ["modify", uuid, "--memory", "96"],
        ["start", uuid],
        ["delete", uuid, "--yes"],
    ):
        done = ended(world.start(*argv, before=clock), *argv)
        assert done.returncode == 0, done.stderr
    assert (len(world.uuids()), world.problems()) == (1, [])


@pytest.mark.parametrize("mode", [0o000, 0o500])
def test_a_folder_that_may_not_be_written_is_named_and_nothing_is_half_done(
    world: World, mode: int
) -> None:
    uuid = world.make(1)[0]
    world.make_bundle(uuid)
    commands = [
        (world.disks, new_machine("made")),
        (world.disks, ["import", str(world.bundle), "--name", "imported"]),
        (world.exports, ["export", uuid, "-o", str(world.exports / "machine.tar")]),
    ]
    for folder, argv in commands:
        with _rights(folder, mode):
            done = world.run(*argv)
        assert done.returncode != 0
        assert str(folder) in done.stderr
    assert world.uuids() == {uuid}
    assert world.problems() == []


def test_a_disk_that_may_not_be_read_is_not_exported_and_not_lost(world: World) -> None:
    uuid = world.make(1)[0]
    disk = world.disks / "machine-0.qcow2"
    with _rights(disk, 0o000):
        assert world.run("export", uuid, "-o", str(world.exports / "a.tar")).returncode == 1
        assert world.run("start", uuid).returncode == 1
    assert world.run("start", uuid).returncode == 0
    assert world.problems() == []


@pytest.mark.mounts
def test_a_disk_that_is_full_is_said_to_be_and_nothing_is_half_done(
    world: World, mounts: Path
) -> None:
    full = mounts / "full"
    uuid = world.make(1)[0]
    filler, target = full / "filler", full / "machine.tar"
    try:
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while file.write(bytes(MIB)):
                pass
        done = world.run("export", uuid, "-o", str(target), "--format", "tar")
        assert done.returncode == 1
        assert "room" in done.stderr
        assert sorted(path.name for path in full.iterdir()) == ["filler", "lost+found"]
    finally:
        filler.unlink()
    assert world.run("export", uuid, "-o", str(target), "--format", "tar").returncode == 0
    target.unlink()
