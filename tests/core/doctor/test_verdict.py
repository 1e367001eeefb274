"""What everything together means for a user, in one sentence."""

import pytest

from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.doctor.verdict import verdict


@pytest.mark.parametrize(
    ("states", "words", "state"),
    [
        ({}, "what it needs is there", State.GOOD),
        ({"libvirt": State.BROKEN, "connection": State.BROKEN}, "not installed", State.BROKEN),
        ({"connection": State.BROKEN, "device": State.BROKEN}, "reached", State.BROKEN),
        ({"connection": State.UNCHECKED, "device": State.BROKEN}, "not known", State.UNCHECKED),
        ({"emulator": State.BROKEN, "room": State.BROKEN}, "can’t start", State.BROKEN),
        ({"qemu-img": State.BROKEN, "network": State.BROKEN}, "qemu-img", State.WARNING),
        ({"folders": State.BROKEN}, "no folder", State.WARNING),
        ({"room": State.BROKEN}, "room", State.WARNING),
        ({"readers": State.BROKEN}, "your ISOs", State.WARNING),
        ({"network": State.BROKEN, "device": State.BROKEN}, "“default”", State.WARNING),
        ({"device": State.BROKEN}, "slow without KVM", State.WARNING),
        ({"processor": State.WARNING}, "slow without KVM", State.WARNING),
        ({"processor": State.WARNING, "kvm trial": State.GOOD}, "could be better", State.WARNING),
        ({"swtpm": State.WARNING}, "could be better", State.WARNING),
        ({"denials": State.UNCHECKED, "group": State.UNNEEDED}, "is there", State.GOOD),
    ],
)
def test_the_worst_counts(states: dict[str, State], words: str, state: State) -> None:
    found = verdict([Finding(check, one, "") for check, one in states.items()])
    assert words in found.text
    assert found.state is state
