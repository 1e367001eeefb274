"""The actions on the selection: enabled by rule, with the reason where they are not."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from tests.views.conftest import info, machine
from vmdesk.core.host import DomainState
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import ActionButton, DomainActions, Request


@pytest.fixture
def actions(parent: QWidget) -> DomainActions:
    return DomainActions(parent)


def test_a_disabled_action_says_why(actions: DomainActions) -> None:
    actions.set_machines([machine(info("one"))])
    assert not actions[Act.SHUT_DOWN].isEnabled()
    assert actions[Act.SHUT_DOWN].toolTip() == "It is off."
    assert actions[Act.START].isEnabled()


def test_without_a_selection_nothing_is_enabled(actions: DomainActions) -> None:
    actions.set_machines([])
    assert not any(actions[act].isEnabled() for act in Act)
    assert actions[Act.START].toolTip() == "Select a machine first."


def test_of_several_machines_those_act_that_can(qtbot: QtBot, actions: DomainActions) -> None:
    off, on = machine(info("off")), machine(info("on", DomainState.RUNNING))
    actions.set_machines([off, on])
    with qtbot.waitSignal(actions.requested) as asked:
        actions[Act.START].trigger()
    assert asked.args == [Request(Act.START, (off.key,))]
    with qtbot.waitSignal(actions.requested) as asked:
        actions[Act.DELETE].trigger()
    assert asked.args == [Request(Act.DELETE, (off.key, on.key))]


def test_a_console_is_for_one_machine(qtbot: QtBot, actions: DomainActions) -> None:
    machines = [machine(info(name, DomainState.RUNNING)) for name in ("one", "two")]
    actions.set_machines(machines)
    with qtbot.assertNotEmitted(actions.requested):
        actions.request(Act.CONSOLE)
    assert "one machine" in actions[Act.CONSOLE].toolTip()


def test_a_button_does_what_its_action_does(
    qtbot: QtBot, parent: QWidget, actions: DomainActions
) -> None:
    button = ActionButton(actions[Act.START], parent=parent)
    actions.set_machines([])
    assert not button.isEnabled()
    actions.set_machines([machine(info("one"))])
    with qtbot.waitSignal(actions.requested):
        qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def test_the_menu_shows_what_makes_sense(parent: QWidget, actions: DomainActions) -> None:
    actions.set_machines([machine(info("one", DomainState.RUNNING))])
    shown = actions.menu(parent).actions()
    assert actions[Act.FORCE_OFF] in shown
    assert actions[Act.RESUME] not in shown
    assert actions[Act.CANCEL] not in shown


def test_no_two_actions_share_a_mnemonic(actions: DomainActions) -> None:
    texts = [actions[act].text() for act in Act]
    keys = [text[text.index("&") + 1].lower() for text in texts]
    assert len(keys) == len(set(keys))
