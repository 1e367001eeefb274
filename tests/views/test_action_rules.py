"""What can be done in which state."""

from dataclasses import replace

import pytest

from tests.views.conftest import info
from vmdesk.core.host import DomainState
from vmdesk.models.domain_list_model import Activity, DomainRow, PendingDomain
from vmdesk.views.action_rules import Act, main_act, why_not

ALWAYS = {Act.CONSOLE, Act.DELETE, Act.PROPERTIES, Act.INSERT, Act.EJECT, Act.TRANSFER}
ALLOWED = {
    DomainState.RUNNING: {Act.SHUT_DOWN, Act.REBOOT, Act.PAUSE, Act.FORCE_OFF},
    DomainState.BLOCKED: {Act.SHUT_DOWN, Act.REBOOT, Act.PAUSE, Act.FORCE_OFF},
    DomainState.PAUSED: {Act.RESUME, Act.FORCE_OFF},
    DomainState.SHUTDOWN: {Act.FORCE_OFF},
    DomainState.SUSPENDED: {Act.FORCE_OFF},
    DomainState.SHUTOFF: {Act.START, Act.EXPORT, Act.RENAME},
    DomainState.CRASHED: {Act.START, Act.EXPORT, Act.RENAME},
}


@pytest.mark.parametrize("state", ALLOWED)
def test_each_state_allows_what_makes_sense_in_it(state: DomainState) -> None:
    row = DomainRow(info("one", state))
    allowed = {act for act in Act if why_not(act, row, is_connected=True) is None}
    assert allowed == ALLOWED[state] | ALWAYS


def test_while_something_is_done_nothing_else_can_be_but_a_look_and_a_cancel() -> None:
    row = DomainRow(info("one", DomainState.RUNNING), Activity("Exporting", 0.5))
    allowed = {act for act in Act if why_not(act, row, is_connected=True) is None}
    assert allowed == {Act.CONSOLE, Act.CANCEL}
    assert "Exporting" in (why_not(Act.DELETE, row, is_connected=True) or "")


def test_a_machine_being_made_can_only_be_cancelled() -> None:
    row = DomainRow(PendingDomain("uuid", "new", 1024, 1), Activity("Downloading"))
    assert {act for act in Act if why_not(act, row, is_connected=True) is None} == {Act.CANCEL}


def test_without_a_connection_nothing_is_possible_but_a_cancel() -> None:
    row = DomainRow(info("one", DomainState.RUNNING))
    assert not [act for act in Act if why_not(act, row, is_connected=False) is None]
    busy = replace(row, activity=Activity("Exporting"))
    assert why_not(Act.CANCEL, busy, is_connected=False) is None


@pytest.mark.parametrize(
    ("state", "act"),
    [
        (DomainState.SHUTOFF, Act.START),
        (DomainState.RUNNING, Act.CONSOLE),
        (DomainState.PAUSED, Act.RESUME),
    ],
)
def test_the_next_thing_to_do_depends_on_the_state(state: DomainState, act: Act) -> None:
    assert main_act(DomainRow(info("one", state))) is act
