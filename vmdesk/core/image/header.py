"""Read the header of a disk image from outside, before QEMU sees the file, and refuse traps.

An image can name further files of this host; QEMU would open them and copy what they hold.
"""

# https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qcow2.txt

import os
import struct
from dataclasses import dataclass

from vmdesk.core.i18n import _
from vmdesk.core.image import header_other
from vmdesk.core.image.header_other import ImageHeader, Span, claims_too_much, damaged, refused

HEAD = 64 * 1024
"""Bytes from the start of a file that are enough to tell and check a qcow2 image."""

QCOW2_MAGIC = b"QFI\xfb"

MAX_L1_BYTES = 32 * 1024**2
MAX_REFCOUNT_TABLE_BYTES = 8 * 1024**2
MAX_SNAPSHOTS = 256
MIN_CLUSTER_BITS, MAX_CLUSTER_BITS = 9, 21
MAX_REFCOUNT_ORDER = 6

_DIRTY, _CORRUPT, _DATA_FILE, _COMPRESSION, _EXTENDED_L2 = (1 << bit for bit in range(5))
_KNOWN_FEATURES = _DIRTY | _COMPRESSION | _EXTENDED_L2

_END = 0
_BACKING_FORMAT = 0xE2792ACA
_DATA_FILE_NAME = 0x44415441
_ENCRYPTION = 0x0537BE77


@dataclass(frozen=True, slots=True)
class _Fields:
    """The fixed fields of a qcow2 header, versions 2 and 3."""

    version: int
    backing_offset: int
    backing_size: int
    cluster_bits: int
    size: int
    encryption: int
    l1_entries: int
    l1_offset: int
    refcount_offset: int
    refcount_clusters: int
    snapshots: int
    snapshots_offset: int


def detect(head: bytes) -> str | None:
    """Tell an image's format by its first bytes; None if it has no magic (it may be raw)."""
    if head.startswith(QCOW2_MAGIC):
        return "qcow2"
    return header_other.detect(head)


def check_head(head: bytes, file_size: int, format: str) -> ImageHeader:  # noqa: A002
    """Check a qcow2 or raw image by its first ``HEAD`` bytes (all of a smaller file).

    Raises ``OperationError`` for an image that isn't what it is called, refers to another file,
    is encrypted or damaged, or claims an absurd size.
    """
    found = detect(head)
    if format == "raw":
        if found is not None:
            refused(_("The disk is called raw, but is a {format} image.").format(format=found))
        if file_size > header_other.MAX_VIRTUAL_SIZE:
            claims_too_much(file_size)
        return ImageHeader("raw", file_size)
    if format != "qcow2":
        refused(_("Disks of the format {format} are not accepted.").format(format=format[:20]))
    if found != "qcow2":
        refused(_("The disk is called qcow2, but is none."))
    return _check_qcow2(head, file_size)


def check_file(descriptor: int) -> ImageHeader:
    """Check an image of any format that ``detect`` knows, and return what it is."""
    return check_span(Span(descriptor, 0, os.fstat(descriptor).st_size))


def check_span(image: Span) -> ImageHeader:
    """Like ``check_file``, for an image that may be a part of a file."""
    head = image.read(HEAD, 0) if image.size else b""
    found = detect(head)
    if found in {None, "qcow2"}:
        return check_head(head, image.size, found or "raw")
    return header_other.check(image, head)


def _check_qcow2(head: bytes, file_size: int) -> ImageHeader:
    fields, features, header_length = _parse_fields(head)
    if fields.backing_offset or fields.backing_size:
        refused(_("The disk image is based on another file, which it does not bring along."))
    if features & _DATA_FILE:
        refused(_("The disk image keeps its data in another file."))
    if fields.encryption:
        refused(_("The disk image is encrypted."))
    if features & _CORRUPT:
        damaged("marked as corrupt")
    if features & ~_KNOWN_FEATURES:
        refused(_("The disk image uses something that is not known here."))
    if not MIN_CLUSTER_BITS <= fields.cluster_bits <= MAX_CLUSTER_BITS:
        damaged("cluster size")
    if fields.size > header_other.MAX_VIRTUAL_SIZE:
        claims_too_much(fields.size)
    _check_tables(fields, file_size)
    _check_extensions(head, header_length, 1 << fields.cluster_bits)
    return ImageHeader("qcow2", fields.size)


def _parse_fields(head: bytes) -> tuple[_Fields, int, int]:
    if len(head) < 104:
        damaged("too short")
    fields = _Fields(*struct.unpack_from(">IQIIQIIQQIIQ", head, 4))
    if fields.version == 2:
        return fields, 0, 72
    if fields.version != 3:
        refused(_("The disk image has a version of qcow2 that is not known here."))
    features, _compatible, _autoclear, refcount_order, header_length = struct.unpack_from(
        ">QQQII", head, 72
    )
    if refcount_order > MAX_REFCOUNT_ORDER or header_length < 104 or header_length % 8:
        damaged("header length")
    return fields, features, header_length


def _check_tables(fields: _Fields, file_size: int) -> None:
    cluster = 1 << fields.cluster_bits
    # One L1 entry stands for a cluster of L2 entries of 8 bytes (16 with sub-clusters).
    most_per_entry = cluster * cluster // 8
    tables = (
        (fields.l1_offset, fields.l1_entries * 8, MAX_L1_BYTES),
        (
            fields.refcount_offset,
            fields.refcount_clusters * cluster,
            MAX_REFCOUNT_TABLE_BYTES,
        ),
        (fields.snapshots_offset if fields.snapshots else 0, fields.snapshots * 40, file_size),
    )
    for offset, length, most in tables:
        if (
            offset % cluster
            or length > most
            or offset + length > -(-file_size // cluster) * cluster
        ):
            damaged("a table lies outside of the file")
    if fields.snapshots > MAX_SNAPSHOTS or fields.l1_entries * most_per_entry < fields.size:
        damaged("the size of a table")


def _check_extensions(head: bytes, at: int, cluster: int) -> None:
    end = min(len(head), cluster)
    while at + 8 <= end:
        kind, length = struct.unpack_from(">II", head, at)
        if kind == _END:
            return
        if kind == _DATA_FILE_NAME:
            refused(_("The disk image keeps its data in another file."))
        if kind == _BACKING_FORMAT:
            refused(_("The disk image is based on another file, which it does not bring along."))
        if kind == _ENCRYPTION:
            refused(_("The disk image is encrypted."))
        at += 8 + -(-length // 8) * 8
    damaged("header extensions without an end")
