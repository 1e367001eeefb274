"""All checks at once: in order, in time, and never stopped by one of them."""

import threading
import time

import pytest

from tests.core.doctor.conftest import Examine
from vmdesk.core.doctor import examination
from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.job import Cancelled, Job, OperationError

pytestmark = pytest.mark.usefixtures("libvirt_events")


def test_every_check_answers_in_order_and_in_under_two_seconds(examined: Examine) -> None:
    surroundings = examined("test:///default")
    examination.run(surroundings, Job())  # the trial of this boot is behind us
    before = time.monotonic()
    findings = examination.run(surroundings, Job())
    assert time.monotonic() - before < 2
    assert [found.check for found in findings] == list(examination.checks(surroundings, Job()))
    assert all(found.meaning.endswith((".", "?")) or found.details for found in findings)


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


def test_every_check_has_a_title_for_people(examined: Examine) -> None:
    programs = {"qemu-img", "virt-viewer", "swtpm", "passt", "libvirt"}
    for check in examination.checks(examined(), Job()):
        assert check in programs or Finding(check, State.GOOD, "").title != check


def test_it_can_be_cancelled(examined: Examine) -> None:
    job = Job()
    job.cancel()
    with pytest.raises(Cancelled):
        examination.run(examined(), job)
