"""The page of machines asks for details at once, and never for more than one at a time."""

from threading import Event

import pytest
from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QLabel, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from tests.views.conftest import info
from vmdesk.controller import Controller
from vmdesk.core import details
from vmdesk.core.details import DomainDetails
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.job import Job
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.tasks import Task
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import DomainActions
from vmdesk.views.labels import ElidedLabel
from vmdesk.views.machines.page import MachinesPage
from vmdesk.views.main_window import MainWindow

MORE = """
<domain type='test'>
  <name>{name}</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os>
  <description>note of {name}</description>
</domain>
"""


def _texts(window: MainWindow) -> set[str]:
    labels = window.machines.pane.findChildren(ElidedLabel)
    return {label.text() for label in labels if label.isVisible()}


def test_however_fast_the_selection_moves_one_question_is_under_way_and_the_last_one_is_answered(
    qtbot: QtBot, window: MainWindow, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one", "two", "three"):
        controller.home.host.connection.defineXML(MORE.format(name=name))
    qtbot.waitUntil(lambda: controller.home.domains.rowCount() == 4)
    view = window.machines.view
    keys = {
        index.data(): index.data(DomainRole.KEY)
        for index in (controller.home.domains.index(row, 0) for row in range(4))
    }
    asked: list[str] = []
    under_way: list[int] = []
    ask = controller.home.details
    running: set[Task] = set()

    def counted(uuid: str) -> Task:
        task = ask(uuid)
        running.add(task)
        task.finished.connect(lambda: running.discard(task))
        asked.append(uuid)
        under_way.append(len(running))
        return task

    qtbot.waitUntil(lambda: view.selected_keys() == [keys["test"]])
    monkeypatch.setattr(controller.home, "details", counted)
    for name in ("one", "two", "three"):
        view.select([keys[name]])
    qtbot.waitUntil(lambda: "note of three" in _texts(window))
    assert asked[-1] == keys["three"].uuid
    assert keys["two"].uuid not in asked
    assert max(under_way) == 1


def test_the_next_machine_is_shown_with_its_details_or_without_them_if_they_take_long(
    qtbot: QtBot, window: MainWindow, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = controller.home
    site.host.connection.defineXML(MORE.format(name="one"))
    qtbot.waitUntil(lambda: site.domains.rowCount() == 2)
    machines = window.machines
    qtbot.waitUntil(lambda: machines._details is not None)
    (one,) = (machine.key for machine in controller.machines() if machine.row.domain.name == "one")
    is_told = Event()

    def late(uuid: str) -> Task:
        def look(_job: Job) -> DomainDetails:
            assert is_told.wait(10)
            return details.read(site.host, uuid, site.folders.isos)

        return site._work.ask(look)

    monkeypatch.setattr(site, "details", late)
    machines.view.select([one])
    assert "one" not in _texts(window), "it would be laid out twice"
    with qtbot.waitSignal(window.domain_actions.requested) as wanted:
        window.domain_actions.request(Act.DELETE)
    assert wanted.args is not None
    assert wanted.args[0].keys == (one,), "what is selected is what is meant"
    qtbot.waitUntil(lambda: "one" in _texts(window))
    assert "note of one" not in _texts(window)
    assert "test" not in _texts(window)
    is_told.set()
    qtbot.waitUntil(lambda: "note of one" in _texts(window))


def test_a_guest_that_was_asked_to_shut_down_is_said_to_do_so_until_it_has(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    uuid = controller.home.host.lookup("test").uuid
    domains = controller.home.domains
    domains.set_asked_off(uuid, True)
    assert domains.index_of(uuid).data(DomainRole.STATE_TEXT) == "Shutting down"
    qtbot.waitUntil(lambda: window.machines.pane.state_words == "Shutting down")
    domains.set_asked_off(uuid, False)
    qtbot.waitUntil(lambda: window.machines.pane.state_words == "Running")


def test_a_button_that_goes_away_gives_the_focus_to_the_list(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    pane = window.machines.pane
    (console,) = [
        button
        for button in pane.findChildren(QPushButton)
        if button.isVisible() and button.text().replace("&", "") == "Console"
    ]
    console.setFocus()
    controller.home.host.connection.lookupByName("test").destroy()
    qtbot.waitUntil(lambda: not console.isVisible())
    assert window.focusWidget() is window.machines.view


def test_when_an_operation_has_ended_the_details_are_asked_for_anew_without_an_event(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    site = controller.home
    uuid = site.host.lookup("test").uuid
    qtbot.waitUntil(lambda: not site._work.questions.tasks)
    with qtbot.waitSignal(site.domain_changed) as told:
        site._work.operate("Change test", lambda _job: None, uuid, lambda: None)
    assert told.args == [uuid]
    assert site._work.questions.tasks


def test_the_neighbour_of_a_machine_that_is_gone_is_shown(
    qtbot: QtBot, window: MainWindow, controller: Controller
) -> None:
    for name in ("one", "three", "two"):
        controller.home.host.connection.defineXML(MORE.format(name=name))
    qtbot.waitUntil(lambda: controller.home.domains.rowCount() == 4)

    def key_name(key: DomainKey) -> str:
        row = controller.row(key)
        return row.domain.name if row is not None else ""

    def names() -> list[str]:
        return [key_name(key) for key in window.machines.view.selected_keys()]

    def select(*wanted: str) -> None:
        keys = [machine.key for machine in controller.machines()]
        window.machines.view.select([key for key in keys if key_name(key) in wanted])

    def undefine(name: str) -> None:
        count = controller.home.domains.rowCount()
        controller.home.host.connection.lookupByName(name).undefine()
        qtbot.waitUntil(lambda: controller.home.domains.rowCount() == count - 1)

    select("one")
    undefine("one")
    assert names() == ["test"]
    assert window.machines.pane.state_words
    select("three", "two")
    undefine("three")
    assert names() == ["two"], "what is selected stays"


def test_without_a_selection_there_is_a_hint(window: MainWindow) -> None:
    window.machines.view.clearSelection()
    shown = {label.text() for label in window.machines.pane.findChildren(QLabel)}
    assert "Select a machine to see it here." in shown


@pytest.mark.parametrize("is_meant_there", [True, False])
def test_a_header_that_stood_in_gives_way_to_the_machine_that_was_meant_or_the_first(
    qtbot: QtBot, parent: QWidget, controller: Controller, is_meant_there: bool
) -> None:
    controller.add("test:///default", "Another")
    page = MachinesPage(controller, DomainActions(parent), parent)
    machines = controller.home.domains
    one, two = info("one"), info("two")
    page.select(machines.key(two.uuid))
    assert page.view.selected_connection == controller.home.uri
    machines.set_all([one, two] if is_meant_there else [one])
    selected = two if is_meant_there else one
    qtbot.waitUntil(lambda: page.view.selected_keys() == [machines.key(selected.uuid)])


def test_a_header_that_the_user_has_chosen_stays(parent: QWidget, controller: Controller) -> None:
    another = controller.add("test:///default", "Another")
    page = MachinesPage(controller, DomainActions(parent), parent)
    page.select(None)
    page.view.select([another.domains.key("")])
    controller.home.domains.set_all([info("one")])
    QCoreApplication.processEvents()
    assert page.view.selected_connection == another.uri
