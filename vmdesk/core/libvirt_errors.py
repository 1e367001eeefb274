"""Say in a user's words what libvirt's errors mean, by the table of causes."""

from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from vmdesk.core import causes
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError

_UNSUPPORTED = {
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
}


def translate(error: libvirt.libvirtError) -> OperationError:
    """Turn an error of libvirt into one for the user; the original is kept in the details."""
    message = error.get_error_message() or str(error)
    known = causes.of_libvirt(error)
    if known is not None:
        return known.error(message)
    if error.get_error_code() in _UNSUPPORTED:
        summary = _("libvirt or QEMU on this computer can’t do this.")
    else:
        summary = _("libvirt could not do this.")
    return OperationError(summary, _("Details has its words."), message)


@contextmanager
def translated() -> Iterator[None]:
    """Inside, every ``libvirtError`` leaves as an ``OperationError``."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise translate(error) from error
