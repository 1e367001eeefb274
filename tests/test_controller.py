"""The controller: wishes become tasks, and what comes of them is told."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.host import DomainState, Host
from vmdesk.core.last_use import LastUse
from vmdesk.core.operations import start_stop
from vmdesk.core.operations.create import Folders, NewDomain
from vmdesk.models.domain_list_model import DomainRole


@pytest.fixture
def controller(qtbot: QtBot, libvirt_events: None, tmp_path: Path) -> Iterator[Controller]:
    node = tmp_path / "node.xml"
    node.write_text(
        "<node><domain type='test'><name>one</name><memory>8192</memory>"
        "<os><type>hvm</type></os></domain></node>"
    )
    controller = Controller(Host(f"test://{node}"), Folders(tmp_path / "isos", tmp_path / "disks"))
    with qtbot.waitSignals([controller.connection_changed, controller.connection_changed]):
        controller.reconnect()
    yield controller
    controller.shut_down_vmdesk()


def uuid_of(controller: Controller) -> str:
    return controller.domains.rows()[0].domain.uuid


def wait_for_state(qtbot: QtBot, controller: Controller, state: DomainState) -> None:
    qtbot.waitUntil(lambda: controller.domains.index(0).data(DomainRole.STATE) is state)


def test_a_domain_goes_through_its_states(qtbot: QtBot, controller: Controller) -> None:
    uuid = uuid_of(controller)
    wait_for_state(qtbot, controller, DomainState.RUNNING)
    for wish, state in (
        (controller.pause, DomainState.PAUSED),
        (controller.resume, DomainState.RUNNING),
        (controller.force_off, DomainState.SHUTOFF),
        (controller.start, DomainState.RUNNING),
    ):
        wish(uuid)
        wait_for_state(qtbot, controller, state)


def test_when_a_machine_ran_last_is_kept(qtbot: QtBot, controller: Controller) -> None:
    uuid = uuid_of(controller)
    begun = controller.last_use[uuid]
    assert begun > 0
    with qtbot.waitSignal(controller.use_changed):
        controller.force_off(uuid)
    assert controller.last_use[uuid] > begun
    kept = paths.state_dir() / "last-use.json"
    qtbot.waitUntil(lambda: kept.exists() and LastUse(kept)[uuid] > begun)


def test_what_the_state_forbids_is_a_failure_in_words(qtbot: QtBot, controller: Controller) -> None:
    with qtbot.waitSignal(controller.failed) as blocker:
        controller.start(uuid_of(controller))
    assert blocker.args
    assert blocker.args[0].title == "Start one"
    assert "running" in blocker.args[0].error.summary


def test_a_shutdown_that_the_guest_obeys_offers_nothing(
    qtbot: QtBot, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start_stop, "SHUTDOWN_TIMEOUT", 0.2)
    with qtbot.assertNotEmitted(controller.shutdown_ignored, wait=500):
        controller.shut_down(uuid_of(controller))
        wait_for_state(qtbot, controller, DomainState.SHUTOFF)


def test_the_console_of_a_machine_that_is_off_needs_a_start(
    qtbot: QtBot, controller: Controller
) -> None:
    uuid = uuid_of(controller)
    controller.force_off(uuid)
    wait_for_state(qtbot, controller, DomainState.SHUTOFF)
    with qtbot.waitSignal(controller.start_needed) as blocker:
        controller.open_console(uuid)
    assert blocker.args == [uuid]


def test_a_creation_that_fails_takes_its_row_back(qtbot: QtBot, controller: Controller) -> None:
    new = NewDomain("/no/such/disc.iso", "new")
    with qtbot.waitSignal(controller.failed):
        controller.create(new)
        assert [row.domain.name for row in controller.domains.rows()] == ["one", "new"]
    assert [row.domain.name for row in controller.domains.rows()] == ["one"]


def test_a_deletion_does_what_was_planned(qtbot: QtBot, controller: Controller) -> None:
    with qtbot.waitSignal(controller.deletion_plan(uuid_of(controller)).succeeded) as blocker:
        pass
    assert blocker.args
    controller.delete(blocker.args[0], delete_disks=True, force_off=True)
    qtbot.waitUntil(lambda: controller.domains.rowCount() == 0)
