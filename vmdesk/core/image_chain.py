"""Follow a qcow2 image to the files that it builds on, by reading headers alone.

Unlike qemu-img this works while a machine is running, and costs one small read for each file.
The layout: https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.rst
"""

import json
import struct
from collections.abc import Iterator
from pathlib import Path

MAXIMUM_DEPTH = 200
"""Images in a chain; QEMU itself gives up long before. It ends a chain that runs in a circle."""

_HEADER = struct.Struct(">4sIQI")
_MAXIMUM_NAME = 1023


def files_below(path: Path) -> Iterator[Path]:
    """Yield the files under ``path``, nearest first, as far as they are there and readable."""
    seen = {path}
    for _depth in range(MAXIMUM_DEPTH):
        try:
            name = _backing_name(path)
        except OSError:
            return
        if name is None:
            return
        path = path.parent / name
        if path in seen:
            return
        seen.add(path)
        yield path


def _backing_name(path: Path) -> str | None:
    with path.open("rb") as image:
        header = image.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        magic, _version, offset, length = _HEADER.unpack(header)
        if magic != b"QFI\xfb" or offset == 0 or not 0 < length <= _MAXIMUM_NAME:
            return None
        image.seek(offset)
        name = image.read(length).decode(errors="surrogateescape")
    if name.startswith("json:"):
        return _file_name_in(name.removeprefix("json:"))
    return name.removeprefix("file:")


def _file_name_in(description: str) -> str | None:
    """Return the file that a JSON description of a block device ends in."""
    try:
        node = json.loads(description)
    except ValueError:
        return None
    while isinstance(node, dict):
        name = node.get("filename", node.get("file.filename"))
        if isinstance(name, str):
            return name
        node = node.get("file")
    return None
