"""Fixtures for the views: machines by hand, and a controller on libvirt's test driver."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from PySide6.QtGui import QPalette
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.folders import Folders
from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.models.domain_list_model import DomainRow, Machine
from vmdesk.settings import Settings
from vmdesk.site import Site
from vmdesk.views import style
from vmdesk.views.main_window import MainWindow


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A screen that is not there warns of hints that it would ignore anyway."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.qt_log_ignore("propagateSizeHints"))


NODE = """
<node>
  <domain type='test'>
    <name>test</name>
    <memory>4194304</memory>
    <vcpu>2</vcpu>
    <os><type>hvm</type></os>
  </domain>
</node>
"""

LAB = """
<node><domain type='test'><name>{name}</name><memory>8192</memory>
<os><type>hvm</type></os></domain></node>"""

PATIENCE = 20_000
"""Milliseconds for a libvirt to answer that was only just started."""

SetPalette = Callable[[QPalette], None]


def info(name: str, state: DomainState = DomainState.SHUTOFF) -> DomainInfo:
    """A machine with 2 CPUs and 4 GiB."""
    memory = 4 * 1024**2
    is_active = state.is_active
    return DomainInfo(
        str(uuid4()), 1 if is_active else -1, name, state, memory, memory, 2, True, False
    )


def machine(domain: DomainInfo) -> Machine:
    """A machine of a connection that stands."""
    return Machine(DomainKey("test:///default", domain.uuid), DomainRow(domain), is_connected=True)


@pytest.fixture
def parent(qtbot: QtBot) -> QWidget:
    """A window for dialogs to belong to."""
    widget = QWidget()
    qtbot.addWidget(widget)
    return widget


@pytest.fixture
def set_palette(qapp: QApplication) -> Iterator[SetPalette]:
    """Changes the application's palette for one test."""
    before = QPalette(qapp.palette())
    yield qapp.setPalette
    qapp.setPalette(before)
    style.refresh()


@pytest.fixture
def controller(qtbot: QtBot, libvirt_events: None, tmp_path: Path) -> Iterator[Controller]:
    """Not connected yet; ``reconnect`` finds one running machine, ``test``."""
    # Every connection to “test:///default” sees the same machines, those of a file are its own.
    node = tmp_path / "node.xml"
    node.write_text(NODE)
    made = Controller(Folders(tmp_path / "isos", tmp_path / "disks"))
    made.add(f"test://{node}")
    yield made
    made.shut_down_vmdesk()


def add_lab(qtbot: QtBot, controller: Controller, folder: Path, machine: str) -> Site:
    """Have a second connection, “Lab”, with one running machine."""
    node = folder / "lab.xml"
    node.write_text(LAB.format(name=machine))
    site = controller.add(f"test://{node}", "Lab")
    site.reconnect()
    qtbot.waitUntil(lambda: site.is_connected and len(site.domains.rows()) == 1)
    return site


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "vmdesk.conf")


@pytest.fixture
def window(qtbot: QtBot, controller: Controller, settings: Settings) -> Iterator[MainWindow]:
    """The whole window, connected and shown."""
    made = MainWindow(controller, settings)
    qtbot.addWidget(made)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    controller.reconnect()
    qtbot.waitUntil(lambda: controller.home.is_connected, timeout=PATIENCE)
    qtbot.waitUntil(lambda: bool(made.machines.view.selected_keys()), timeout=PATIENCE)
    parts = {"notices", "tasks", "flows"}
    qtbot.waitUntil(lambda: parts <= vars(made).keys(), timeout=PATIENCE)
    yield made
    for task in controller.operations.tasks:
        task.cancel()
    qtbot.waitUntil(lambda: not controller.operations.tasks)
