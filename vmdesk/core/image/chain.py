"""Follow a disk image to the files that it builds on, by reading headers alone.

Unlike qemu-img this works while a machine is running, costs one small read for each file, and
goes on where one of them is missing. The layouts: docs/interop/qcow2.rst of QEMU, and "Virtual
Disk Format 5.0" of VMware. Whatever looks like a name counts: better one file too many.
"""

import json
import os
import re
import stat
import struct
from collections import deque
from collections.abc import Iterator
from pathlib import Path

MAXIMUM_FILES = 200
"""Files under one image; QEMU itself gives up long before."""

FileId = tuple[int, int]
"""A file whatever it is called: device and inode."""

_HEAD = 64 * 1024
_HEADER = struct.Struct(">4sIQI")
_EXTENSION = struct.Struct(">II")
_HEADER_LENGTH_OF_VERSION_2 = 72
_MAXIMUM_NAME = 1023
_DATA_FILE = 0x44415441
_VMDK_MAGICS = (b"KDMV", b"COWD", b"# Disk DescriptorFile")
_VMDK_NAMES = re.compile(
    rb'^\s*(?:parentFileNameHint\s*=|(?:RW|RDONLY|NOACCESS)\s+\d+\s+\w+)\s*"([^"\n]+)"',
    re.IGNORECASE | re.MULTILINE,
)


def files_below(path: Path) -> Iterator[Path]:
    """Yield the files and block devices under ``path``, nearest first, that are there.

    Each comes once, also in a chain that runs in a circle. ``path`` may be anything, or nothing.
    """
    seen = {identity(path)}
    waiting = deque([path])
    while waiting and len(seen) <= MAXIMUM_FILES:
        image = waiting.popleft()
        for name in _names_in(image):
            below = image.parent / name
            found = identity(below)
            if found is not None and found not in seen:
                seen.add(found)
                waiting.append(below)
                yield below


def identity(path: Path) -> FileId | None:
    """Tell a file from others by whatever name; ``None`` for what can't hold an image."""
    try:
        status = path.stat()
    except (OSError, ValueError):  # not there, or no name at all: one with a NUL in it
        return None
    # Opening anything else might wait for ever (a FIFO) or do something (a watchdog).
    if not stat.S_ISREG(status.st_mode) and not stat.S_ISBLK(status.st_mode):
        return None
    return status.st_dev, status.st_ino


def _names_in(path: Path) -> list[str]:
    """Return the names that the header of an image holds."""
    if identity(path) is None:
        return []
    try:
        with path.open("rb") as image:
            head = image.read(_HEAD)
            if head.startswith(b"QFI\xfb"):
                return _names_in_qcow(image.fileno(), head)
    except OSError:
        return []
    if head.startswith(_VMDK_MAGICS):
        return [os.fsdecode(name) for name in _VMDK_NAMES.findall(head)]
    return []


def _names_in_qcow(descriptor: int, head: bytes) -> list[str]:
    if len(head) < _HEADER.size:
        return []
    _magic, version, offset, length = _HEADER.unpack_from(head)
    names = _data_files(head) if version >= 3 else []
    # A number beyond what the system calls take is beyond the end of every file, too.
    if 0 < length <= _MAXIMUM_NAME and 0 < offset < 2**62:
        names.append(os.fsdecode(os.pread(descriptor, length, offset)))
    return [plain for name in names for plain in _plain_names(name)]


def _data_files(head: bytes) -> list[str]:
    """Return the name of the file that holds the data, where the image itself holds none."""
    if len(head) < 104:
        return []
    (at,) = struct.unpack_from(">I", head, 100)
    at = max(at, _HEADER_LENGTH_OF_VERSION_2)
    names = []
    while at + _EXTENSION.size <= len(head):
        kind, length = _EXTENSION.unpack_from(head, at)
        if kind == 0:
            break
        at += _EXTENSION.size
        if kind == _DATA_FILE:
            names.append(os.fsdecode(head[at : at + length]))
        at += -(-length // 8) * 8
    return names


def _plain_names(name: str) -> list[str]:
    if not name.startswith("json:"):
        return [name.removeprefix("file:")]
    try:
        return list(_file_names(json.loads(name.removeprefix("json:"))))
    except (ValueError, RecursionError):
        return []


def _file_names(node: object) -> Iterator[str]:
    """Yield the files in a JSON description of a block device, nested or flattened."""
    if isinstance(node, list):
        for part in node:
            yield from _file_names(part)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key.rpartition(".")[2] == "filename" and isinstance(value, str):
                yield value.removeprefix("file:")
            else:
                yield from _file_names(value)
