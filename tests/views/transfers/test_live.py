"""A machine that goes on at another host while the window looks on: two libvirts and a cable."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.conftest import two_libvirts
from tests.core.operations import token_machine
from tests.other_libvirt import Cable
from tests.views.bundles.test_export_flow import opened
from vmdesk.controller import Controller
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import migrate
from vmdesk.core.operations.migrate import MigrationOptions, MigrationResult
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.views.action_rules import Act
from vmdesk.views.main_window import MainWindow
from vmdesk.views.transfers.dialog import TransferDialog

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def controller(
    qtbot: QtBot, libvirt_events: None, cable: Cable, tmp_path: Path
) -> Iterator[Controller]:
    """Two connections that a cable joins, with one machine, “web”, that runs on the first."""
    with two_libvirts(cable) as (here, there):
        there.make_pool()
        with closing(here.open()) as host:
            token_machine.running(host, "web", tmp_path)
        made = Controller(Folders(tmp_path / "isos", tmp_path / "disks"))
        made.add(here.uri, "Here")
        made.add(there.uri, "There")
        yield made
        made.shut_down_vmdesk()


def test_a_running_machine_goes_on_there(
    qtbot: QtBot, window: MainWindow, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    wished: list[MigrationOptions] = []

    def run(
        source: Host, target: Host, uuid: str, options: MigrationOptions, job: Job
    ) -> MigrationResult:
        wished.append(options)
        return really_run(source, target, uuid, options, job)

    really_run = migrate.run
    monkeypatch.setattr(migrate, "run", run)
    here, there = controller.sites
    qtbot.waitUntil(lambda: bool(here.domains.rows()) and there.is_connected)
    uuid = here.domains.rows()[0].domain.uuid
    window.machines.select(here.domains.key(uuid))
    qtbot.waitUntil(window.domain_actions[Act.TRANSFER].isEnabled)
    window.domain_actions[Act.TRANSFER].trigger()
    dialog = opened(qtbot, window, TransferDialog)
    pauses = [dialog.form.max_downtime_ms]
    dialog.form.downtime.spin.setValue(700)
    assert [*pauses, dialog.form.max_downtime_ms] == [None, 700]
    qtbot.waitUntil(dialog.agree_button.isEnabled)
    qtbot.mouseClick(dialog.agree_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: [row.domain.uuid for row in there.domains.rows()] == [uuid])
    qtbot.waitUntil(lambda: there.domains.index(0).data(DomainRole.STATE_TEXT) == "Running")
    qtbot.waitUntil(lambda: here.domains.rows() == [])
    assert [options.max_downtime_ms for options in wished] == [700]
