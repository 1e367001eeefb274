"""Tell a disc image from a web page by what it contains."""

import re
from pathlib import Path

from vmdesk.core.formatting import KIB, size
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError, WrongFileError

SECTOR = 2 * KIB
HEAD_SIZE = 17 * SECTOR
"""Bytes from the beginning of a file that show what it is: to the first volume descriptor's end."""

_DESCRIPTOR = 16 * SECTOR
# ECMA-119 (ISO 9660) 8.1.2 and ECMA-167 (UDF) 2/9.1.2.
_VOLUME_MARKS = (b"CD001", b"BEA01", b"NSR02", b"NSR03")
_BOOT_SIGNATURE = b"\x55\xaa"
_WEB_PAGE = re.compile(
    rb"(\xef\xbb\xbf)?\s*(<!doctype html|<html|<head|<\?xml|<!--)", re.IGNORECASE
)
_PACKED_MARKS = (b"\x1f\x8b", b"\xfd7zXZ\0", b"BZh", b"\x28\xb5\x2f\xfd", b"PK\3\4", b"7z\xbc\xaf")
# Writers of CDs append 150 sectors that reading the disc back may lose.
_LOSABLE = 150 * SECTOR


def head_of(path: Path) -> bytes:
    """Return the beginning of a file, as much of it as ``is_disc`` looks at."""
    with path.open("rb") as file:
        return file.read(HEAD_SIZE)


def is_disc(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` is an ISO, a UDF or a bootable raw image."""
    return is_volume(head) or head[510:512] == _BOOT_SIGNATURE


def is_volume(head: bytes) -> bool:
    """Tell whether a file that begins with ``head`` is an ISO or a UDF."""
    return head[_DESCRIPTOR + 1 : _DESCRIPTOR + 6] in _VOLUME_MARKS


def require_disc(head: bytes, name: str) -> None:
    """Raise an ``OperationError`` that says what ``head`` is if it begins no disc image."""
    if is_disc(head):
        return
    hint = _("Give the address of the ISO file itself.")
    if not head:
        summary = _("{name} is empty.")
    elif _WEB_PAGE.match(head):
        summary = _("{name} is a web page, not a disc image.")
        hint = _("Open it in a browser and copy the address of its download link.")
    elif head.startswith(_PACKED_MARKS):
        summary = _("{name} is a compressed file, not a disc image.")
        hint = _("Unpack it first and use the ISO file that it holds.")
    else:
        summary = _("{name} is not a disc image.")
    raise WrongFileError(summary.format(name=name), hint)


def require_whole(head: bytes, length: int, name: str) -> None:
    """Raise ``OperationError`` if an ISO 9660 image says that it is longer than ``length`` bytes.

    A server that announces too small a length leaves no other trace. The size of the volume is
    in ECMA-119 8.4.8.
    """
    if head[_DESCRIPTOR : _DESCRIPTOR + 6] != b"\x01CD001":
        return
    sectors = int.from_bytes(head[_DESCRIPTOR + 80 : _DESCRIPTOR + 84], "little")
    if sectors * SECTOR - length > _LOSABLE:
        raise OperationError(
            _("{name} is incomplete: {there} of {all}.").format(
                name=name, there=size(length), all=size(sectors * SECTOR)
            ),
            _("The server’s copy is damaged. Try another server."),
            cause=Cause.BAD_INPUT,
        )
