"""Say in a user's words what libvirt's errors mean.

By numbers wherever there are any: the daemon's sentences come in the language that it runs in.
"""

import errno
import re
from collections.abc import Iterator
from contextlib import contextmanager

import libvirt

from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError

# https://libvirt.org/html/libvirt-virterror.html
_TRANSPORT = {libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR}
_UNSUPPORTED = {
    libvirt.VIR_ERR_NO_SUPPORT,
    libvirt.VIR_ERR_CONFIG_UNSUPPORTED,
    libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED,
    libvirt.VIR_ERR_OPERATION_UNSUPPORTED,
}

_NOT_LET_IN = (
    _("libvirt did not let you in."),
    _("Join the group “libvirt”, or use your own machines with --connect qemu:///session."),
)
_NOT_ALLOWED = (
    _("libvirt does not allow this on a read-only or restricted connection."),
    _("Connect as a user who may change virtual machines."),
)

_BY_CODE = {
    libvirt.VIR_ERR_NO_CONNECT: (
        _("libvirt knows no connection of this kind."),
        _("Use --connect qemu:///session for your own machines, or qemu:///system."),
    ),
    libvirt.VIR_ERR_AUTH_FAILED: _NOT_LET_IN,
    libvirt.VIR_ERR_AUTH_UNAVAILABLE: _NOT_LET_IN,
    libvirt.VIR_ERR_AUTH_CANCELLED: _NOT_LET_IN,
    libvirt.VIR_ERR_OPERATION_DENIED: _NOT_ALLOWED,
    libvirt.VIR_ERR_ACCESS_DENIED: _NOT_ALLOWED,
    libvirt.VIR_ERR_OPERATION_TIMEOUT: (
        _("The virtual machine is busy with something else."),
        _("Wait until that is done and try again."),
    ),
    libvirt.VIR_ERR_NO_NETWORK: (
        _("The virtual network of this machine does not exist."),
        _("Choose another in its properties; “virsh net-list --all” shows those there are."),
    ),
}

# What QEMU says, and what of it libvirt's own checks say first.
_BY_WORDS = (
    (
        ("failed to initialize kvm", "could not access kvm", "support virt type 'kvm'"),
        _("KVM does not work on this computer, but this machine asks for it."),
        _("Start it without KVM (slower), or check that virtualization is on in the firmware."),
        Cause.NO_KVM,
    ),
    (
        ("cannot set up guest memory", "cannot allocate memory"),
        _("There is not enough free memory to start this virtual machine."),
        _("Close other programs or machines, or give this one less memory."),
        Cause.FAILED,
    ),
    (
        ('failed to get "write" lock', "failed to get shared"),
        _("A disk of this virtual machine is in use by another program."),
        _("Stop the machine or program that uses it and try again."),
        Cause.FAILED,
    ),
    (
        ("permission denied",),
        _("QEMU may not read a file that this virtual machine needs."),
        _("Check the permissions of the file and of the folders above it."),
        Cause.FAILED,
    ),
)


def is_lost_connection(error: libvirt.libvirtError) -> bool:
    """Tell whether ``error`` means that the daemon went away, rather than that it said no."""
    code = error.get_error_code()
    is_transport = error.get_error_domain() == libvirt.VIR_FROM_RPC and code in _TRANSPORT
    return is_transport or code in (libvirt.VIR_ERR_INVALID_CONN, libvirt.VIR_ERR_RPC)


def translate(error: libvirt.libvirtError) -> OperationError:
    """Turn an error of libvirt into one for the user; the original is kept in the details."""
    code = error.get_error_code()
    message = error.get_error_message() or str(error)
    if is_lost_connection(error):
        return OperationError(*_transport(error, message), message)
    if code in _BY_CODE:
        return OperationError(*_BY_CODE[code], message)
    if code == libvirt.VIR_ERR_NO_DOMAIN:
        return OperationError(
            _("This virtual machine does not exist any more."),
            _("It may have been deleted by another program."),
            message,
            Cause.NOT_FOUND,
        )
    if code == libvirt.VIR_ERR_OPERATION_INVALID:
        return _invalid(error, message)
    for words, summary, hint, cause in _BY_WORDS:
        if any(word in message.lower() for word in words):
            return OperationError(summary, hint, message, cause)
    if code in _UNSUPPORTED:
        summary = _("libvirt or QEMU on this computer can't do this.")
    else:
        summary = _("libvirt could not do this.")
    return OperationError(summary, _("Details has its words."), message)


def _transport(error: libvirt.libvirtError, message: str) -> tuple[str, str]:
    """Tell a daemon that was never reached from one that went away. ssh speaks through libvirt."""
    number = error.get_int1()
    if number in (errno.EACCES, errno.EPERM):
        return _NOT_LET_IN
    if number in (errno.ENOENT, errno.ECONNREFUSED, errno.EHOSTUNREACH) or "ssh:" in message:
        return (
            _("libvirt is not running, or can't be reached."),
            _("Start the service libvirtd, or use --connect qemu:///session, which needs none."),
        )
    return (
        _("The connection to libvirt was lost."),
        _("Try again in a moment; the window reconnects by itself."),
    )


def _invalid(error: libvirt.libvirtError, message: str) -> OperationError:
    if error.get_error_domain() == libvirt.VIR_FROM_NETWORK:
        name = re.search(r"'(.+)'", message)
        network = name[1] if name else "default"
        return OperationError(
            _("The virtual network “{name}” is not running.").format(name=network),
            _("Start it with: virsh net-start {name}").format(name=network),
            message,
        )
    return OperationError(
        _("This can't be done in the state that the virtual machine is in."),
        "",
        message,
        Cause.WRONG_STATE,
    )


@contextmanager
def translated() -> Iterator[None]:
    """Inside, every ``libvirtError`` leaves as an ``OperationError``."""
    try:
        yield
    except libvirt.libvirtError as error:
        raise translate(error) from error
