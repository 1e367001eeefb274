"""What is free goes back to the system, where the C library is glibc."""

import ctypes

from vmdesk.core.formatting import KIB, MIB

# https://sourceware.org/glibc/manual/latest/html_node/Malloc-Tunable-Parameters.html, malloc.h
_M_TRIM_THRESHOLD, _M_TOP_PAD, _M_MMAP_THRESHOLD, _M_ARENA_MAX = -1, -2, -3, -8
_SPARE = 64 * KIB
"""Bytes that are kept for what comes next."""
_LARGE = MIB + _SPARE
"""Bytes from which a block is given back as soon as it is free: pictures are larger, and buffers of
streams, which come and go by the thousand, are not. Left alone, glibc raises it."""


def stay_small() -> None:
    """Give large blocks back at once from now on; to be called before there are threads.

    A picture of a screen has a megabyte. Without this, each thread that has held one keeps its
    room, and the next is put elsewhere: 5 MiB of 110 in a window of ten machines.
    """
    library = ctypes.CDLL(None)
    if not hasattr(library, "mallopt"):
        return
    for parameter, value in (
        (_M_ARENA_MAX, 1),
        (_M_MMAP_THRESHOLD, _LARGE),
        (_M_TRIM_THRESHOLD, 2 * _SPARE),
        (_M_TOP_PAD, _SPARE),
    ):
        library.mallopt(parameter, value)


def give_back() -> None:
    """Give back what is free between blocks that are in use: after a start a megabyte."""
    library = ctypes.CDLL(None)
    if hasattr(library, "malloc_trim"):
        library.malloc_trim(ctypes.c_size_t(0))
