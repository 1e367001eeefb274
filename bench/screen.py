"""A virtual screen whose pixels are read from its memory, so that looking costs nobody time."""

import ctypes
import mmap
import os
import struct
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import ne
from pathlib import Path
from tempfile import TemporaryDirectory

WIDTH, HEIGHT = 1600, 1000
STEP = 4
"""Every so many lines are looked at."""
LOOK = 0.001
"""Seconds between two looks."""
SHARE = 0.98
"""Of the pixels that change: so many make the picture what it will be."""
_PIXEL = 4


@dataclass(frozen=True, slots=True)
class Region:
    """A part of the screen, in pixels; right and bottom are outside of it."""

    left: int = 0
    top: int = 0
    right: int = WIDTH
    bottom: int = HEIGHT


@dataclass(frozen=True, slots=True)
class Look:
    """The pixels of a region, and when they were seen to be so."""

    at: float
    pixels: bytes


class Screen:
    """What is on it; use ``opened`` to make one."""

    def __init__(self, display: str, memory: mmap.mmap) -> None:
        self.display = display
        self._memory = memory
        # The header of an XWD file (X11/XWDFile.h): numbers of 32 bits.
        header = struct.unpack(">25I", memory[:100])
        self._start = header[0] + header[19] * 12
        self._line = header[12]

    def pixels(self, region: Region) -> bytes:
        """Return the lines of a region that are looked at."""
        first, length = region.left * _PIXEL, (region.right - region.left) * _PIXEL
        starts = (
            self._start + y * self._line + first for y in range(region.top, region.bottom, STEP)
        )
        return b"".join([self._memory[start : start + length] for start in starts])

    def watch(self, region: Region, seconds: float) -> Iterator[Look]:
        """Yield each new look of a region, the present one first."""
        deadline = time.monotonic() + seconds
        last = b""
        while (now := time.monotonic()) < deadline:
            pixels = self.pixels(region)
            if pixels != last:
                last = pixels
                yield Look(now, pixels)
            time.sleep(LOOK)

    def settled(self, region: Region, before: bytes, quiet: float, patience: float) -> float:
        """Watch until a region, once changed, has been quiet; return when it looked as in the end.

        Raises ``TimeoutError``. What moves all the time, such as a graph, does not count.
        """
        looks: list[Look] = []
        deadline = time.monotonic() + patience
        while time.monotonic() < deadline:
            looks += self.watch(region, quiet / 2)
            last, older = looks[-1], _before(looks, time.monotonic() - quiet)
            changed = _differing(before, last.pixels)
            if changed > _count(before) // 200 and _differing(older.pixels, last.pixels) < (
                changed * (1 - SHARE)
            ):
                return _moment(looks, before, older.pixels)
        raise TimeoutError("the screen does not come to rest")


def _before(looks: list[Look], at: float) -> Look:
    return next((look for look in reversed(looks) if look.at <= at), looks[0])


def _count(pixels: bytes) -> int:
    return len(pixels) // _PIXEL


def _differing(one: bytes, other: bytes) -> int:
    return sum(map(ne, memoryview(one).cast("I"), memoryview(other).cast("I")))


def _moment(looks: list[Look], before: bytes, steady: bytes) -> float:
    """Return the time of the first look from which the picture stays as it is in the end."""
    words = [memoryview(look.pixels).cast("I") for look in looks]
    final, start, older = words[-1], memoryview(before).cast("I"), memoryview(steady).cast("I")
    wanted = [n for n in range(len(final)) if start[n] != final[n] == older[n]]
    most = len(wanted) * (1 - SHARE)
    moment = looks[-1].at
    for look, seen in zip(reversed(looks), reversed(words), strict=True):
        if sum(seen[n] != final[n] for n in wanted) > most:
            break
        moment = look.at
    return moment


class Signal:
    """The pixels that tell two states of a screen apart, whatever else moves on it."""

    def __init__(self, screen: Screen, region: Region, change: Callable[[int], None]) -> None:
        self._screen = screen
        self._region = region
        steady = []
        for state in (0, 1):
            change(state)
            looks = list(self._screen.watch(region, 2.5))
            # The change itself is over after a second; what still moves is not part of it.
            late = [look for look in looks if look.at > looks[0].at + 1.0] or looks[-1:]
            words = [memoryview(look.pixels).cast("I") for look in late]
            steady.append((words[-1], words))
        (one, ones), (other, others) = steady
        self._at = [
            n
            for n in range(len(one))
            if one[n] != other[n]
            and all(word[n] == one[n] for word in ones)
            and all(word[n] == other[n] for word in others)
        ]
        if not self._at:
            raise RuntimeError("the change does not show")
        self._states = [[word[n] for n in self._at] for word in (one, other)]

    def wait(self, state: int, patience: float = 20.0) -> float:
        """Return when the screen shows a state."""
        wanted = self._states[state]
        for look in self._screen.watch(self._region, patience):
            seen = memoryview(look.pixels).cast("I")
            right = sum(seen[n] == want for n, want in zip(self._at, wanted, strict=True))
            if right >= len(wanted) * SHARE:
                return look.at
        raise TimeoutError("the change does not show")


@contextmanager
def opened() -> Iterator[Screen]:
    """Start an X server and yield its screen."""
    with TemporaryDirectory(prefix="vmd-", dir="/tmp") as folder:
        reader, writer = os.pipe()
        size = f"{WIDTH}x{HEIGHT}x24"
        argv = ["Xvfb", "-displayfd", str(writer), "-screen", "0", size, "-fbdir", folder]
        argv += ["-nolisten", "tcp", "-noreset"]
        server = subprocess.Popen(argv, pass_fds=[writer], stderr=subprocess.DEVNULL)
        os.close(writer)
        try:
            with os.fdopen(reader) as pipe:
                display = f":{pipe.readline().strip()}"
            with Path(folder, "Xvfb_screen0").open("rb") as file:
                memory = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
            yield Screen(display, memory)
        finally:
            server.terminate()
            server.wait()


class Pointer:
    """The mouse of a virtual screen, moved from outside by the XTEST extension."""

    def __init__(self, display: str) -> None:
        self._x11 = ctypes.CDLL("libX11.so.6")
        self._xtest = ctypes.CDLL("libXtst.so.6")
        self._x11.XOpenDisplay.restype = ctypes.c_void_p
        self._display = ctypes.c_void_p(self._x11.XOpenDisplay(display.encode()))

    def move(self, x: int, y: int) -> None:
        self._xtest.XTestFakeMotionEvent(self._display, -1, x, y, ctypes.c_ulong(0))
        self._x11.XSync(self._display, 0)

    def click(self) -> float:
        """Press and release the left button; return when."""
        began = time.monotonic()
        for is_press in (1, 0):
            self._xtest.XTestFakeButtonEvent(self._display, 1, is_press, ctypes.c_ulong(0))
        self._x11.XSync(self._display, 0)
        return began

    def close(self) -> None:
        self._x11.XCloseDisplay(self._display)
