"""What the doctor may find, for pictures and layout."""

from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.i18n import _
from vmdesk.core.mend import Deed, Mend

_JOIN = Mend(_("Join the group"), ("pkexec", "usermod", "-aG", "libvirt", "ann"))
_NETWORK = Mend(_("Start it"), ("virsh", "-c", "qemu:///system", "net-start", "default"))
_LOGIN = Mend(_("Log in anew"), ("loginctl", "terminate-user", "ann"), Deed.COPY)
_VERSION = _("Version {version}; it {gives}.")
_UNLOADED = _("The kernel’s module for KVM is not loaded, so machines run many times slower.")
_INACTIVE = _("It is not active, so machines that use it don’t start.")
_CLOSED = _("{path} can’t be written to, so no disk or ISO can be kept there.")
_FULL = _("Only {free} are free: machines stop when nothing is left.")
_MISSING = _("It is missing; it {gives}.")
_MEMBER = _("{user} is no member, which only the system’s machines need.")


def _good(check: str, text: str) -> Finding:
    return Finding(check, State.GOOD, text)


def _bad(check: str, text: str, *mends: Mend) -> Finding:
    return Finding(check, State.BROKEN, text, mends)


GOOD = (
    _good("processor", _("Guests can have guests.")),
    _good("qemu-img", _VERSION.format(version="10.0", gives=_("makes, grows and converts disks"))),
    _good("firmware", _("It is active, and starts with the computer.")),
    _good("room", _("{free} are free for disks and ISOs.").format(free="212 GiB")),
    Finding("group", State.UNNEEDED, _MEMBER.format(user="ann")),
    Finding("denials", State.UNCHECKED, _("You may read no log that would have what they deny.")),
)
BAD = (
    _bad("connection", _("libvirt did not let you in."), _JOIN, _LOGIN),
    _bad("module", _UNLOADED),
    _bad("network", _INACTIVE, _NETWORK),
    _bad("folders", _CLOSED.format(path="/srv/disks")),
    _bad("room", _FULL.format(free="180 MiB")),
    Finding("virt-viewer", State.WARNING, _MISSING.format(gives=_("shows their screens"))),
)
