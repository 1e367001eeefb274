"""Read the headers of vmdk, vdi and vhdx images from outside, before QEMU sees the file."""

# VMDK: "Virtual Disk Format 5.0", VMware; block/vmdk.c of QEMU for what it makes of it
# VDI:  block/vdi.c of QEMU
# VHDX: https://learn.microsoft.com/openspecs/windows_protocols/ms-vhdx/

import os
import re
import struct
import uuid
from dataclasses import dataclass
from typing import NoReturn

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

MAX_VIRTUAL_SIZE = 64 * 1024**4
"""Bytes that a guest may see of one disk."""

SECTOR = 512

MAX_DESCRIPTOR_BYTES = 64 * 1024
MAX_VHDX_TABLE_BYTES = 64 * 1024
MAX_VHDX_ENTRIES = 2047
"""Of a table of regions or metadata; the format allows no more."""

_VMDK_TYPES = {b"monolithicsparse", b"streamoptimized"}
_VMDK_FOOTER = 0xFFFFFFFFFFFFFFFF

_VHDX_METADATA = uuid.UUID("8b7ca206-4790-4b9a-b8fe-575f050f886e").bytes_le
_VHDX_PARAMETERS = uuid.UUID("caa16737-fa36-4d43-b3b6-33f0aa44e76b").bytes_le
_VHDX_SIZE = uuid.UUID("2fa54224-cd1b-4876-b211-5dbed83bf4b8").bytes_le
_VHDX_REGION_TABLES = (192 * 1024, 256 * 1024)


@dataclass(frozen=True, slots=True)
class ImageHeader:
    """What a checked image is; the size is what the guest sees, in bytes."""

    format: str
    virtual_size: int


def detect(head: bytes) -> str | None:
    """Tell vmdk, vdi and vhdx by the first bytes."""
    if head.startswith((b"KDMV", b"COWD", b"# Disk DescriptorFile")):
        return "vmdk"
    if head[64:68] == b"\x7f\x10\xda\xbe":
        return "vdi"
    if head.startswith(b"vhdxfile"):
        return "vhdx"
    return None


@dataclass(frozen=True, slots=True)
class Span:
    """Where an image lies: in all of an open file or in a part of it; in bytes."""

    descriptor: int
    start: int
    size: int

    def read(self, length: int, at: int) -> bytes:
        """Return what is there at ``at``; raises ``OperationError`` if nothing can be."""
        if not 0 <= at < self.size:
            damaged("a table lies outside of the file")
        return os.pread(self.descriptor, min(length, self.size - at), self.start + at)


def check(image: Span, head: bytes) -> ImageHeader:
    """Check an image that ``detect`` knows; raises ``OperationError`` for one with a trap."""
    try:
        match detect(head):
            case "vmdk":
                size = _check_vmdk(image, head)
            case "vdi":
                size = _check_vdi(head)
            case "vhdx":
                size = _check_vhdx(image)
            case _:
                refused(_("The format of the disk image is not known here."))
    except struct.error as exc:
        raise OperationError(*_DAMAGED, "too short", Cause.BAD_INPUT) from exc
    if size > MAX_VIRTUAL_SIZE:
        claims_too_much(size)
    return ImageHeader(str(detect(head)), size)


def _check_vmdk(image: Span, head: bytes) -> int:
    if not head.startswith(b"KDMV"):
        refused(_("The vmdk image keeps its data in other files."))
    size = _check_vmdk_header(image, head)
    if struct.unpack_from("<Q", head, 56)[0] == _VMDK_FOOTER:
        # QEMU goes by the copy at the end of the file instead, and counts a broken sector.
        sectors = -(-image.size // SECTOR)
        footer = image.read(SECTOR, (sectors - 2) * SECTOR)
        if not footer.startswith(b"KDMV"):
            damaged("vmdk footer")
        size = max(size, _check_vmdk_header(image, footer))
    return size


def _check_vmdk_header(image: Span, header: bytes) -> int:
    version, _flags, capacity, _grain, where, length = struct.unpack_from("<IIQQQQ", header, 4)
    if version > 3 or capacity == 0:  # no capacity: QEMU would go by the text's list of files
        refused(_("The vmdk image keeps its data in other files."))
    if not 0 < length * SECTOR <= MAX_DESCRIPTOR_BYTES:
        damaged("vmdk descriptor")
    text = image.read(length * SECTOR, where * SECTOR)
    # QEMU looks for a parent here, whatever the header says of the place.
    also = image.read(MAX_DESCRIPTOR_BYTES, 0)
    if b"parentfilenamehint" in (text + also).lower():
        refused(_("The disk image is based on another file, which it does not bring along."))
    kind = re.search(rb'^\s*createtype\s*=\s*"([a-z0-9]+)"', text.lower(), re.MULTILINE)
    extents = re.findall(rb"^\s*(?:rw|rdonly|noaccess)\s+\d+\s+(\w+)", text.lower(), re.MULTILINE)
    if kind is None or kind[1] not in _VMDK_TYPES or extents != [b"sparse"]:
        refused(_("The vmdk image keeps its data in other files."))
    return int(capacity) * SECTOR


def _check_vdi(head: bytes) -> int:
    version, _header_size, kind = struct.unpack_from("<III", head, 68)
    (size,) = struct.unpack_from("<Q", head, 368)
    if version != 0x00010001 or kind not in {1, 2}:
        refused(_("The disk image has a form of vdi that is not known here."))
    if head[424:456] != bytes(32):  # links to a parent
        refused(_("The disk image is based on another file, which it does not bring along."))
    return int(size)


def _check_vhdx(image: Span) -> int:
    sizes = set()
    for place in _VHDX_REGION_TABLES:
        table = image.read(MAX_VHDX_TABLE_BYTES, place)
        entry = _vhdx_entry(table, b"regi", 8, 16, _VHDX_METADATA)
        (start,) = struct.unpack_from("<Q", table, entry + 16)
        sizes.add(_check_vhdx_metadata(image, start))
    return max(sizes)


def _check_vhdx_metadata(image: Span, start: int) -> int:
    table = image.read(MAX_VHDX_TABLE_BYTES, start)
    values = []
    for item in (_VHDX_PARAMETERS, _VHDX_SIZE):
        entry = _vhdx_entry(table, b"metadata", 10, 32, item)
        (offset,) = struct.unpack_from("<I", table, entry + 16)
        values.append(struct.unpack("<Q", image.read(8, start + offset))[0])
    parameters, size = values
    if parameters >> 33 & 1:  # the flags follow 32 bits of block size; the second is "has parent"
        refused(_("The disk image is based on another file, which it does not bring along."))
    return int(size)


def _vhdx_entry(table: bytes, magic: bytes, count_at: int, first: int, wanted: bytes) -> int:
    (count,) = struct.unpack_from("<H", table, count_at)
    if not table.startswith(magic) or count > MAX_VHDX_ENTRIES:
        damaged("vhdx table")
    places = (first + index * 32 for index in range(count))
    found = next((at for at in places if table[at : at + 16] == wanted), None)
    if found is None:
        damaged("vhdx table entry")
    return found


_DAMAGED = (_("The disk image is damaged."), _("Get the file again from where it came from."))


def damaged(what: str) -> NoReturn:
    """Refuse an image that contradicts itself."""
    raise OperationError(*_DAMAGED, what, Cause.BAD_INPUT)


def refused(summary: str) -> NoReturn:
    """Refuse an image that is of no use here or is a trap."""
    raise OperationError(
        summary, _("Only an image that is whole in itself is accepted."), cause=Cause.BAD_INPUT
    )


def claims_too_much(size: int) -> NoReturn:
    """Refuse an image of an absurd size."""
    raise OperationError(
        _("The disk image claims to hold {size}; no more than {most} is accepted.").format(
            size=formatting.size(size), most=formatting.size(MAX_VIRTUAL_SIZE)
        ),
        cause=Cause.BAD_INPUT,
    )
