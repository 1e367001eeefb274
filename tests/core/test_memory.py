"""What was large and is free is no longer resident."""

import ctypes
import subprocess
import sys
from types import SimpleNamespace

import pytest

from vmdesk.core import memory

RESIDENT = """
import ctypes, os
from vmdesk.core import memory
from vmdesk.core.formatting import KIB, MIB

def resident():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
"""

HOLD_AND_LET_GO = """
memory.stay_small()
bytearray(3 * MIB)  # by itself, glibc would take this for a sign that large blocks are usual
before = resident()
held = [(bytearray(2 * MIB), bytearray(KIB)) for _ in range(50)]
most = resident()
held = [small for _, small in held]
print((most - before) // MIB, (resident() - before) // MIB)
"""

LEAVE_ONE = """
library = ctypes.CDLL(None)
library.malloc.restype = ctypes.c_void_p
before = resident()
held = [library.malloc(ctypes.c_size_t(10 * KIB)) for _ in range(5000)]
for one in held:
    ctypes.memset(one, 1, 10 * KIB)
for one in held[:-1]:
    library.free(ctypes.c_void_p(one))
kept = resident()
memory.give_back()
print((kept - before) // MIB, (resident() - before) // MIB)
"""


def measured(program: str) -> list[int]:
    command = [sys.executable, "-c", RESIDENT + program]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    return [int(word) for word in done.stdout.split()]


def test_large_blocks_go_back_though_small_ones_beside_them_stay() -> None:
    held, kept = measured(HOLD_AND_LET_GO)
    assert held >= 95
    assert kept <= 2


def test_what_is_free_before_a_block_in_use_goes_back_when_asked() -> None:
    kept, left = measured(LEAVE_ONE)
    assert kept >= 45
    assert left <= 2


def test_a_c_library_that_can_not_be_told_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[object] = []
    library = SimpleNamespace(mallopt=lambda *what: told.append(what))
    monkeypatch.setattr(ctypes, "CDLL", lambda _name: library)
    memory.stay_small()
    assert len(told) == 4
    del library.mallopt  # as in musl's
    memory.stay_small()
    memory.give_back()
    assert len(told) == 4
