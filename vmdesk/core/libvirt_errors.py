"""Say in a user's words what libvirt's errors mean, by the table of causes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import libvirt

from vmdesk.core import causes
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError

if TYPE_CHECKING:
    from vmdesk.core.causes import Known

_UNSUPPORTED = {
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
}


def translate(error: libvirt.libvirtError) -> OperationError:
    """Turn an error of libvirt into one for the user; the original is kept in the details."""
    message = error.get_error_message() or str(error)
    return _told(causes.of_libvirt(error), message, error.get_error_code() in _UNSUPPORTED)


def _told(known: Known | None, message: str, is_unsupported: bool = False) -> OperationError:
    if known is not None:
        return known.error(message)
    if is_unsupported:
        summary = _("libvirt or QEMU on this computer can’t do this.")
    else:
        summary = _("libvirt could not do this.")
    return OperationError(summary, _("Details has its words."), message)


def garbled_words(error: SystemError) -> str | None:
    """Return what libvirt said where its Python binding could not read that; ``None`` for others.

    libvirt 9.0 passes on memory that nothing was written to, seen when QEMU's bridge helper fails.
    """
    broken = error.__cause__
    if not isinstance(broken, UnicodeDecodeError):
        return None
    return broken.object.decode(errors="replace")


@contextmanager
def translated() -> Iterator[None]:
    """Inside, every ``libvirtError`` leaves as an ``OperationError``."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise translate(error) from error
    except SystemError as error:
        words = garbled_words(error)
        if words is None:
            raise
        raise _told(causes.of_program(words), words) from error
