"""What was large and is free is no longer resident."""

import ctypes
import subprocess
import sys
from types import SimpleNamespace

import pytest

from vmdesk.core import memory

HOLD_AND_LET_GO = """
import os
from vmdesk.core import memory
from vmdesk.core.formatting import KIB, MIB

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

memory.stay_small()
bytearray(3 * MIB)  # by itself, glibc would take this for a sign that large blocks are usual
before = resident()
held = [(bytearray(2 * MIB), bytearray(KIB)) for _ in range(50)]
most = resident()
held = [small for _, small in held]
print((most - before) // MIB, (resident() - before) // MIB)
"""


def test_large_blocks_go_back_though_small_ones_beside_them_stay() -> None:
    command = [sys.executable, "-c", HOLD_AND_LET_GO]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    held, kept = map(int, done.stdout.split())
    assert held >= 95
    assert kept <= 2


def test_a_c_library_that_can_not_be_told_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    library = SimpleNamespace(mallopt=lambda *what: told.append(what))
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    memory.stay_small()
    assert len(told) == 4
    del library.mallopt  # as in musl's
    memory.stay_small()
    assert len(told) == 4
