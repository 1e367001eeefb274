"""Say in one sentence what all findings together mean for the user."""

from collections.abc import Sequence
from dataclasses import dataclass

from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.i18n import _

_PREVENTS = {
    "libvirt": _("You can’t use virtual machines yet: libvirt is not installed."),
    "connection": _("You can’t use virtual machines yet: libvirt can’t be reached."),
    "emulator": _("You can’t start virtual machines yet: the emulator does not work."),
}
_LIMITS = {
    "qemu-img": _("You can use your machines, but make no new ones without qemu-img."),
    "folders": _("You can use your machines, but new ones have no folder to be kept in."),
    "room": _("You can use vmdesk, but hardly any room is left for machines."),
    "readers": _("You can use vmdesk, but the system’s machines can’t read your ISOs."),
    "network": _("You can use vmdesk, but machines in the network “default” don’t start."),
}
"""What a broken thing means, the worst first."""

_FOR_SPEED = ("processor", "module", "device", "kvm trial")


@dataclass(frozen=True, slots=True)
class Verdict:
    """The sentence; ``state`` tells whether vmdesk can be used: well, with limits, or not yet."""

    text: str
    state: State


def verdict(findings: Sequence[Finding]) -> Verdict:
    """Return what the findings mean; of several things that are wrong, the worst counts."""
    states = {finding.check: finding.state for finding in findings}
    for state, meanings in ((State.BROKEN, _PREVENTS), (State.WARNING, _LIMITS)):
        for check, meaning in meanings.items():
            if states.get(check) is State.BROKEN:
                return Verdict(meaning, state)
    if states.get("connection") is State.UNCHECKED:
        text = _("Whether you can use virtual machines is not known: libvirt does not answer.")
        return Verdict(text, State.UNCHECKED)
    if _is_slow(states):
        text = _("You can use vmdesk; machines will be slow without KVM.")
        return Verdict(text, State.WARNING)
    if State.BROKEN in states.values() or State.WARNING in states.values():
        return Verdict(_("You can use vmdesk; some things could be better."), State.WARNING)
    return Verdict(_("You can use vmdesk: what it needs is there."), State.GOOD)


def _is_slow(states: dict[str, State]) -> bool:
    if states.get("kvm trial") is State.GOOD:
        return False
    return any(states.get(check) in (State.BROKEN, State.WARNING) for check in _FOR_SPEED)
