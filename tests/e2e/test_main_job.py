"""A person opens vmdesk, gives the address of an ISO, and moments later looks at a machine."""

from collections.abc import Callable

import pytest

from tests.conftest import FOLDERS, PrivateLibvirt
from tests.e2e.heartbeat import Heartbeat
from tests.e2e.main_job import DISC_PACE, MainJob
from tests.e2e.person import Person
from tests.guests import MEMTEST_ISO, snapshot
from tests.iso_server import Fault, IsoServer
from vmdesk.controller import Controller
from vmdesk.core.formatting import MIB
from vmdesk.core.operations import start_stop

pytestmark = pytest.mark.hypervisor


def test_the_main_job_from_a_cut_download_to_the_last_file(
    person: Person,
    controller: Controller,
    private_libvirt: PrivateLibvirt,
    server: IsoServer,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, object], None],
) -> None:
    monkeypatch.setattr(start_stop, "SHUTDOWN_TIMEOUT", 2.0)
    page = server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=DISC_PACE))
    page.faults.append(Fault(cut_after=2 * MIB, pace=DISC_PACE))
    heartbeat = Heartbeat(person.window)
    person.aside = heartbeat.aside
    job = MainJob(person, controller, server.url("/memtest.iso"))
    job.run()
    assert any("range" in request.headers for request in server.requests_for("/memtest.iso"))
    assert private_libvirt.virsh("list", "--all", "--name").split() == []
    left = snapshot(FOLDERS["XDG_DATA_HOME"] / "vmdesk")
    assert [path.name for path in left if path.suffix == ".qcow2"] == []
    assert [path.read_bytes() for path in left if path.suffix == ".iso"] == [
        MEMTEST_ISO.read_bytes()
    ]
    record_property("longest_hold_ms", round(heartbeat.longest_hold * 1000))
    record_property("longest_work_ms", round(heartbeat.longest_work * 1000))
    print(
        f"window's thread: held {heartbeat.longest_hold * 1000:.0f} ms at most,"
        f" worked {heartbeat.longest_work * 1000:.0f} ms at most in one go"
    )
