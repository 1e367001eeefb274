"""Unpack one member of a bundle into a new file, holes as holes, hashed on the way."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path

from vmdesk.core import sparse
from vmdesk.core.bundle.digest import Digest
from vmdesk.core.bundle.header import damaged
from vmdesk.core.bundle.reader import Archive, Member


def create_file(path: Path) -> int:
    """Open a new file for reading and writing; never one that exists or is linked to."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    return os.open(path, flags, 0o600)


def unpack(
    archive: Archive,
    member: Member,
    target: int,
    needs_digest: bool,
    is_dense: bool,
    advance: Callable[[int], object],
) -> str | None:
    """Write a member's data into an empty open file and return the SHA-256 of what was stored.

    Where nobody needs the digest it is None. Then the kernel shares blocks if it can, or copies
    what ``is_dense``; else long runs of zeros become holes. ``advance`` is called with each
    number of further bytes and may raise to stop.
    """
    digest = None
    if needs_digest:
        with Digest() as hashing:
            hashing.update(member.map_block)
            _pump(archive, member, target, hashing.update, advance)
        digest = hashing.hexdigest()
    elif archive.is_plain and (is_dense or sparse.can_share(archive.descriptor, target)):
        _copy(archive, member, target, advance)
    else:
        _pump(archive, member, target, lambda _piece: None, advance)
    os.ftruncate(target, member.size)
    return digest


def _copy(archive: Archive, member: Member, target: int, advance: Callable[[int], object]) -> None:
    reported = 0

    def on_bytes(done: int) -> None:
        nonlocal reported
        archive.skip(done - reported)
        advance(done - reported)
        reported = done

    for extent in member.layout:
        start = archive.position
        reported = 0
        try:
            sparse.copy_range(
                archive.descriptor, start, target, extent.start, extent.length, on_bytes
            )
        except EOFError as exc:
            raise damaged("its file became shorter") from exc


def _pump(
    archive: Archive,
    member: Member,
    target: int,
    look: Callable[[bytes], object],
    advance: Callable[[int], object],
) -> None:
    for extent in member.layout:
        for at in range(extent.start, extent.end, sparse.CHUNK):
            piece = archive.read(min(sparse.CHUNK, extent.end - at))
            look(piece)
            sparse.write_sparse(target, piece, at)
            sparse.begin_writeback(target, at + len(piece), len(piece))
            advance(len(piece))


def read_through(
    archive: Archive, member: Member, head_size: int, advance: Callable[[int], object]
) -> tuple[str, bytes]:
    """Read a member without writing it; return the SHA-256 of what is stored and its head."""
    head = bytearray(min(head_size, member.size))
    with Digest() as digest:
        digest.update(member.map_block)
        for extent in member.layout:
            for at in range(extent.start, extent.end, sparse.CHUNK):
                piece = archive.read(min(sparse.CHUNK, extent.end - at))
                digest.update(piece)
                if at < len(head):
                    useful = piece[: len(head) - at]
                    head[at : at + len(useful)] = useful
                advance(len(piece))
    return digest.hexdigest(), bytes(head)


def digest_of(data: bytes) -> str:
    """Return the SHA-256 of bytes that are in memory anyway."""
    return hashlib.sha256(data).hexdigest()


def read_head(archive: Archive, member: Member, size: int) -> bytes:
    """Return the first bytes of the unpacked file; what is passed over can't be read again."""
    head = bytearray(min(size, member.size))
    for extent in member.layout:
        length = min(extent.end, len(head)) - extent.start
        if length <= 0:
            break
        head[extent.start : extent.start + length] = archive.read(length)
        if length < extent.length:
            break
    return bytes(head)
