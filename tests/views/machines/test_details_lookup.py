"""What machines are made of is asked for ahead of a click, and no answer takes another's place."""

from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.core.details import DomainDetails
from vmdesk.core.domain_key import DomainKey
from vmdesk.tasks import Task
from vmdesk.views.machines import details_lookup
from vmdesk.views.machines.details_lookup import DetailsLookup

MORE = """
<domain type='test'>
  <name>{name}</name><memory>65536</memory><vcpu>1</vcpu><os><type>hvm</type></os>
  <description>note of {name}</description>
</domain>
"""


class Desk:
    """A lookup, three machines, and answers that come when a test says so."""

    def __init__(
        self, controller: Controller, parent: QObject, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.controller = controller
        self.lookup = DetailsLookup(controller, parent)
        self.answered: list[DomainKey] = []
        self.lookup.answered.connect(self.answered.append)
        site = controller.home
        for name in ("one", "two", "three"):
            site.host.connection.defineXML(MORE.format(name=name))
        keys = {info.name: site.domains.key(info.uuid) for info in site.host.domains()}
        self.one, self.two, self.three = keys["one"], keys["two"], keys["three"]
        self.asked: list[str] = []
        self._names = {key.uuid: name for name, key in keys.items()}
        self._ask = site.details
        monkeypatch.setattr(site, "details", self._counted)

    def ask(self, key: DomainKey) -> None:
        self.lookup.want(key)
        self.lookup.ask()

    @property
    def is_asking(self) -> bool:
        return bool(self.lookup._asked or self.lookup._ahead)

    def note(self, key: DomainKey) -> str | None:
        known = self.lookup.known(key)
        return None if known is None else known.note

    def _counted(self, uuid: str) -> Task:
        self.asked.append(self._names[uuid])
        return self._ask(uuid)


@pytest.fixture
def desk(qtbot: QtBot, controller: Controller, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    parent = QObject()
    controller.reconnect()
    qtbot.waitUntil(lambda: controller.home.domains.rowCount() == 1)
    desk = Desk(controller, parent, monkeypatch)
    qtbot.waitUntil(lambda: controller.home.domains.rowCount() == 4)
    yield desk
    qtbot.waitUntil(lambda: not desk.is_asking)
    parent.deleteLater()


def test_what_is_asked_for_is_known_then(qtbot: QtBot, desk: Desk) -> None:
    assert not desk.lookup.has_answer
    desk.ask(desk.one)
    assert desk.note(desk.one) is None
    qtbot.waitUntil(lambda: desk.answered == [desk.one])
    assert desk.note(desk.one) == "note of one"
    assert desk.lookup.has_answer


def test_however_fast_others_are_wanted_one_question_is_under_way_and_the_last_is_due(
    qtbot: QtBot, desk: Desk
) -> None:
    desk.ask(desk.one)
    assert not desk.lookup.is_due
    for key in (desk.two, desk.three):
        desk.ask(key)
        assert desk.lookup.is_due
    assert desk.asked == ["one"]
    with qtbot.waitSignal(desk.lookup.ended):
        pass
    desk.lookup.ask()
    assert desk.asked == ["one", "three"]
    assert not desk.lookup.is_due


def test_nothing_is_due_any_more_when_another_machine_is_wanted(desk: Desk) -> None:
    desk.ask(desk.one)
    desk.ask(desk.two)
    desk.lookup.want(None)
    assert not desk.lookup.is_due
    desk.lookup.ask()
    assert desk.asked == ["one"]


def test_a_late_answer_leaves_what_is_known_of_the_machine_that_is_wanted_again(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ask(desk.one)
    qtbot.waitUntil(lambda: desk.note(desk.one) is not None)
    desk.ask(desk.two)
    desk.lookup.want(desk.one)
    monkeypatch.setattr(details_lookup, "_FRESH", 0.0)
    qtbot.waitUntil(lambda: desk.two in desk.answered)
    assert desk.note(desk.one) == "note of one"
    assert desk.note(desk.two) is None


def test_who_comes_back_at_once_need_not_wait(qtbot: QtBot, desk: Desk) -> None:
    desk.ask(desk.one)
    qtbot.waitUntil(lambda: desk.note(desk.one) is not None)
    desk.ask(desk.two)
    qtbot.waitUntil(lambda: desk.note(desk.two) is not None)
    assert desk.note(desk.one) == "note of one"


def test_what_is_known_is_of_no_use_after_a_while_but_of_the_machine_that_is_shown(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk.ask(desk.one)
    qtbot.waitUntil(lambda: desk.note(desk.one) is not None)
    assert desk.lookup.ask_ahead(desk.two)
    qtbot.waitUntil(lambda: desk.note(desk.two) == "note of two")
    monkeypatch.setattr(details_lookup, "_FRESH", 0.0)
    assert desk.note(desk.two) is None
    assert desk.note(desk.one) == "note of one"
    desk.lookup.want(None)
    desk.lookup.want(desk.one)
    assert desk.note(desk.one) is None


def test_what_is_known_is_forgotten_when_something_happens_but_of_the_machine_that_is_shown(
    qtbot: QtBot, desk: Desk
) -> None:
    desk.ask(desk.one)
    qtbot.waitUntil(lambda: desk.note(desk.one) is not None)
    desk.lookup.ask_ahead(desk.two)
    qtbot.waitUntil(lambda: desk.note(desk.two) is not None)
    desk.lookup.forget(desk.one)
    desk.lookup.forget(desk.two)
    assert desk.note(desk.two) is None
    assert desk.note(desk.one) == "note of one", "a new answer takes its place"
    desk.lookup.want(None)
    desk.lookup.forget(desk.one)
    assert desk.note(desk.one) is None


def test_an_answer_from_before_something_happened_is_none(qtbot: QtBot, desk: Desk) -> None:
    desk.lookup.ask_ahead(desk.one)
    desk.lookup.forget(desk.one)
    qtbot.waitUntil(lambda: not desk.is_asking)
    assert desk.answered == []
    assert desk.note(desk.one) is None


def test_nothing_is_asked_ahead_while_something_is_asked_or_of_what_is_known(
    qtbot: QtBot, desk: Desk
) -> None:
    desk.ask(desk.one)
    assert not desk.lookup.ask_ahead(desk.two)
    qtbot.waitUntil(lambda: not desk.is_asking)
    assert desk.lookup.ask_ahead(desk.one)
    assert desk.asked == ["one"]


def test_what_is_asked_ahead_holds_up_no_other_question(qtbot: QtBot, desk: Desk) -> None:
    assert desk.lookup.ask_ahead(desk.one)
    assert not desk.lookup.ask_ahead(desk.three)
    desk.ask(desk.two)
    assert desk.asked == ["one", "two"]
    qtbot.waitUntil(lambda: desk.note(desk.one) is not None and desk.note(desk.two) is not None)


def test_what_is_being_asked_ahead_is_waited_for_and_then_due(qtbot: QtBot, desk: Desk) -> None:
    desk.lookup.ask_ahead(desk.one)
    desk.ask(desk.one)
    assert desk.lookup.is_due
    assert desk.asked == ["one"]
    qtbot.waitUntil(lambda: desk.answered == [desk.one])


def test_a_machine_of_a_connection_that_is_gone_is_not_asked_for(desk: Desk) -> None:
    gone = DomainKey("test:///gone.xml", desk.one.uuid)
    desk.ask(gone)
    desk.lookup.ask_ahead(gone)
    assert not desk.is_asking
    assert desk.asked == []


def test_a_question_that_fails_is_over(
    qtbot: QtBot, desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_job: object) -> DomainDetails:
        raise EOFError

    site = desk.controller.home
    monkeypatch.setattr(site, "details", lambda _uuid: site._work.ask(fail))
    with qtbot.waitSignal(desk.lookup.ended):
        desk.ask(desk.one)
    assert not desk.is_asking
    assert desk.answered == []
