"""Causes between vmdesk and libvirt: not there, not let in, gone, or forbidden."""

import errno

import libvirt

from vmdesk.core.causes.row import Row
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause

_NOT_LET_IN = _("libvirt did not let you in.")
_JOIN = _("Join the group “libvirt”, or use your own machines with --connect qemu:///session.")
_NOT_REACHED = _("libvirt is not running, or can’t be reached.")

REACHING: tuple[Row, ...] = (
    Row(
        "socket closed",
        _NOT_LET_IN,
        _JOIN,
        numbers=frozenset({errno.EACCES, errno.EPERM}),
        is_lost=True,
        button=_("Join the group"),
        command=("usermod", "-a", "-G", "libvirt", "{user}"),
        needs_root=True,
    ),
    Row(
        "ssh refused",
        _("The other computer did not let you in."),
        _("Set up a key with ssh-copy-id, and try ssh to it in a terminal first."),
        words=r"permission denied \([a-z,-]+\)",
        is_lost=True,
        cause=Cause.NOT_LET_IN,
    ),
    Row(
        "ssh key unknown",
        _("The other computer is not known, or not the one that it was."),
        _("Connect to it with ssh in a terminal once and compare its key."),
        words="host key verification failed",
        is_lost=True,
        cause=Cause.NOT_LET_IN,
    ),
    Row(
        "no certificate",
        _("A certificate for the connection to libvirt is missing."),
        _("Put it at {path}, or connect by qemu+ssh:// instead."),
        words=r"certificate '(?P<path>[^']+)'",
        is_lost=True,
    ),
    Row(
        "host unknown",
        _NOT_REACHED,
        _("No computer of the name {name} is found; check the name and the network."),
        words=r"resolve address '(?P<name>[^']+)'",
        is_lost=True,
    ),
    Row(
        "host not reached",
        _NOT_REACHED,
        _("Check that the other computer is on, and that ssh to it works in a terminal."),
        words="ssh:",
        is_lost=True,
    ),
    Row(
        "not running",
        _NOT_REACHED,
        _("Start the service libvirtd, or use --connect qemu:///session, which needs none."),
        numbers=frozenset({errno.ENOENT, errno.ECONNREFUSED, errno.EHOSTUNREACH}),
        is_lost=True,
        button=_("Start libvirt"),
        command=("systemctl", "enable", "--now", "libvirtd.socket"),
        needs_root=True,
    ),
    Row(
        "connection lost",
        _("The connection to libvirt was lost."),
        _("Try again in a moment; the window reconnects by itself."),
        is_lost=True,
    ),
)

RIGHTS: tuple[Row, ...] = (
    Row(
        "no such connection",
        _("libvirt knows no connection of this kind."),
        _("Use --connect qemu:///session for your own machines, or qemu:///system."),
        codes=frozenset({libvirt.VIR_ERR_NO_CONNECT}),
    ),
    Row(
        "not let in",
        _NOT_LET_IN,
        _JOIN,
        codes=frozenset(
            {
                libvirt.VIR_ERR_AUTH_FAILED,
                libvirt.VIR_ERR_AUTH_UNAVAILABLE,
                libvirt.VIR_ERR_AUTH_CANCELLED,
            }
        ),
        cause=Cause.NOT_LET_IN,
        button=_("Join the group"),
        command=("usermod", "-a", "-G", "libvirt", "{user}"),
        needs_root=True,
    ),
    Row(
        "read-only connection",
        _("libvirt does not allow this on a read-only or restricted connection."),
        _("Connect as a user who may change virtual machines."),
        codes=frozenset({libvirt.VIR_ERR_OPERATION_DENIED, libvirt.VIR_ERR_ACCESS_DENIED}),
    ),
)
