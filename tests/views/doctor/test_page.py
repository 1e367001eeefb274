"""The doctor's page: what is wrong comes first, with the command that mends it."""

import gc
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.checkup import Examination
from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.mend import Deed, Mend
from vmdesk.views.doctor.flow import DoctorFlow
from vmdesk.views.doctor.page import DoctorPage
from vmdesk.views.main_window import MainWindow

RUN = Mend("Start it", ("virsh", "net-start", "default"))
COPY = Mend("Log in anew", ("loginctl", "terminate-user", "me"), Deed.COPY)
FINDINGS = (
    Finding("libvirt", State.GOOD, "It is installed."),
    Finding("group", State.WARNING, "It counts from the next login.", (COPY,)),
    Finding("network", State.BROKEN, "It is not active.", (RUN,)),
)


@pytest.fixture
def page(qtbot: QtBot, parent: QWidget) -> DoctorPage:
    made = DoctorPage(parent)
    made.show_findings(FINDINGS)
    made.show()
    return made


def test_what_is_broken_comes_first_and_what_is_good_last(page: DoctorPage) -> None:
    assert [card.finding.check for card in page.cards] == ["network", "group"]
    assert [line.finding.check for line in page.lines] == ["libvirt"]
    assert page.heading.text() == (
        "You can use vmdesk, but machines in the network “default” don’t start."
    )
    assert page.text.text() == "1 of 3 checks are good, 1 thing is broken."
    assert "Broken" in page.cards[0].accessibleName()


def test_when_all_is_good_it_says_so(page: DoctorPage) -> None:
    page.show_findings(FINDINGS[:1])
    assert page.cards == []
    assert page.heading.text() == "You can use vmdesk: what it needs is there."
    assert page.text.text() == "All 1 checks are good."
    page.show_findings(FINDINGS[:2])
    assert page.text.text() == "1 of 2 checks are good, 1 could be better."


def test_what_was_not_checked_or_needed_is_neither_good_nor_bad(page: DoctorPage) -> None:
    unchecked = Finding("denials", State.UNCHECKED, "You may read no log.")
    unneeded = Finding("group", State.UNNEEDED, "Only the system’s machines need it.")
    page.show_findings((unchecked, unneeded, FINDINGS[0]))
    assert page.cards == []
    assert [line.accessibleName().partition(".")[0] for line in page.lines] == [
        "libvirt: Good",
        "Group “libvirt”: Not needed",
        "AppArmor and SELinux: Not checked",
    ]
    assert page.heading.text() == "You can use vmdesk: what it needs is there."
    assert page.text.text().startswith("1 of 3 checks are good; the others are not needed")


def test_a_button_asks_for_its_mend_and_shows_its_command(qtbot: QtBot, page: DoctorPage) -> None:
    network, group = page.cards
    (button,) = network.buttons
    assert "virsh net-start default" in button.accessibleDescription()
    with qtbot.waitSignal(page.mend_wanted) as wanted:
        button.click()
    assert wanted.args == [RUN]
    assert group.buttons == []


def test_a_command_can_be_copied(page: DoctorPage) -> None:
    line = page.cards[1].lines[0]
    line.copy.click()
    assert QGuiApplication.clipboard().text() == "loginctl terminate-user me"
    assert line.copy.text() == "Copied"


def test_while_it_looks_nothing_can_be_asked_for(page: DoctorPage) -> None:
    page.show_looking()
    assert not page.again_button.isEnabled()
    assert not page.cards[0].buttons[0].isEnabled()
    page.show_findings(FINDINGS)
    assert page.again_button.isEnabled()


@pytest.fixture
def flow(controller: Controller, parent: QWidget) -> Iterator[DoctorFlow]:
    made = DoctorFlow(controller, parent)
    yield made
    (paths.state_dir() / "doctor.json").unlink(missing_ok=True)


def pages(parent: QWidget) -> list[DoctorPage]:
    return [page for page in parent.findChildren(DoctorPage) if page.isVisible()]


def test_it_examines_this_computer_in_the_background(
    qtbot: QtBot, parent: QWidget, flow: DoctorFlow
) -> None:
    page = flow.begin()
    assert page.heading.text() == "Looking at this computer…"
    qtbot.waitUntil(lambda: len(page.lines) > 5, timeout=20_000)
    assert flow.begin() is page
    assert pages(parent) == [page]
    page.close()
    assert flow.begin() is not page


def test_a_mend_is_carried_out_and_looked_at_again(
    qtbot: QtBot, flow: DoctorFlow, tmp_path: Path
) -> None:
    page = flow.begin()
    qtbot.waitUntil(lambda: len(page.lines) > 5, timeout=20_000)
    before = page.lines
    page.mend_wanted.emit(Mend("Make it", ("mkdir", str(tmp_path / "made"))))
    assert not page.again_button.isEnabled()
    qtbot.waitUntil(lambda: page.lines is not before, timeout=20_000)
    assert (tmp_path / "made").is_dir()


def test_the_report_is_on_the_clipboard(qtbot: QtBot, flow: DoctorFlow) -> None:
    page = flow.begin()
    page.report_button.click()
    qtbot.waitUntil(lambda: page.report_button.text() == "Copied", timeout=20_000)
    text = QGuiApplication.clipboard().text()
    assert "### Versions" in text
    assert "- Qt: " in text
    assert "### Doctor" in text


def test_it_comes_up_by_itself_only_with_news(
    qtbot: QtBot, parent: QWidget, flow: DoctorFlow
) -> None:
    flow._show_news(Examination(FINDINGS, is_news=False))
    assert pages(parent) == []
    flow._show_news(Examination(FINDINGS, is_news=True))
    assert pages(parent) == [], "to make it and to draw it at once would hold the window"
    qtbot.waitUntil(lambda: bool(pages(parent)))
    assert len(pages(parent)[0].cards) == 2


def test_the_first_start_on_a_broken_computer_shows_it(
    qtbot: QtBot, controller: Controller, parent: QWidget, flow: DoctorFlow, tmp_path: Path
) -> None:
    controller.home.host.uri = f"qemu:///system?socket={tmp_path}/none"
    flow.begin_at_start()
    qtbot.waitUntil(lambda: bool(pages(parent)), timeout=20_000)
    assert "connection" in [card.finding.check for card in pages(parent)[0].cards]
    assert (paths.state_dir() / "doctor.json").exists()


def test_a_report_from_the_menu_is_copied_and_said_to_be(qtbot: QtBot, window: MainWindow) -> None:
    window.actions_of_window.report.trigger()
    qtbot.waitUntil(window.notices.events.isVisible, timeout=20_000)
    assert window.notices.events.text.text() == "The report is on the clipboard."
    assert "### Doctor" in QGuiApplication.clipboard().text()


def test_the_menu_opens_it(window: MainWindow) -> None:
    window.actions_of_window.doctor.trigger()
    assert len(pages(window)) == 1


def test_pages_that_are_closed_leave_nothing_behind(parent: QWidget) -> None:
    def open_and_close() -> None:
        page = DoctorPage(parent)
        page.show_findings(FINDINGS)
        page.show()
        page.close()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        QApplication.processEvents()

    open_and_close()
    gc.collect()
    before = len(QApplication.allWidgets())
    for _time in range(20):
        open_and_close()
    gc.collect()
    assert len(QApplication.allWidgets()) == before


def test_a_failed_operation_is_in_the_log(
    qtbot: QtBot, window: MainWindow, controller: Controller, caplog: pytest.LogCaptureFixture
) -> None:
    row = next(iter(controller.home.domains.rows()))
    with caplog.at_level(logging.ERROR), qtbot.waitSignal(controller.failed):
        controller.home.start(row.domain.uuid)
    assert "Start test: The machine is running already." in caplog.text
