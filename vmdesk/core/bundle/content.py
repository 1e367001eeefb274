"""Tell by its content what a dropped file is: a bundle, a disk image, an installation disc."""

import enum
import os
import stat
from pathlib import Path

from vmdesk.core.bundle import compression, layout
from vmdesk.core.bundle.compression import Compression, DamagedStreamError
from vmdesk.core.i18n import _
from vmdesk.core.image import header

HEAD = 256 * 1024
"""Bytes from a file's start; zstd tells nothing of a block, up to 128 KiB, before it is whole."""

_ISO_MAGIC = (32769, b"CD001")
_TAR_BLOCK = 512


class Content(enum.Enum):
    """What a file is good for."""

    BUNDLE = "bundle"
    IMAGE = "image"
    DISC = "disc"


def identify(path: Path) -> Content:
    """Look into a file; raises ``OperationError`` if it is nothing that a machine is made of."""
    try:
        # Without O_NONBLOCK a pipe would be waited for.
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        raise layout.bad(_("{path} can’t be read.").format(path=path), details=str(exc)) from exc
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise layout.bad(_("{path} is not a file.").format(path=path))
    try:
        head = os.pread(descriptor, HEAD, 0)
    finally:
        os.close(descriptor)
    content = _classify(head)
    if content is None:
        raise layout.bad(
            _("{name} is no virtual machine, disk image or installation disc.").format(
                name=path.name
            ),
            _("It was judged by what it contains, not by its name."),
        )
    return content


def _classify(head: bytes) -> Content | None:
    try:
        start = compression.peek(head, _TAR_BLOCK)
    except DamagedStreamError:
        return None
    if _is_tar(start):
        return Content.BUNDLE
    if compression.detect(head) is not Compression.NONE:
        return None
    at, magic = _ISO_MAGIC
    if head[at : at + len(magic)] == magic:
        return Content.DISC
    if header.detect(head) is not None or _is_disk(head):
        return Content.IMAGE
    return None


def _is_tar(head: bytes) -> bool:
    if len(head) < _TAR_BLOCK or not head[0]:
        return False
    if head[257:262] == b"ustar":
        return True
    # The form of Version 7 has no magic, but a checksum.
    total = sum(head[:148]) + 8 * 32 + sum(head[156:512])
    field = head[148:156].strip(b" \0")
    return field.isdigit() and len(field) <= 7 and field == f"{total:o}".encode().zfill(len(field))


def _is_disk(head: bytes) -> bool:
    """Say whether a raw file starts like a disk: with a boot sector or a partition table."""
    return head[510:512] == b"\x55\xaa" or head[512:520] == b"EFI PART"
