"""The page of machines asks for details at once, and never for more than one at a time."""

import pytest
from pytestqt.qtbot import QtBot

from vmdesk.controller import Controller
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.tasks import Task
from vmdesk.views.labels import ElidedLabel
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
