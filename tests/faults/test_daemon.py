"""libvirt's daemon is killed at any moment of every operation, and comes back."""

import random
import time
from collections.abc import Callable

import pytest

from tests.faults.conftest import MINUTES
from tests.faults.world import World, ended, new_machine

pytestmark = pytest.mark.hypervisor

SHARE = 0.3
"""Of the time of a long run."""
LATEST = 1.0
"""Seconds after its start in which an operation is hit."""
AT_ONCE = 4
"""Operations in a short run."""

Prepare = Callable[[World, str], list[str]]


def _running(*argv: str) -> Prepare:
    def prepare(world: World, uuid: str) -> list[str]:
        world.run("start", uuid)
        return [*argv[:1], uuid, *argv[1:]]

    return prepare


def _off(*argv: str) -> Prepare:
    return lambda _world, uuid: [*argv[:1], uuid, *argv[1:]]


def _paused(world: World, uuid: str) -> list[str]:
    world.run("start", uuid)
    world.run("pause", uuid)
    return ["resume", uuid]


def _export(world: World, uuid: str) -> list[str]:
    return ["export", uuid, "-o", str(world.exports), "--force", "--format", "tar.gz"]


OPERATIONS: dict[str, Prepare] = {
    "create": lambda _world, _uuid: new_machine("made"),
    "import": lambda world, _uuid: ["import", str(world.bundle), "--name", "imported"],
    "delete": _off("delete", "--yes"),
    "export": _export,
    "rename": _off("modify", "--rename", "renamed"),
    "modify": _off("modify", "--memory", "96"),
    "grow": _off("modify", "--disk-size", "1"),
    "start": _off("start"),
    "stop": _running("stop"),
    "delete running": _running("delete", "--yes"),
    "pause": _running("pause"),
    "resume": _paused,
}
GAIN = {"create": 1, "import": 1, "delete": -1, "delete running": -1}


def test_every_operation_is_done_or_not_when_the_daemon_is_killed(
    world: World, chance: random.Random, say: Callable[[str], None]
) -> None:
    deadline = time.monotonic() + MINUTES * 60 * SHARE
    names = chance.sample(list(OPERATIONS), len(OPERATIONS))
    world.make_bundle(world.make(1)[0])
    done = 0
    while done < AT_ONCE or time.monotonic() < deadline:
        _hit(names[done % len(names)], world, chance, say)
        done += 1
    say(f"{done} operations were hit")


def _hit(name: str, world: World, chance: random.Random, say: Callable[[str], None]) -> None:
    _begin_anew(world)
    uuid = world.make(1)[0]
    argv = OPERATIONS[name](world, uuid)
    moment = chance.uniform(0, LATEST)
    process = world.start(*argv)
    time.sleep(moment)  # a kill comes when it comes
    world.libvirt.kill_daemon()
    code = ended(process, *argv).returncode
    left = world.uuids()
    say(f"{name}, hit after {moment:.2f} s: exit code {code}, {len(left)} machines")
    gain = GAIN.get(name, 0)
    assert len(left) - 1 in {0, gain}, left
    assert code != 0 or len(left) - 1 == gain, left
    assert world.problems() == []
    if gain >= 0:
        assert world.run("modify", uuid, "--memory", "80").returncode == 0 or name in {
            "start", "stop", "pause", "resume",
        }  # fmt: skip


def _begin_anew(world: World) -> None:
    for uuid in world.uuids():
        done = world.run("delete", uuid, "--yes")
        assert done.returncode == 0, done.stderr
    for path in world.exports.iterdir():
        path.unlink()
