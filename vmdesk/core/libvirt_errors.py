"""Say in a user's words what libvirt's errors mean."""

from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

# https://libvirt.org/html/libvirt-virterror.html
_GONE = {
    libvirt.VIR_ERR_NO_CONNECT,
    libvirt.VIR_ERR_INVALID_CONN,
    libvirt.VIR_ERR_RPC,
}

_LOST_WORDS = (
    "client socket is closed",
    "end of file while reading",
    "cannot recv data",
    "connection reset",
    "broken pipe",
    "failed to connect socket",
    "internal error: client",
)


def is_lost_connection(error: libvirt.libvirtError) -> bool:
    """Tell whether ``error`` means that the daemon went away, rather than that it said no."""
    if error.get_error_code() in _GONE:
        return True
    is_transport = error.get_error_domain() in (libvirt.VIR_FROM_RPC, libvirt.VIR_FROM_REMOTE)
    message = str(error).lower()
    return is_transport and any(words in message for words in _LOST_WORDS)


def translate(error: libvirt.libvirtError) -> OperationError:
    """Turn an error of libvirt into one for the user; the original is kept in the details."""
    code = error.get_error_code()
    message = error.get_error_message() or str(error)
    if is_lost_connection(error):
        return OperationError(
            _("The connection to libvirt was lost."),
            _("vmdesk reconnects by itself; try again in a moment."),
            message,
        )
    if code == libvirt.VIR_ERR_NO_DOMAIN:
        return OperationError(
            _("This virtual machine does not exist any more."),
            _("It may have been deleted by another program."),
            message,
            Cause.NOT_FOUND,
        )
    if code in (libvirt.VIR_ERR_AUTH_FAILED, libvirt.VIR_ERR_AUTH_UNAVAILABLE):
        return OperationError(
            _("libvirt did not let you in."),
            _("Join the group “libvirt”, or use your own machines with --connect qemu:///session."),
            message,
        )
    if code in (libvirt.VIR_ERR_OPERATION_DENIED, libvirt.VIR_ERR_ACCESS_DENIED):
        return OperationError(
            _("libvirt does not allow this on a read-only or restricted connection."),
            _("Connect as a user who may change virtual machines."),
            message,
        )
    if code == libvirt.VIR_ERR_OPERATION_INVALID:
        return OperationError(
            _("This can't be done in the state that the virtual machine is in."),
            "",
            message,
            Cause.WRONG_STATE,
        )
    return _translate_message(message)


def _translate_message(message: str) -> OperationError:
    lower = message.lower()
    if "failed to initialize kvm" in lower or "could not access kvm" in lower:
        return OperationError(
            _("This computer announces KVM, but it does not work."),
            _("Start it without KVM (slower), or check that virtualization is on in the firmware."),
            message,
            Cause.NO_KVM,
        )
    if "cannot set up guest memory" in lower or "cannot allocate memory" in lower:
        return OperationError(
            _("There is not enough free memory to start this virtual machine."),
            _("Close other programs or machines, or give this one less memory."),
            message,
        )
    if 'failed to get "write" lock' in lower or "failed to get shared" in lower:
        return OperationError(
            _("A disk of this virtual machine is in use by another program."),
            _("Stop the machine or program that uses it and try again."),
            message,
        )
    if "permission denied" in lower:
        return OperationError(
            _("QEMU may not read a file that this virtual machine needs."),
            _("Check the permissions of the file and of the folders above it."),
            message,
        )
    if "network" in lower and "is not active" in lower:
        return OperationError(
            _("The virtual network of this machine is not running."),
            _("Start it with: virsh net-start default"),
            message,
        )
    return OperationError(_("libvirt could not do this."), _("Details has its words."), message)


@contextmanager
def translated() -> Iterator[None]:
    """Inside, every ``libvirtError`` leaves as an ``OperationError``."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise translate(error) from error
