"""A window that stays open for long while machines start and stop: its memory stays as it is."""

import random
import time
from collections.abc import Callable
from statistics import mean

import pytest

from bench import program
from bench.program import VMDESK
from tests.faults.conftest import MINUTES
from tests.faults.world import World

pytestmark = [
    pytest.mark.hypervisor,
    pytest.mark.skipif(not MINUTES, reason="takes long: “make soak” runs it"),
]

SHARE = 0.55
"""Of the time of a long run."""
MACHINES = 6
LOOK = 10.0
"""Seconds between two looks at the memory."""
GROWTH = 0.05


def test_memory_is_flat_while_machines_start_and_stop(
    world: World, chance: random.Random, say: Callable[[str], None]
) -> None:
    uuids = world.make(MACHINES)
    seconds = MINUTES * 60 * SHARE
    looks: list[float] = []
    # An empty QT_NO_GLIB counts as none: this window drives libvirt's events as a user's does.
    with program.running(VMDESK, world.libvirt.uri, {"QT_NO_GLIB": ""}) as window:
        while (passed := time.monotonic() - window.began) < seconds:
            until = time.monotonic() + LOOK
            while time.monotonic() < until:
                world.virsh(chance.choice(["start", "destroy"]), chance.choice(uuids))
                time.sleep(chance.uniform(0, 1.0))
            looks.append(window.memory())
            say(f"{looks[-1]:.1f} MiB after {passed:.0f} s")
    # The first quarter fills caches and histories.
    steady = looks[len(looks) // 4 :]
    third = max(1, len(steady) // 3)
    first, last = mean(steady[:third]), mean(steady[-third:])
    say(f"{first:.1f} MiB at first, {last:.1f} MiB in the end: {last / first - 1:+.1%}")
    assert abs(last / first - 1) <= GROWTH
