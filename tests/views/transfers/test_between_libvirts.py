"""Machines that a user brings from one real libvirt to another in the window."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.core.operations import token_machine
from tests.other_libvirt import OtherLibvirt
from tests.views.bundles.test_export_flow import opened
from vmdesk.controller import Controller
from vmdesk.core.folders import Folders
from vmdesk.site import Site
from vmdesk.views.action_rules import Act
from vmdesk.views.main_window import MainWindow
from vmdesk.views.transfers.dialog import TransferDialog
from vmdesk.views.transfers.form import Way

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def controller(
    qtbot: QtBot, other_libvirts: tuple[OtherLibvirt, OtherLibvirt], tmp_path: Path
) -> Iterator[Controller]:
    """Two connections, with one machine, “web”, on the first."""
    here, there = other_libvirts
    there.make_pool()
    with closing(here.open()) as host:
        disk = token_machine.make_qcow2(tmp_path / "web.qcow2", "token")
        token_machine.define(host, "web", [(disk, "qcow2")])
    made = Controller(Folders(tmp_path / "isos", tmp_path / "disks"))
    made.add(here.uri, "Here")
    made.add(there.uri, "There")
    yield made
    made.shut_down_vmdesk()


def _ask(qtbot: QtBot, window: MainWindow) -> TransferDialog:
    window.domain_actions[Act.TRANSFER].trigger()
    dialog = opened(qtbot, window, TransferDialog)
    qtbot.waitUntil(lambda: not dialog.form.is_looking)
    assert dialog.form.place.problem == ""
    return dialog


def _names(site: Site) -> set[str]:
    return {row.domain.name for row in site.domains.rows() if row.info is not None}


def test_a_machine_is_copied_and_then_moved(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    here, there = controller.sites
    qtbot.waitUntil(lambda: bool(here.domains.rows()) and there.is_connected)
    web = here.domains.key(here.domains.rows()[0].domain.uuid)
    window.machines.select(web)
    dialog = _ask(qtbot, window)
    dialog.form.name_edit.setText("twin")
    assert dialog.agree_button.text().replace("&", "") == "Copy"
    qtbot.mouseClick(dialog.agree_button, Qt.MouseButton.LeftButton)
    assert "twin" in there.domains.names(), "its row is there at once"
    qtbot.waitUntil(lambda: _names(there) == {"twin"})
    assert _names(here) == {"web"}
    qtbot.waitUntil(window.domain_actions[Act.TRANSFER].isEnabled)
    dialog = _ask(qtbot, window)
    dialog.form.ways.buttons[Way.MOVE].click()
    assert dialog.agree_button.text().replace("&", "") == "Move"
    qtbot.mouseClick(dialog.agree_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: _names(there) == {"twin", "web"})
    qtbot.waitUntil(lambda: _names(here) == set())
