"""Errors of libvirt that nothing on the tests' computer can be brought to raise."""

from collections.abc import Callable
from typing import Never

import libvirt


def refusing(code: int, words: str = "refused by the test") -> Callable[..., Never]:
    """Return what stands in for one of libvirt's functions and raises an error of ``code``."""

    def refuse(*_arguments: object) -> Never:
        error = libvirt.libvirtError("")
        error.err = (code, libvirt.VIR_FROM_QEMU, words, 2, None, None, None, -1, -1)
        raise error

    return refuse
