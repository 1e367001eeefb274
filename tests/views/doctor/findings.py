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
_COPIES = _("Exports and copies take time and room here; XFS and btrfs would share blocks.")


def _good(title: str, text: str) -> Finding:
    return Finding(title, title, State.GOOD, text)


def _bad(title: str, text: str, *mends: Mend) -> Finding:
    return Finding(title, title, State.BROKEN, text, mends)


GOOD = (
    _good(_("Processor"), _("Guests can have guests.")),
    _good("qemu-img", _VERSION.format(version="10.0", gives=_("makes, grows and converts disks"))),
    _good(_("UEFI firmware"), _("It is active, and starts with the computer.")),
    _good(_("Free room"), _("{free} are free for disks and ISOs.").format(free="212 GiB")),
)
BAD = (
    _bad(_("Group “libvirt”"), _("libvirt did not let you in."), _JOIN, _LOGIN),
    _bad(_("KVM in the kernel"), _UNLOADED),
    _bad(_("Network “default”"), _INACTIVE, _NETWORK),
    _bad(_("Folders"), _CLOSED.format(path="/srv/disks")),
    _bad(_("Free room"), _FULL.format(free="180 MiB")),
    Finding("copy", _("Fast copies"), State.WARNING, _COPIES),
)
