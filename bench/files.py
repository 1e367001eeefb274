"""Time what writes files, until they are on the disk, each in a process of its own."""

import os
import shutil
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from bench.child import memory_of
from vmdesk.core.formatting import MIB


@dataclass
class Writer:
    """Something that writes ``target``, a file or (without a suffix) a folder; it is timed."""

    work: Callable[[], object]
    target: Path
    is_kept: bool = False
    """Whether the last one stays, to be read by another."""
    sizes: list[float] = field(default_factory=list)
    """MiB that were written, each time."""
    memory: list[float] = field(default_factory=list)
    """MiB that it had at its peak, each time."""

    def __call__(self) -> float:
        """Run once; return the seconds until what was written is on the disk."""
        self.remove()
        if not self.target.suffix:
            self.target.mkdir()
        # What another has left unwritten is not this one's cost.
        os.sync()
        began = time.monotonic()
        self.memory.append(memory_of(self.work))
        files = self._files()
        for path in files:
            _sync(path)
        seconds = time.monotonic() - began
        self.sizes.append(sum(path.stat().st_size for path in files) / MIB)
        if not self.is_kept:
            self.remove()
        return seconds

    def remove(self) -> None:
        if self.target.is_dir():
            shutil.rmtree(self.target)
        self.target.unlink(missing_ok=True)

    def _files(self) -> list[Path]:
        found = [path for path in self.target.rglob("*") if path.is_file()]
        return found or [self.target]


def program(*argv: str | Path) -> Callable[[], object]:
    """Return what runs a program."""
    return lambda: subprocess.run(argv, check=True)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.close(descriptor)
