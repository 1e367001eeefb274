"""The page of machines asks for details at once, and never for more than one at a time."""

from threading import Event

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, QObject, QRect, Qt
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
from vmdesk.views.actions import DomainActions
from vmdesk.views.labels import ElidedLabel
from vmdesk.views.machines import details_lookup, page
from vmdesk.views.machines.details_pane import DetailsPane
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


def _keys(window: MainWindow) -> list[DomainKey]:
    proxy = window.machines.proxy
    return [proxy.index(row).data(DomainRole.KEY) for row in range(proxy.rowCount())]


def _is_asking(window: MainWindow) -> bool:
    lookup = window.machines._lookup
    return bool(lookup._asked or lookup._ahead)


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


def test_at_the_start_the_rows_are_painted_before_anything_is_asked(
    qtbot: QtBot, window: MainWindow, controller: Controller, monkeypatch: pytest.MonkeyPatch
) -> None:
    view, lookup = window.machines.view, window.machines._lookup
    qtbot.waitUntil(lambda: lookup.has_answer and not _is_asking(window))
    asked: list[bool] = []
    ask = controller.home.details

    def counted(uuid: str) -> Task:
        asked.append(view.has_painted)
        return ask(uuid)

    monkeypatch.setattr(controller.home, "details", counted)
    view.has_painted = False
    assert not window.machines._ask_details()
    window.machines._next_look.stop()
    view.viewport().update()
    qtbot.waitUntil(lambda: bool(asked))
    assert asked[0]


class Paintings(QObject):
    """What can be read in the pane, and where, each time that it is painted."""

    def __init__(self, pane: DetailsPane) -> None:
        super().__init__(pane)
        self._pane = pane
        self.seen: list[dict[str, QRect]] = []
        pane.widget().installEventFilter(self)

    def eventFilter(self, _watched: QObject, event: QEvent) -> bool:
        if event.type() is QEvent.Type.Paint:
            labels = self._pane.findChildren(ElidedLabel)
            self.seen.append({one.text(): one.geometry() for one in labels if one.isVisible()})
        return False


@pytest.fixture
def one(qtbot: QtBot, window: MainWindow, controller: Controller) -> DomainKey:
    """A second machine, which is off; the first one is shown with its details."""
    site = controller.home
    site.host.connection.defineXML(MORE.format(name="one"))
    qtbot.waitUntil(lambda: site.domains.rowCount() == 2)
    qtbot.waitUntil(lambda: window.machines._lookup.has_answer)
    (key,) = (machine.key for machine in controller.machines() if machine.row.domain.name == "one")
    return key


def test_the_next_machine_is_painted_once_with_its_details(
    qtbot: QtBot, window: MainWindow, one: DomainKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(page, "_HOLD", 60_000)
    paintings = Paintings(window.machines.pane)
    window.machines.view.select([one])
    qtbot.waitUntil(lambda: "note of one" in _texts(window))
    qtbot.waitUntil(lambda: any("one" in seen for seen in paintings.seen))
    seen = [seen for seen in paintings.seen if "one" in seen]
    qtbot.waitUntil(lambda: not _is_asking(window))
    labels = window.machines.pane.findChildren(ElidedLabel)
    places = {label.text(): label.geometry() for label in labels if label.isVisible()}
    assert "note of one" in places
    assert seen == [places] * len(seen)


def test_details_that_take_long_are_not_waited_for(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    one: DomainKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site, pane = controller.home, window.machines.pane
    is_told = Event()

    def late(uuid: str) -> Task:
        def look(_job: Job) -> DomainDetails:
            assert is_told.wait(60)
            return details.read(site.host, uuid, site.folders.isos)

        return site._work.ask(look)

    monkeypatch.setattr(site, "details", late)
    window.machines.view.select([one])
    assert not pane.updatesEnabled()
    assert "one" in _texts(window), "what is clicked on now is the one that is selected"
    qtbot.waitUntil(pane.updatesEnabled)
    assert "note of one" not in _texts(window)
    is_told.set()
    qtbot.waitUntil(lambda: "note of one" in _texts(window))


class Asked:
    """Counts the questions for details, which are answered."""

    def __init__(self, controller: Controller, monkeypatch: pytest.MonkeyPatch) -> None:
        self.uuids: list[str] = []
        self._ask = controller.home.details
        monkeypatch.setattr(controller.home, "details", self._counted)

    def _counted(self, uuid: str) -> Task:
        self.uuids.append(uuid)
        return self._ask(uuid)


def test_a_machine_that_the_pointer_rests_on_is_asked_for_before_the_click_and_after_it(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    one: DomainKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    view, lookup = window.machines.view, window.machines._lookup
    qtbot.waitUntil(lambda: not _is_asking(window))
    asked = Asked(controller, monkeypatch)
    row = view.visualRect(window.machines.proxy.index_of(one)).center()
    qtbot.mouseMove(view.viewport(), row)
    qtbot.waitUntil(lambda: lookup.known(one) is not None)
    assert "note of one" not in _texts(window)
    before = len(asked.uuids)
    qtbot.mouseClick(view.viewport(), Qt.MouseButton.LeftButton, pos=row)
    assert "note of one" in _texts(window)
    assert window.machines.pane.updatesEnabled()
    assert len(asked.uuids) == before
    qtbot.waitUntil(lambda: asked.uuids[before:] == [one.uuid])


def test_a_machine_that_the_pointer_rests_on_is_asked_for_when_another_question_is_answered(
    qtbot: QtBot,
    window: MainWindow,
    controller: Controller,
    one: DomainKey,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    qtbot.waitUntil(lambda: not _is_asking(window))
    asked = Asked(controller, monkeypatch)
    machines = window.machines
    assert machines._ask_details()
    machines._point(machines.proxy.index_of(one))
    machines._glance.stop()
    machines._ask_ahead()
    assert one.uuid not in asked.uuids
    qtbot.waitUntil(lambda: machines._lookup.known(one) is not None)
    assert asked.uuids.count(one.uuid) == 1


def test_a_header_that_the_pointer_rests_on_is_asked_nothing(
    window: MainWindow, monkeypatch: pytest.MonkeyPatch, controller: Controller
) -> None:
    asked = Asked(controller, monkeypatch)
    window.machines._pointed = controller.home.domains.key("")
    window.machines._ask_ahead()
    assert asked.uuids == []


def test_facts_stay_while_another_machine_that_was_passed_by_is_answered(
    qtbot: QtBot, window: MainWindow, one: DomainKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = window.machines.view
    view.select([one])
    qtbot.waitUntil(lambda: "note of one" in _texts(window))
    (test,) = set(_keys(window)) - {one}
    qtbot.waitUntil(lambda: not _is_asking(window))
    with qtbot.waitSignal(window.machines._lookup.ended):
        view.select([test])
        view.select([one])
        monkeypatch.setattr(details_lookup, "_FRESH", 0.0)
    window.machines.refresh()
    assert "note of one" in _texts(window)


def test_a_machine_that_is_selected_while_the_window_is_hidden_is_asked_about_when_it_is_shown(
    qtbot: QtBot, window: MainWindow, one: DomainKey
) -> None:
    qtbot.waitUntil(lambda: not _is_asking(window))
    window.hide()
    window.machines.view.select([one])
    assert not _is_asking(window)
    window.show()
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
