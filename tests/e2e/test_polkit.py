"""A libvirt that polkit guards, on a desktop without an agent: the window asks for the password."""

from collections.abc import Iterator

import pytest
from pytestqt.qtbot import QtBot

from tests import guarded_libvirt
from tests.e2e.person import Person
from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.ask_tools import AskTools
from vmdesk.core.folders import Folders
from vmdesk.views.connections.question_dialogs import SecretDialog
from vmdesk.views.machines.connection_page import SiteAct


@pytest.fixture
def controller(qtbot: QtBot, libvirt_events: None, tools: AskTools) -> Iterator[Controller]:
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()), tools.asking)
    controller.add(guarded_libvirt.URI)
    yield controller
    controller.shut_down_vmdesk()


@pytest.fixture
def password() -> str:
    return guarded_libvirt.password()


def test_the_window_asks_until_the_password_is_right_and_never_against_the_users_will(
    password: str, person: Person, controller: Controller
) -> None:
    person.dialog(SecretDialog).reject()
    site = controller.home
    person.wait(lambda: site.status.error is not None, "the refusal")
    assert site.status.error is not None
    assert "did not let you in" in site.status.error.summary
    assert site.status.retry_in is None, "it would ask again and again"

    person.window.flows.connections.carry_out(SiteAct.RECONNECT, site)
    first = person.dialog(SecretDialog)
    assert first.secret.problem == ""
    first.secret.edit.setText("wrong")
    person.click(first.answer_button)
    person.wait(lambda: person.dialog(SecretDialog) is not first, "the next question")
    second = person.dialog(SecretDialog)
    assert "Try again" in second.secret.problem
    second.secret.edit.setText(password)
    person.click(second.answer_button)
    person.wait(lambda: site.is_connected, "libvirt")
