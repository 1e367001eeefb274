"""The whole of vmdesk on a virtual screen, with a libvirt of its own."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from tests.conftest import PrivateLibvirt
from tests.e2e.person import Person
from tests.guests import MEMTEST_ISO
from tests.iso_server import IsoServer
from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.folders import Folders
from vmdesk.settings import Settings
from vmdesk.views.main_window import MainWindow


@pytest.fixture
def server() -> Iterator[IsoServer]:
    """A web server with a real installation disc."""
    with IsoServer() as server:
        server.add("/memtest.iso", MEMTEST_ISO)
        yield server


@pytest.fixture
def controller(
    qtbot: QtBot, private_libvirt: PrivateLibvirt, libvirt_events: None
) -> Iterator[Controller]:
    """vmdesk behind its window, on real libvirt and QEMU."""
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()))
    controller.add(private_libvirt.uri)
    yield controller
    controller.shut_down_vmdesk()


@pytest.fixture
def person(qtbot: QtBot, controller: Controller, tmp_path: Path) -> Person:
    """Somebody in front of the open window."""
    window = MainWindow(controller, Settings(tmp_path / "vmdesk.conf"))
    qtbot.addWidget(window)
    window.show()
    qtbot.waitExposed(window)
    controller.reconnect()
    return Person(window)
