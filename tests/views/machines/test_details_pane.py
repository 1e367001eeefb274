"""The selected machine in full."""

from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage
from PySide6.QtWidgets import QLabel, QPushButton, QToolButton, QWidget
from pytestqt.qtbot import QtBot

from tests.views.conftest import info
from vmdesk.core.details import DiskDetails, DomainDetails, DriveDetails
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.formatting import GIB
from vmdesk.core.host import DomainState
from vmdesk.core.statistics import Usage
from vmdesk.models.domain_list_model import Activity, DomainRow, Machine, PendingDomain
from vmdesk.views.actions import DomainActions
from vmdesk.views.machines.details_pane import DetailsPane

ALWAYS = ["Delete…", "Export…", "Properties"]

DETAILS = DomainDetails(
    uuid="uuid",
    title="",
    note="for tests",
    uses_kvm=False,
    disks=(DiskDetails("vda", "/vm/one.qcow2", Path("/vm/one.qcow2"), 30 * GIB, 12 * GIB),),
    cdroms=(DriveDetails("sda", "/iso/debian.iso", "Verified."), DriveDetails("sdb", "", "")),
    network="User network",
    addresses=("10.0.2.15",),
)


@pytest.fixture
def actions(parent: QWidget) -> DomainActions:
    return DomainActions(parent)


@pytest.fixture
def pane(qtbot: QtBot, actions: DomainActions) -> DetailsPane:
    pane = DetailsPane(actions)
    qtbot.addWidget(pane)
    pane.resize(720, 640)
    with qtbot.waitExposed(pane):
        pane.show()
    return pane


def show(pane: DetailsPane, actions: DomainActions, *rows: DomainRow) -> None:
    key = DomainKey("test:///default", "")
    actions.set_machines([Machine(key, row, is_connected=True) for row in rows])
    pane.show_rows(rows, True)


def test_a_running_machine_tells_for_how_long(pane: DetailsPane, actions: DomainActions) -> None:
    running = info("one", DomainState.RUNNING)
    details = replace(DETAILS, uuid=running.uuid, uptime=8040.0)
    show(pane, actions, DomainRow(running))
    pane.show_details(details)
    assert pane.state_words == "Running · 2 h 14 min"
    pane.show_details(replace(details, uptime=59.0))
    assert pane.state_words == "Running"
    pane.show_details(details)
    show(pane, actions, DomainRow(running, Activity("Exporting")))
    assert pane.state_words == "Exporting"
    show(pane, actions, DomainRow(replace(running, state=DomainState.PAUSED)))
    assert pane.state_words == "Paused"
    show(pane, actions, DomainRow(info("another", DomainState.RUNNING)))
    assert pane.state_words == "Running"


def buttons(pane: DetailsPane) -> list[str]:
    found = [*pane.findChildren(QPushButton), *pane.findChildren(QToolButton)]
    return sorted(button.text().replace("&", "") for button in found if button.isVisible())


def words(pane: DetailsPane) -> list[str]:
    return [label.text() for label in pane.findChildren(QLabel) if label.isVisible()]


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (DomainState.SHUTOFF, ["Start"]),
        (DomainState.RUNNING, ["Console", "Shut down"]),
        (DomainState.PAUSED, ["Console", "Resume", "Shut down"]),
    ],
)
def test_the_buttons_suit_the_state(
    pane: DetailsPane, actions: DomainActions, state: DomainState, expected: list[str]
) -> None:
    show(pane, actions, DomainRow(info("one", state)))
    assert buttons(pane) == sorted([*expected, *ALWAYS])


def test_a_machine_being_made_can_be_cancelled(pane: DetailsPane, actions: DomainActions) -> None:
    pending = PendingDomain("uuid", "new", 1024, 1)
    show(pane, actions, DomainRow(pending, Activity("Downloading", 0.43)))
    assert buttons(pane) == ["Cancel"]
    assert pane.state_words == "Downloading · 43 %"


def test_without_a_connection_no_state_is_claimed(pane: DetailsPane) -> None:
    pane.show_rows([DomainRow(info("one", DomainState.RUNNING))], False)
    assert pane.state_words == "Unknown"


def test_several_machines_are_counted_and_named(pane: DetailsPane, actions: DomainActions) -> None:
    show(pane, actions, *(DomainRow(info(name)) for name in ("one", "two")))
    assert "2 machines selected" in words(pane)
    assert "one, two" in words(pane)
    assert buttons(pane) == sorted(["Start", *ALWAYS])


def test_one_button_alone_stands_out(pane: DetailsPane, actions: DomainActions) -> None:
    states = {"off": DomainState.SHUTOFF, "on": DomainState.RUNNING, "held": DomainState.PAUSED}
    show(pane, actions, *(DomainRow(info(name, state)) for name, state in states.items()))
    assert {"Start", "Resume", "Shut down"} <= set(buttons(pane))
    shown = [button for button in pane.findChildren(QPushButton) if button.isVisible()]
    main = [button.text() for button in shown if button.property("kind") == "primary"]
    assert main == ["&Start"]


def test_a_click_on_the_screen_opens_it(
    qtbot: QtBot, pane: DetailsPane, actions: DomainActions
) -> None:
    show(pane, actions, DomainRow(info("one", DomainState.RUNNING)))
    with qtbot.waitSignal(pane.screen_activated):
        qtbot.mouseClick(pane.picture, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(pane.screen_activated):
        qtbot.keyClick(pane.picture, Qt.Key.Key_Return)
    with qtbot.assertNotEmitted(pane.screen_activated):
        qtbot.mousePress(pane.picture, Qt.MouseButton.LeftButton)
        qtbot.mouseRelease(pane.picture, Qt.MouseButton.LeftButton, pos=QPoint(-5, -5))


def test_the_screen_is_shown_whole_and_dimmed_when_off(
    pane: DetailsPane, actions: DomainActions
) -> None:
    red = QImage(1280, 800, QImage.Format.Format_RGB32)
    red.fill(QColor("#ff0000"))
    colors = []
    for state in (DomainState.RUNNING, DomainState.SHUTOFF):
        show(pane, actions, DomainRow(info("one", state), picture=red))
        image = pane.picture.grab().toImage()
        colors.append(image.pixelColor(image.rect().center()))
    assert colors[0].name() == "#ff0000"
    assert 0 < colors[1].red() < 200


def test_the_facts_are_told_and_the_address_can_be_copied(
    qtbot: QtBot, pane: DetailsPane, actions: DomainActions
) -> None:
    show(pane, actions, DomainRow(info("one", DomainState.RUNNING)))
    pane.show_details(replace(DETAILS, later=("6 GiB", "2 CPUs")))
    qtbot.waitUntil(lambda: "for tests" in words(pane))
    shown = words(pane)
    for text in (
        "vda · 12 of 30 GiB · one.qcow2",
        "debian.iso · Verified.",
        "No disc",
        "10.0.2.15 · User network",
        "With 6 GiB · 2 CPUs",
        "for tests",
    ):
        assert text in shown
    (copy,) = [link for link in pane.findChildren(QPushButton) if link.text() == "Copy"]
    qtbot.mouseClick(copy, Qt.MouseButton.LeftButton)
    assert QGuiApplication.clipboard().text() == "10.0.2.15"
    pane.show_details(None)
    assert "for tests" not in words(pane)


def test_what_a_machine_uses_is_shown_while_it_runs(
    pane: DetailsPane, actions: DomainActions
) -> None:
    show(pane, actions, DomainRow(info("one", DomainState.RUNNING)))
    pane.show_usages(
        [Usage(0.1, GIB // 1024, 0, 0), Usage(0.12, 2 * GIB // 1024, 3e6, 0)], 4 * 2**20
    )
    for text in ("12 %", "2 of 4 GiB", "2.9 MiB/s", "0 bytes/s"):
        assert text in words(pane)
    pane.show_usages([], 0)
    assert "12 %" not in words(pane)


def test_a_name_without_room_is_elided_and_told_by_its_tooltip(
    qtbot: QtBot, pane: DetailsPane, actions: DomainActions
) -> None:
    name = "a-very-long-name-" * 10
    show(pane, actions, DomainRow(info(name)))
    (title,) = [label for label in pane.findChildren(QLabel) if label.text() == name]
    qtbot.waitUntil(lambda: title.toolTip() == name)
    assert title.width() < pane.width()


@pytest.mark.parametrize("width", [440, 720])
def test_what_a_machine_uses_is_never_cut(
    qtbot: QtBot, pane: DetailsPane, actions: DomainActions, width: int
) -> None:
    show(pane, actions, DomainRow(info("one", DomainState.RUNNING)))
    pane.resize(width, 640)
    usage = Usage(1, int(15.9 * GIB / 1024), 1023 * 2**20, 1023 * 2**10)
    pane.show_usages([usage], 16 * 2**20)
    texts = ("100 %", "15.9 of 16 GiB", "1023 MiB/s", "1023 KiB/s")
    figures = [label for label in pane.findChildren(QLabel) if label.text() in texts]
    assert len(figures) == len(texts)
    qtbot.waitUntil(lambda: all(one.width() >= one.sizeHint().width() for one in figures))
