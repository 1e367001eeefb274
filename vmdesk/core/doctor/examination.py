"""Make every check at once, and give up on one that has no answer in time."""

import queue
import threading
import time
from collections.abc import Callable
from functools import partial

from vmdesk.core.doctor import (
    acceleration,
    confinement,
    connection,
    networks,
    programs,
    readers,
    storage,
)
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.i18n import _
from vmdesk.core.job import Cancelled, Job, OperationError

PATIENCE = 1.8
"""Seconds that the checks have together."""
TRIAL_PATIENCE = 12.0
"""Seconds that the trial of KVM has once for each boot."""

Check = Callable[[], Finding]


_OF_ANY_CONNECTION = ("connection", "kvm trial", "virt-viewer", "network", "folders", "room")
"""The checks that say something of machines on another computer."""


def checks(surroundings: Surroundings, job: Job) -> dict[str, Check]:
    """Return the checks by their names, in the order in which they are shown."""
    every = _every(surroundings, job)
    if surroundings.is_here:
        return every
    return {name: every[name] for name in _OF_ANY_CONNECTION}


def _every(surroundings: Surroundings, job: Job) -> dict[str, Check]:
    return {
        "libvirt": partial(connection.is_installed, surroundings),
        "connection": partial(connection.opens, surroundings),
        "system instance": partial(connection.other_instance, surroundings),
        "group": partial(connection.is_member, surroundings),
        "processor": partial(acceleration.processor, surroundings),
        "module": partial(acceleration.module, surroundings),
        "device": partial(acceleration.device, surroundings),
        "kvm trial": partial(acceleration.works, surroundings, job),
        **{
            part.name: partial(programs.program, part, surroundings, job)
            for part in programs.parts()
        },
        "firmware": partial(programs.firmware, surroundings),
        "spice": partial(programs.spice, surroundings),
        "network": partial(networks.default, surroundings),
        "bridge helper": partial(programs.bridge_helper, surroundings),
        "folders": partial(storage.folders, surroundings),
        "room": partial(storage.room, surroundings),
        "sharing": partial(storage.sharing, surroundings),
        "readers": lambda: readers.may_reach(surroundings, readers.qemu_user()),
        "denials": partial(confinement.denials, surroundings, job),
    }


def run(surroundings: Surroundings, job: Job) -> tuple[Finding, ...]:
    """Make every check, each on a thread of its own, and return what they found, in order.

    What has not ended in time was not checked; its thread is left behind. Raises
    ``Cancelled`` if the user asked to stop.
    """
    job.report(0, 0, _("Looking at this computer"))
    limited = Job()
    answers: queue.SimpleQueue[Finding] = queue.SimpleQueue()
    wanted = checks(surroundings, limited)
    try:
        for name, check in wanted.items():
            # A daemon: a libvirt that never answers must not keep the program from ending.
            work = partial(_make, name, check, answers)
            threading.Thread(target=work, name=f"check {name}", daemon=True).start()
        found = _gather(answers, set(wanted), job)
    finally:
        limited.cancel()
    return tuple(found.get(name) or _late(name) for name in wanted)


def _make(name: str, check: Check, answers: "queue.SimpleQueue[Finding]") -> None:
    try:
        answers.put(check())
    except Cancelled:
        return
    except (OperationError, OSError) as error:
        details = error.details if isinstance(error, OperationError) else ""
        meaning = _("This could not be looked at: {reason}").format(reason=error)
        answers.put(Finding(name, State.UNCHECKED, meaning, details=details))


def _gather(
    answers: "queue.SimpleQueue[Finding]", missing: set[str], job: Job
) -> dict[str, Finding]:
    start = time.monotonic()
    found: dict[str, Finding] = {}
    while missing:
        patience = TRIAL_PATIENCE if missing == {"kvm trial"} else PATIENCE
        left = start + patience - time.monotonic()
        if left <= 0:
            break
        try:
            finding = answers.get(timeout=min(left, 0.1))
        except queue.Empty:
            job.check()
            continue
        found[finding.check] = finding
        missing.discard(finding.check)
    return found


def _late(name: str) -> Finding:
    meaning = _("This has not answered in time; look again in a moment.")
    return Finding(name, State.UNCHECKED, meaning)
