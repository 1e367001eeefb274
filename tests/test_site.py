"""One connection: wishes become tasks, and what comes of them is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from vmdesk import monitor
from vmdesk.core import paths
from vmdesk.core.folders import Folders
from vmdesk.core.host import DomainState, Host
from vmdesk.core.last_use import LastUse
from vmdesk.core.operations import start_stop
from vmdesk.core.operations.create import NewDomain
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.site import Site


@pytest.fixture
def site(qtbot: QtBot, libvirt_events: None, tmp_path: Path) -> Iterator[Site]:
    node = tmp_path / "node.xml"
    node.write_text(
        "<node><domain type='test'><name>one</name><memory>8192</memory>"
        "<os><type>hvm</type></os></domain></node>"
    )
    site = Site(
        Host(f"test://{node}"),
        Folders(tmp_path / "isos", tmp_path / "disks"),
        TaskListModel(),
        LastUse(paths.state_dir() / "last-use.json"),
    )
    with qtbot.waitSignals([site.connection_changed, site.connection_changed]):
        site.reconnect()
    yield site
    site.close()


def uuid_of(site: Site) -> str:
    return site.domains.rows()[0].domain.uuid


def wait_for_state(qtbot: QtBot, site: Site, state: DomainState) -> None:
    qtbot.waitUntil(lambda: site.domains.index(0).data(DomainRole.STATE) is state)


def test_a_domain_goes_through_its_states(qtbot: QtBot, site: Site) -> None:
    uuid = uuid_of(site)
    wait_for_state(qtbot, site, DomainState.RUNNING)
    for wish, state in (
        (site.pause, DomainState.PAUSED),
        (site.resume, DomainState.RUNNING),
        (site.force_off, DomainState.SHUTOFF),
        (site.start, DomainState.RUNNING),
    ):
        wish(uuid)
        wait_for_state(qtbot, site, state)


def test_when_a_machine_ran_last_is_kept(qtbot: QtBot, site: Site) -> None:
    uuid = uuid_of(site)
    begun = site.last_use[uuid]
    assert begun > 0
    with qtbot.waitSignal(site.use_changed):
        site.force_off(uuid)
    assert site.last_use[uuid] > begun
    kept = paths.state_dir() / "last-use.json"
    qtbot.waitUntil(lambda: kept.exists() and LastUse(kept)[uuid] > begun)


def test_machines_are_looked_at_often_again_when_the_state_of_one_changes(
    qtbot: QtBot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(monitor, "CALM_LOOKS", 1)
    site.monitor.set_watching(True)
    qtbot.waitUntil(lambda: site.monitor.is_calm)
    site.pause(uuid_of(site))
    qtbot.waitUntil(lambda: not site.monitor.is_calm)


def test_what_the_state_forbids_is_a_failure_in_words(qtbot: QtBot, site: Site) -> None:
    with qtbot.waitSignal(site.failed) as blocker:
        site.start(uuid_of(site))
    assert blocker.args
    assert blocker.args[0].title == "Start one"
    assert "running" in blocker.args[0].error.summary


def test_a_shutdown_that_the_guest_obeys_offers_nothing(
    qtbot: QtBot, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_stop, "SHUTDOWN_TIMEOUT", 0.2)
    with qtbot.assertNotEmitted(site.shutdown_ignored, wait=500):
        site.shut_down(uuid_of(site))
        wait_for_state(qtbot, site, DomainState.SHUTOFF)


def test_the_console_of_a_machine_that_is_off_needs_a_start(qtbot: QtBot, site: Site) -> None:
    uuid = uuid_of(site)
    site.force_off(uuid)
    wait_for_state(qtbot, site, DomainState.SHUTOFF)
    with qtbot.waitSignal(site.start_needed) as blocker:
        site.open_console(uuid)
    assert blocker.args == [uuid]


def test_a_creation_that_fails_takes_its_row_back(qtbot: QtBot, site: Site) -> None:
    new = NewDomain("/no/such/disc.iso", "new")
    with qtbot.waitSignal(site.failed):
        site.create(new)
        assert [row.domain.name for row in site.domains.rows()] == ["one", "new"]
    assert [row.domain.name for row in site.domains.rows()] == ["one"]


def test_a_deletion_does_what_was_planned(qtbot: QtBot, site: Site) -> None:
    with qtbot.waitSignal(site.deletion_plan(uuid_of(site)).succeeded) as blocker:
        pass
    assert blocker.args
    site.delete(blocker.args[0], delete_disks=True, force_off=True)
    qtbot.waitUntil(lambda: site.domains.rowCount() == 0)
