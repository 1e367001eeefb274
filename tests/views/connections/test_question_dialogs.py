"""The questions of ssh and polkit as dialogs."""

import json
import socket
from collections.abc import Iterator

import pytest
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot

from vmdesk.core import ask_tools
from vmdesk.questions import Question, Questions
from vmdesk.views.connections import question_dialogs
from vmdesk.views.connections.question_dialogs import TRUST, PersonDialog, SecretDialog
from vmdesk.views.dialog import Dialog
from vmdesk.views.message_dialog import MessageDialog

UNKNOWN = """The authenticity of host '[127.0.0.1]:2222 ([127.0.0.1]:2222)' can't be established.
ED25519 key fingerprint is SHA256:3zjzTzK1rRcfh8bR1mqGJxW5lNRkIX1lWEnwSpTg5Vk.
This key is not known by any other names.
Are you sure you want to continue connecting (yes/no/[fingerprint])? """

# What Debian 12's pkttyagent (polkit 122) has said.
POLKIT = """==== AUTHENTICATING FOR {action} ====
{message}
"""
LIBVIRT = POLKIT.format(
    action="org.libvirt.unix.manage",
    message="System policy prevents management of local virtualized systems",
)
ROOT = POLKIT.format(
    action="org.freedesktop.policykit.exec",
    message="Authentication is needed to run `/usr/bin/touch x' as the super user",
)
ANNA = "Authenticating as: anna\n"
CHOICE = """Multiple identities can be used for authentication:
 1.  root
 2.  Anna Berg (anna)
Choose identity to authenticate as (1-2): """


class Asker:
    """Asks one question, as the askpass program does, and reads the answer."""

    def __init__(self, qtbot: QtBot, parent: QWidget) -> None:
        self._qtbot = qtbot
        self._tools = ask_tools.install()
        self._owner = QObject()
        self.questions = Questions(self._tools, self._owner)
        self._parent = parent
        self._socket = socket.socket(socket.AF_UNIX)

    def ask(self, prompt: str, who: str = "ssh") -> Dialog:
        shown: list[Dialog] = []

        def show(question: Question) -> None:
            shown.append(question_dialogs.ask(self._parent, question))

        self.questions.asked.connect(show)
        self._socket.connect(str(self._tools.socket))
        self._socket.sendall(
            json.dumps({"prompt": prompt, "who": who, "asker": 1}).encode() + b"\n"
        )
        self._qtbot.waitUntil(lambda: bool(shown))
        return shown[0]

    def answer(self) -> bytes:
        self._socket.settimeout(5)
        return self._socket.recv(100)

    def hang_up(self) -> None:
        self._socket.close()

    def close(self) -> None:
        self.hang_up()
        self.questions.close()
        self._tools.remove()


@pytest.fixture
def asker(qtbot: QtBot, parent: QWidget) -> Iterator[Asker]:
    made = Asker(qtbot, parent)
    yield made
    made.close()


@pytest.mark.parametrize(("key", "answer"), [(TRUST, b"yes\n"), ("no", b"")])
def test_a_new_host_is_trusted_by_the_user_alone(
    qtbot: QtBot, asker: Asker, key: str, answer: bytes
) -> None:
    dialog = asker.ask(UNKNOWN)
    assert isinstance(dialog, MessageDialog)
    assert "127.0.0.1" in dialog.accessibleName()
    (shown,) = dialog.findChildren(QLineEdit)
    assert shown.text() == "ED25519  SHA256:3zjzTzK1rRcfh8bR1mqGJxW5lNRkIX1lWEnwSpTg5Vk"
    assert dialog.buttons["no"].hasFocus() or dialog.buttons["no"].isDefault()
    qtbot.mouseClick(dialog.buttons[key], Qt.MouseButton.LeftButton)
    assert asker.answer() == answer


@pytest.mark.parametrize(
    ("prompt", "heading"),
    [
        ("anna@lab's password: ", "Password of anna@lab"),
        ("Enter passphrase for key '/home/anna/.ssh/id': ", "Passphrase of your key"),
        ("One-time code: ", "ssh asks"),
    ],
)
def test_a_secret_is_asked_for_and_not_shown(
    qtbot: QtBot, asker: Asker, prompt: str, heading: str
) -> None:
    dialog = asker.ask(prompt)
    assert isinstance(dialog, SecretDialog)
    assert dialog.windowTitle() == heading
    assert dialog.secret.edit.echoMode() is QLineEdit.EchoMode.Password
    dialog.secret.edit.setText("open sesame")
    qtbot.keyClick(dialog.secret.edit, Qt.Key.Key_Return)
    assert asker.answer() == b"open sesame\n"


@pytest.mark.parametrize(
    ("prompt", "heading", "name", "words"),
    [
        (
            f"{LIBVIRT}{ANNA}Password: ",
            "Password of anna",
            "&Password",
            "libvirt",
        ),
        (f"{ROOT}{CHOICE}2\nPassword: ", "Password of Anna Berg (anna)", "&Password", "as root"),
        (
            f"{ROOT}Authenticating as: root\nOne-time code: ",
            "Password of root",
            "One-time code",
            "",
        ),
        (f"{LIBVIRT}Password: ", "Your system asks", "&Password", ""),
        (f"{ROOT}Choose identity (1-2): ", "Your system asks", "Choose identity (1-2)", ""),
        (f"{LIBVIRT}{ANNA}Error: Locked\nPassword: ", "Password of anna", "&Password", "Locked"),
        (f"{LIBVIRT}{ANNA}Password: \nPIN & more: ", "Password of anna", "PIN && more", ""),
        (
            POLKIT.format(action="org.x", message="May x?") + f"{ANNA}Password: ",
            "Password of anna",
            "&Password",
            "May x?",
        ),
    ],
    ids=["libvirt", "chosen", "code", "nobody", "no people", "note", "second", "other"],
)
def test_polkit_wants_a_secret_of_somebody_for_something(
    asker: Asker, prompt: str, heading: str, name: str, words: str
) -> None:
    dialog = asker.ask(prompt, "polkit")
    assert isinstance(dialog, SecretDialog)
    assert (dialog.windowTitle(), dialog.secret.name.text()) == (heading, name)
    assert words in dialog.secret.edit.accessibleDescription()
    assert dialog.secret.problem == ""


def test_what_another_computer_says_is_never_taken_for_polkits_words(asker: Asker) -> None:
    dialog = asker.ask(f"(anna@evil) {LIBVIRT}{ANNA}Password: ")
    assert isinstance(dialog, SecretDialog)
    assert dialog.windowTitle() == "ssh asks"
    assert dialog.secret.problem == ""


def test_a_secret_that_was_wrong_is_asked_for_with_a_word(asker: Asker) -> None:
    failed = "polkit-agent-helper-1: pam_authenticate failed\n==== AUTHENTICATION FAILED ====\n"
    dialog = asker.ask(f"{failed}{LIBVIRT}{ANNA}Password: ", "polkit")
    assert isinstance(dialog, SecretDialog)
    assert "Try again" in dialog.secret.problem


@pytest.mark.parametrize(
    ("user", "suggested"), [("anna", "Anna Berg (anna)"), ("root", "root"), ("ben", "root")]
)
def test_the_user_chooses_who_allows_it(
    qtbot: QtBot, asker: Asker, monkeypatch: pytest.MonkeyPatch, user: str, suggested: str
) -> None:
    monkeypatch.setattr(question_dialogs, "user_name", lambda: user)
    dialog = asker.ask(f"{ROOT}{CHOICE}", "polkit")
    assert isinstance(dialog, PersonDialog)
    assert dialog.people.currentText() == suggested
    dialog.people.setCurrentIndex(1)
    qtbot.mouseClick(dialog.answer_button, Qt.MouseButton.LeftButton)
    assert asker.answer() == b"2\n"


def test_escape_chooses_nobody(qtbot: QtBot, asker: Asker) -> None:
    dialog = asker.ask(f"{ROOT}{CHOICE}", "polkit")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert asker.answer() == b""


def test_escape_gives_no_secret(qtbot: QtBot, asker: Asker) -> None:
    dialog = asker.ask("anna@lab's password: ")
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert asker.answer() == b""


def test_a_question_that_nobody_waits_for_goes_away(qtbot: QtBot, asker: Asker) -> None:
    dialog = asker.ask("anna@lab's password: ")
    with qtbot.waitSignal(dialog.finished):
        asker.hang_up()
