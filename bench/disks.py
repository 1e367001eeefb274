"""Make disk images with real content: files of this system, spread over a large virtual disk."""

import os
import subprocess
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path

from vmdesk.core.formatting import MIB

SOURCES = (Path("/usr/lib"), Path("/usr/share"), Path("/usr/bin"))
STRETCH = 64 * MIB
"""Bytes of content between two holes."""
_BLOCK = 4096


def make(path: Path, content: int, virtual_size: int) -> Path:
    """Make a qcow2 image with ``content`` bytes of this system's files, in this order always."""
    raw = path.with_suffix(".raw")
    hole = (virtual_size - content) // max(1, content // STRETCH)
    with raw.open("wb") as file:
        done = since_hole = 0
        for piece in _pieces():
            piece = piece[: content - done]
            file.write(piece.ljust(-(-len(piece) // _BLOCK) * _BLOCK, b"\0"))
            done += len(piece)
            since_hole += len(piece)
            if done >= content:
                break
            if since_hole >= STRETCH:
                file.seek(hole // _BLOCK * _BLOCK, os.SEEK_CUR)
                since_hole = 0
        file.truncate(virtual_size)
    subprocess.run(["qemu-img", "convert", "-f", "raw", "-O", "qcow2", raw, path], check=True)
    raw.unlink()
    return path


def _pieces() -> Iterator[bytes]:
    """Yield what is in the files; after the last, the first comes again."""
    for source in cycle(SOURCES):
        for folder, folders, names in os.walk(source):
            folders.sort()
            for name in sorted(names):
                yield from _content(Path(folder, name))


def _content(path: Path) -> Iterator[bytes]:
    if path.is_symlink() or not os.access(path, os.R_OK) or not path.is_file():
        return
    with path.open("rb") as file:
        while piece := file.read(MIB):
            yield piece
