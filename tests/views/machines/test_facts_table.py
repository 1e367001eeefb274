"""The card of facts: what its links do follows the machine, also where the words are the same."""

from functools import partial

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from vmdesk.views.labels import ElidedLabel
from vmdesk.views.machines.facts_table import Fact, FactsTable


def test_a_link_does_what_the_last_facts_say(qtbot: QtBot) -> None:
    table = FactsTable()
    qtbot.addWidget(table)
    done: list[str] = []
    table.show_facts([Fact("Disc", "No disc", "Insert…", lambda: done.append("first"))])
    link = table.findChild(QPushButton)
    table.show_facts([Fact("Disc", "No disc", "Insert…", lambda: done.append("second"))])
    assert table.findChild(QPushButton) is link, "equal words are not drawn anew"
    qtbot.mouseClick(link, Qt.MouseButton.LeftButton)
    assert done == ["second"]


def test_other_facts_take_the_place_of_the_first(qtbot: QtBot) -> None:
    table = FactsTable()
    qtbot.addWidget(table)
    table.show_facts([Fact("Disk", "vda", "Show", lambda: None), Fact("Note", "x")])
    table.show()
    table.show_facts([Fact("Network", "none")])
    assert [link for link in table.findChildren(QPushButton) if link.isVisible()] == []


def test_the_labels_of_one_machine_become_those_of_the_next(qtbot: QtBot) -> None:
    table = FactsTable()
    qtbot.addWidget(table)
    table.show()
    table.show_facts([Fact("Disk", "vda", "Show", lambda: None), Fact("Network", "none")])
    before = table.findChildren(ElidedLabel)
    table.show_facts([Fact("Disk", "vdb"), Fact("Address", "10.0.0.1", "Copy", lambda: None)])
    assert [label for label in before if label.isVisible()] == before
    assert {label.text() for label in before} == {"Disk", "vdb", "Address", "10.0.0.1"}
    assert {label.accessibleName() for label in before} >= {"Disk: vdb", "Address: 10.0.0.1"}
    links = [link for link in table.findChildren(QPushButton) if link.isVisible()]
    assert [link.text() for link in links] == ["Copy"]


def test_a_link_that_does_something_else_is_another_one(qtbot: QtBot) -> None:
    table = FactsTable()
    qtbot.addWidget(table)
    table.show()
    table.show_facts([Fact("Disc", "No disc", "Insert…", lambda: None)])
    (insert,) = table.findChildren(QPushButton)
    table.show_facts([Fact("Disc", "a.iso", "Eject", lambda: None)])
    (eject,) = (link for link in table.findChildren(QPushButton) if link.isVisible())
    assert not insert.isVisible(), "who has the keyboard on it is not to eject"
    assert eject.text() == "Eject"


def test_a_link_that_does_it_to_something_else_is_another_one(qtbot: QtBot) -> None:
    table = FactsTable()
    qtbot.addWidget(table)
    table.show()
    done: list[str] = []
    for drive in ("sda", "sdb"):
        eject = partial(done.append, drive)
        table.show_facts([Fact("Disc", "a.iso", "Eject", eject, subject=drive)])
    first, second = table.findChildren(QPushButton)
    assert not first.isVisible(), "who has the keyboard on it is not to eject the other disc"
    qtbot.mouseClick(second, Qt.MouseButton.LeftButton)
    assert done == ["sdb"]


def test_a_link_that_can_do_nothing_now_says_why(qtbot: QtBot) -> None:
    table = FactsTable()
    qtbot.addWidget(table)
    why = "Wait until this is done: Exporting"
    table.show_facts([Fact("Disc", "No disc", "Insert…", lambda: None, hindrance=why)])
    (link,) = table.findChildren(QPushButton)
    assert not link.isEnabled()
    assert link.toolTip() == why
