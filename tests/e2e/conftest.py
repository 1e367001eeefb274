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
from vmdesk.core import ask_tools, paths
from vmdesk.core.ask_tools import AskTools
from vmdesk.core.folders import Folders
from vmdesk.questions import Questions
from vmdesk.settings import Settings
from vmdesk.views.connections import question_dialogs
from vmdesk.views.main_window import MainWindow


@pytest.fixture
def server() -> Iterator[IsoServer]:
    """A web server with a real installation disc."""
    with IsoServer() as server:
        server.add("/memtest.iso", MEMTEST_ISO)
        yield server


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> Iterator[AskTools]:
    """What ssh and polkit ask with."""
    made = ask_tools.install()
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    yield made
    made.remove()


@pytest.fixture
def controller(
    qtbot: QtBot, private_libvirt: PrivateLibvirt, libvirt_events: None, tools: AskTools
) -> Iterator[Controller]:
    """vmdesk behind its window, on real libvirt and QEMU."""
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()), tools.asking)
    controller.add(private_libvirt.uri)
    yield controller
    controller.shut_down_vmdesk()


@pytest.fixture
def person(
    qtbot: QtBot, controller: Controller, tools: AskTools, tmp_path: Path
) -> Iterator[Person]:
    """Somebody in front of the open window, who is asked what ssh and polkit want to know."""
    window = MainWindow(controller, Settings(tmp_path / "vmdesk.conf"))
    qtbot.addWidget(window)
    questions = Questions(tools, window)
    questions.asked.connect(lambda question: question_dialogs.ask(window, question))
    window.show()
    qtbot.waitExposed(window)
    controller.reconnect()
    yield Person(window)
    questions.close()
