"""All checks at once: in order, in time, and never stopped by one of them."""

import threading
import time

import pytest

from tests.core.doctor.conftest import Examine
from tests.ssh_host import SshHost
from vmdesk.core.doctor import examination
from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.doctor.verdict import verdict
from vmdesk.core.job import Cancelled, Job, OperationError

pytestmark = pytest.mark.usefixtures("libvirt_events")


def test_every_check_answers_in_order_and_in_under_two_seconds(examined: Examine) -> None:
    surroundings = examined("test:///default")
    examination.run(surroundings, Job())  # the trial of this boot is behind us
    before = time.monotonic()
    findings = examination.run(surroundings, Job())
    assert time.monotonic() - before < 2
    assert [found.check for found in findings] == list(examination.checks(surroundings, Job()))
    for found in findings:
        assert found.meaning.endswith(".")
        assert ". " not in found.meaning, "a meaning is one sentence"


def test_a_check_that_hangs_or_fails_does_not_stop_the_others(
    examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    released = threading.Event()

    def fail() -> Finding:
        raise OperationError("It failed.", details="why")

    def hang() -> Finding:
        released.wait(30)
        raise Cancelled

    good = Finding("good", State.GOOD, "Good.")
    made = {"connection": hang, "kvm trial": fail, "good": lambda: good}
    monkeypatch.setattr(examination, "checks", lambda _surroundings, _job: made)
    monkeypatch.setattr(examination, "PATIENCE", 0.2)
    late, failed, found = examination.run(examined(), Job())
    released.set()
    assert "in time" in late.meaning
    assert (late.title, late.state) == ("Connection", State.UNCHECKED)
    assert (failed.title, failed.state) == ("A machine with KVM", State.UNCHECKED)
    assert failed.details == "why"
    assert found is good


def test_of_machines_on_another_computer_only_what_matters_there_is_told(
    examined: Examine,
) -> None:
    elsewhere = examined("qemu+tcp://127.0.0.1:1/system")
    found = {one.check: one for one in examination.run(elsewhere, Job())}
    assert not found.keys() & {"libvirt", "processor", "device", "emulator", "group", "denials"}
    assert found["connection"].state is State.BROKEN
    assert found["kvm trial"].state is State.UNCHECKED
    assert "libvirt can’t be reached" in verdict(tuple(found.values())).text


@pytest.mark.hypervisor
def test_another_computer_is_asked_by_ssh_what_its_machines_have(
    examined: Examine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(examination, "PATIENCE", 20.0)  # its libvirt starts with the question
    with SshHost(is_known=True) as host:
        for name, value in host.environment.items():
            monkeypatch.setenv(name, value)
        kvm = host.run("sh", given="test -r /dev/kvm && test -w /dev/kvm && echo usable || true")
        found = {one.check: one for one in examination.run(examined(host.uri), Job())}
    assert found["connection"].state is State.GOOD
    assert found["kvm trial"].state is (State.UNCHECKED if kvm else State.BROKEN)
    assert found["network"].state is State.UNNEEDED


def test_every_check_has_a_title_for_people(examined: Examine) -> None:
    programs = {"qemu-img", "virt-viewer", "swtpm", "passt", "libvirt"}
    for check in examination.checks(examined(), Job()):
        assert check in programs or Finding(check, State.GOOD, "").title != check


def test_it_can_be_cancelled(examined: Examine) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        examination.run(examined(), job)
