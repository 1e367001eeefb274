"""Check that libvirt is there, lets this user in, and what it says of itself."""

import grp
import os
from urllib.parse import urlsplit

import libvirt

from vmdesk.core import causes
from vmdesk.core.doctor import packages
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.doctor.reach import reached
from vmdesk.core.i18n import _
from vmdesk.core.libvirt_errors import translate
from vmdesk.core.mend import Deed, Mend, as_root, user_name

GROUP = "libvirt"

_SOCKETS = ("/run/libvirt/virtqemud-sock", "/run/libvirt/libvirt-sock")
_DAEMONS = ("libvirtd", "virtqemud")
_BINARIES = ("/usr/sbin", "/usr/bin", "/usr/libexec", "/usr/local/sbin")


def is_installed(surroundings: Surroundings) -> Finding:
    """Tell whether a libvirt daemon is installed, and which version vmdesk speaks through."""
    version = version_text(libvirt.getVersion())
    daemon = _daemon(surroundings)
    if daemon is None:
        return Finding(
            "libvirt",
            State.BROKEN,
            _("The part of libvirt that runs machines is not installed: {packages}.").format(
                packages=packages.names("libvirt")
            ),
            packages.install("libvirt", surroundings.root),
        )
    meaning = _("{daemon} is installed; vmdesk speaks through libvirt {version}.")
    return Finding("libvirt", State.GOOD, meaning.format(daemon=daemon, version=version))


def _daemon(surroundings: Surroundings) -> str | None:
    places = [surroundings.path(f"{folder}/{name}") for folder in _BINARIES for name in _DAEMONS]
    return next((place.name for place in places if place.exists()), None)


def opens(surroundings: Surroundings) -> Finding:
    """Tell whether the connection opens, as whom, and which version answers."""
    if surroundings.is_session and surroundings.is_here and _daemon(surroundings) is None:
        # libvirt itself would wait for seconds for a daemon that it can't start.
        meaning = _("There is nothing to connect to: libvirt is not installed.")
        return Finding("connection", State.BROKEN, meaning)
    try:
        with reached(surroundings) as connection:
            # Not that of QEMU, which libvirt finds out in seconds when it is asked first.
            version = version_text(connection.getLibVersion())
    except libvirt.libvirtError as error:
        told = translate(error)
        known = causes.of_libvirt(error)
        # They would mend this computer.
        mends = known.mends if known is not None and surroundings.is_here else ()
        advice = "" if mends else told.hint
        return Finding("connection", State.BROKEN, told.summary, mends, told.details, advice)
    meaning = _("{uri} answers to {user}, by libvirt {version}.").format(
        uri=surroundings.uri, user=user_name(), version=version
    )
    return Finding("connection", State.GOOD, meaning)


def other_instance(surroundings: Surroundings) -> Finding:
    """Tell whether the system's libvirt runs and lets this user in, beside the user's own."""
    check = "system instance"
    socket = next((p for p in map(surroundings.path, _SOCKETS) if p.exists()), None)
    is_wanted = urlsplit(surroundings.uri).path == "/system"
    if socket is None:
        state = State.BROKEN if is_wanted else State.UNNEEDED
        meaning = _("The system’s libvirt does not run.")
        if not is_wanted:
            meaning = _("The system’s libvirt does not run; your own machines don’t need it.")
        return Finding(check, state, meaning)
    if not os.access(socket, os.R_OK | os.W_OK):
        state = State.BROKEN if is_wanted else State.UNNEEDED
        meaning = _("The system’s libvirt runs, but its socket is closed to {user}.")
        return Finding(check, state, meaning.format(user=user_name()))
    meaning = _("The system’s libvirt runs and lets {user} in: --connect qemu:///system.")
    return Finding(check, State.GOOD, meaning.format(user=user_name()))


def is_member(surroundings: Surroundings) -> Finding:
    """Tell whether this user is in the group that may use the system's libvirt."""
    check = "group"
    if os.geteuid() == 0:
        return Finding(check, State.GOOD, _("root may use the system’s libvirt."))
    try:
        group = grp.getgrnam(GROUP)
    except KeyError:
        meaning = _("There is no group “libvirt” here; the administrator’s password is asked for.")
        return Finding(check, State.UNNEEDED, meaning)
    if group.gr_gid in {*os.getgroups(), os.getegid()}:
        meaning = _("{user} is a member and may use the system’s libvirt.")
        return Finding(check, State.GOOD, meaning.format(user=user_name()))
    if user_name() in group.gr_mem:
        meaning = _("{user} has joined it, but it counts only from the next login.")
        mend = Mend(_("Log in anew"), ("loginctl", "terminate-user", user_name()), Deed.COPY)
        return Finding(check, State.WARNING, meaning.format(user=user_name()), (mend,))
    if surroundings.is_session:
        meaning = _("{user} is no member, which only the system’s machines need.")
        return Finding(check, State.UNNEEDED, meaning.format(user=user_name()))
    meaning = _(
        "{user} is no member, so the system’s libvirt may ask for a password or refuse; joining "
        "counts from the next login."
    )
    mend = as_root(_("Join the group"), "usermod", "-a", "-G", GROUP, user_name())
    return Finding(check, State.WARNING, meaning.format(user=user_name()), (mend,))


def version_text(number: int) -> str:
    """Write a version as libvirt numbers it: 9000000 is 9.0.0."""
    return f"{number // 1_000_000}.{number // 1000 % 1000}.{number % 1000}"
