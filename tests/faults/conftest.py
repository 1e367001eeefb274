"""Fixtures for faults: the seed that chance begins with, how long to go on, and the log.

Each run of the tests does a little, the same each time. ``make soak`` goes on for as many minutes
as VMDESK_SOAK says, from another seed each time unless VMDESK_SEED names one.
"""

import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.conftest import PrivateLibvirt
from tests.faults.world import World

MINUTES = float(os.environ.get("VMDESK_SOAK", "0"))
LOG = Path("bench/soak.log")


@pytest.fixture(scope="session")
def seed() -> int:
    chosen = os.environ.get("VMDESK_SEED", "")
    return int(chosen) if chosen else (random.randrange(10**6) if MINUTES else 1)


@pytest.fixture
def say(request: pytest.FixtureRequest, seed: int) -> Iterator[Callable[[str], None]]:
    """Tell how it goes: the output of a test that fails, and the log of a long run."""

    def tell(text: str) -> None:
        line = f"{time.strftime('%H:%M:%S')} {request.node.name}: {text}"
        print(line, file=sys.stderr if MINUTES else sys.stdout, flush=True)
        if MINUTES:
            with LOG.open("a") as log:
                log.write(f"{line}\n")

    tell(f"VMDESK_SEED={seed}")
    failed = request.session.testsfailed
    yield tell
    tell("FAILED" if request.session.testsfailed > failed else "ended")


@pytest.fixture
def chance(seed: int, say: Callable[[str], None]) -> random.Random:
    return random.Random(seed)


@pytest.fixture
def world(private_libvirt: PrivateLibvirt, libvirt_events: None, tmp_path: Path) -> World:
    return World(private_libvirt, tmp_path)
