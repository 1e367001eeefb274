"""Connections that are added, renamed and removed in the window."""

from collections.abc import Callable
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from tests.views.test_main_window import dialogs
from vmdesk.connection import ConnectionState
from vmdesk.controller import Controller
from vmdesk.core.connections import KnownConnection
from vmdesk.settings import Settings
from vmdesk.views.connections.add_dialog import AddDialog, RenameDialog
from vmdesk.views.connections.flow import REMOVE
from vmdesk.views.connections.form import ANY, ConnectionForm
from vmdesk.views.machines.connection_page import SiteAct
from vmdesk.views.main_window import MainWindow
from vmdesk.views.message_dialog import MessageDialog

NOWHERE = "qemu+unix:///system?socket=/nowhere/libvirt-sock"
OTHER = """
<node><domain type='test'><name>elsewhere</name><memory>8192</memory>
<os><type>hvm</type></os></domain></node>"""


@pytest.fixture
def other(tmp_path: Path) -> str:
    node = tmp_path / "other.xml"
    node.write_text(OTHER)
    return f"test://{node}"


@pytest.fixture
def add(qtbot: QtBot, window: MainWindow) -> Callable[[str], None]:
    def add_it(uri: str) -> None:
        window.actions_of_window.connect.trigger()
        (dialog,) = dialogs(window, AddDialog)
        dialog.form.kind.choose(ANY)
        dialog.form.uri.edit.setText(uri)
        dialog.form.name.edit.setText("Lab")
        qtbot.mouseClick(dialog.connect_button, Qt.MouseButton.LeftButton)

    return add_it


def listed(window: MainWindow) -> list[str]:
    proxy = window.machines.proxy
    return [str(proxy.index(row).data()) for row in range(proxy.rowCount())]


def test_an_added_connection_has_its_section_and_is_kept(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    settings: Settings,
    add: Callable[[str], None],
    other: str,
) -> None:
    assert listed(window) == ["test"]
    add(other)
    qtbot.waitUntil(lambda: listed(window)[1:] == ["test", "Lab", "elsewhere"])
    assert settings.added_connections == (KnownConnection(other, "Lab"),)
    add(other)
    assert len(controller.sites) == 2


def test_a_connection_that_fails_says_why_and_hides_nothing(
    qtbot: QtBot, window: MainWindow, controller: Controller, add: Callable[[str], None]
) -> None:
    add(NOWHERE)
    qtbot.waitUntil(lambda: controller.sites[1].status.state is ConnectionState.LOST)
    assert listed(window)[1:] == ["test", "Lab"]
    assert window.pages.currentWidget() is window.machines
    assert not window.notices.banner.isVisible()
    window.machines.view.select([controller.sites[1].domains.key("")])
    page = window.machines.connection
    assert page.isVisible()
    assert "libvirt is not running" in page.text.text()
    assert page.buttons[SiteAct.RECONNECT].isVisible()
    assert window.actions_of_window.new.isEnabled()


def test_a_connection_is_renamed(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    settings: Settings,
    add: Callable[[str], None],
    other: str,
) -> None:
    add(other)
    window.machines.view.select([controller.home.domains.key("")])
    qtbot.mouseClick(window.machines.connection.buttons[SiteAct.RENAME], Qt.MouseButton.LeftButton)
    (dialog,) = dialogs(window, RenameDialog)
    dialog.name.edit.setText("Mine")
    qtbot.keyClick(dialog.name.edit, Qt.Key.Key_Return)
    assert listed(window)[0] == "Mine"
    assert KnownConnection(controller.home.uri, "Mine") in settings.added_connections


def test_a_connection_is_removed_after_a_question(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    settings: Settings,
    add: Callable[[str], None],
    other: str,
) -> None:
    add(other)
    qtbot.waitUntil(lambda: "elsewhere" in listed(window))
    window.flows.connections.carry_out(SiteAct.REMOVE, controller.sites[1])
    (question,) = dialogs(window, MessageDialog)
    site = controller.sites[1]
    with qtbot.waitSignal(site.destroyed):
        qtbot.mouseClick(question.buttons[REMOVE], Qt.MouseButton.LeftButton)
    assert listed(window) == ["test"]
    assert settings.added_connections == ()


def test_the_first_connection_is_there_to_stay(
    window: MainWindow, controller: Controller, add: Callable[[str], None], other: str
) -> None:
    add(other)
    window.machines.view.select([controller.home.domains.key("")])
    assert not window.machines.connection.buttons[SiteAct.REMOVE].isEnabled()


def test_folded_sections_stay_folded(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    settings: Settings,
    add: Callable[[str], None],
    other: str,
) -> None:
    add(other)
    qtbot.waitUntil(lambda: "elsewhere" in listed(window))
    window.machines.proxy.set_folded(other, True)
    window.close()
    assert settings.folded == {other}
    again = MainWindow(controller, settings)
    qtbot.addWidget(again)
    assert "elsewhere" not in listed(again)


@pytest.mark.parametrize(
    ("host", "user", "port", "uri"),
    [
        ("lab", "", "", "qemu+ssh://lab/system"),
        ("lab.example.org", "anna", "2222", "qemu+ssh://anna@lab.example.org:2222/system"),
        ("fe80::1", "", "", "qemu+ssh://[fe80::1]/system"),
        ("10.0.0.7", "a@b", "", "qemu+ssh://a%40b@10.0.0.7/system"),
    ],
)
def test_a_computer_becomes_an_address(
    qtbot: QtBot, host: str, user: str, port: str, uri: str
) -> None:
    form = ConnectionForm()
    qtbot.addWidget(form)
    for field, text in ((form.host, host), (form.user, user), (form.port, port)):
        field.edit.setText(text)
    assert not form.problem
    assert form.connection.uri == uri


@pytest.mark.parametrize(
    ("host", "user", "port"),
    [("", "", ""), ("a b", "", ""), ("-oProxyCommand=x", "", ""), ("lab", "a b", ""),
     ("lab", "", "0"), ("lab", "", "70000"), ("lab", "-x", "")],
)  # fmt: skip
def test_what_ssh_could_misread_is_refused(qtbot: QtBot, host: str, user: str, port: str) -> None:
    form = ConnectionForm()
    qtbot.addWidget(form)
    for field, text in ((form.host, host), (form.user, user), (form.port, port)):
        field.edit.setText(text)
    assert form.problem
