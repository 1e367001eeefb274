"""Questions of ssh and polkit as dialogs: whether a computer is the right one, and secrets."""

import re
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit, QPushButton, QVBoxLayout, QWidget

from vmdesk.core.i18n import _
from vmdesk.core.mend import user_name
from vmdesk.questions import Question
from vmdesk.views.dialog import Dialog
from vmdesk.views.field import Field, TextField
from vmdesk.views.form import Form
from vmdesk.views.labels import label, shortened
from vmdesk.views.message_dialog import Choice, MessageDialog

TRUST = "trust"
_WIDE = 620
"""Pixels in which a fingerprint can be read, and so compared, as a whole."""
# What OpenSSH says (sshconnect.c, check_host_key); the languages of ssh are one.
_UNKNOWN = re.compile(r"authenticity of host '(?P<host>[^']+)' can't be established")
_FINGERPRINT = re.compile(r"(?P<kind>[\w-]+) key fingerprint is (?P<print>\S+?)\.?\s")
_PASSWORD = re.compile(r"(?P<who>\S+)'s password:")
_PASSPHRASE = re.compile(r"passphrase for key '(?P<key>.+)'")
# What polkit's agent for terminals says (polkitagenttextlistener.c), without a language.
_ACTION = re.compile(r"AUTHENTICATING FOR (?P<action>\S+) =+\n(?P<message>.+)\n")
_PERSON = re.compile(r"^Authenticating as: (?P<who>.+)$", re.MULTILINE)
_PEOPLE = re.compile(r"^ *(?P<number>\d+)\. +(?P<who>.+)$", re.MULTILINE)
_CHOICE = re.compile(r"^Choose identity [^:]*: *(?P<number>\d*)\s*", re.MULTILINE)
_NOTE = re.compile(r"^(?:Info|Error): (?P<words>.+)$", re.MULTILINE)
_WRONG = "AUTHENTICATION FAILED"


def ask(window: QWidget, question: Question) -> Dialog:
    """Show a question above the window; to close it is a no, and the end of who asks closes it.

    What another computer says by ssh is never taken for the words of polkit.
    """
    window.show()
    if question.is_of_polkit:
        dialog = _ask_for_polkit(window, question)
    elif (found := _UNKNOWN.search(question.prompt)) is not None:
        dialog = _ask_trust(window, question, found)
    else:
        dialog = _ask_secret(window, question, _words_of_ssh(question.prompt))
    question.withdrawn.connect(dialog.reject)
    dialog.open()
    return dialog


def _ask_trust(window: QWidget, question: Question, host: re.Match[str]) -> Dialog:
    key = _FINGERPRINT.search(question.prompt)
    shown = f"{key['kind']}  {key['print']}" if key is not None else question.prompt
    dialog = MessageDialog(
        window,
        "warning",
        _("Is this really “{name}”?").format(name=shortened(host["host"])),
        _(
            "ssh does not know this computer yet. Compare its key with what the computer "
            "itself says, or ask who looks after it: somebody else could answer in its place."
        ),
        (Choice("no", _("&Don’t connect")), Choice(TRUST, _("&Trust it and connect"))),
    )
    dialog.body.addWidget(_selectable(shown))
    dialog.setMinimumWidth(_WIDE)
    dialog.chosen.connect(lambda key: question.answer("yes") if key == TRUST else question.refuse())
    return dialog


def _ask_for_polkit(window: QWidget, question: Question) -> Dialog:
    numbers = {who: number for number, who in _people(question.prompt).items()}
    choice = _CHOICE.search(question.prompt)
    if choice is None or choice["number"] or not numbers:
        return _ask_secret(window, question, _words_of_polkit(question.prompt))
    dialog = PersonDialog(window, list(numbers))
    dialog.told.connect(lambda who: question.answer(numbers[who]))
    dialog.rejected.connect(question.refuse)
    return dialog


def _ask_secret(window: QWidget, question: Question, words: Sequence[str]) -> Dialog:
    dialog = SecretDialog(window, *words)
    if question.is_of_polkit and _WRONG in question.prompt:
        dialog.secret.show_problem(_("That was not it. Try again."))
    dialog.told.connect(question.answer)
    dialog.rejected.connect(question.refuse)
    return dialog


class SecretDialog(Dialog):
    """Asks for a password or whatever else is to be known."""

    told = Signal(object)
    """What the user has put in."""

    def __init__(
        self, parent: QWidget, heading: str, words: str, name: str, verb: str = _("&Connect")
    ) -> None:
        super().__init__(parent, heading)
        self.secret = TextField(name)
        self.secret.edit.setEchoMode(QLineEdit.EchoMode.Password)
        self.answer_button, self.cancel_button = _lay_out(self, words, self.secret, verb)

    def accept(self) -> None:
        """Close, and tell what was put in."""
        super().accept()
        self.told.emit(self.secret.edit.text())


class PersonDialog(Dialog):
    """Asks whose password is to be given, where several people may allow something."""

    told = Signal(object)
    """Who was chosen."""

    def __init__(self, parent: QWidget, people: list[str]) -> None:
        super().__init__(parent, _("Who allows this?"))
        self.people = QComboBox()
        self.people.addItems(people)
        # A person with a full name has the user's name in brackets after it.
        own = [person for person in people if user_name() in (person, _user_of(person))]
        self.people.setCurrentText(own[0] if own else people[0])
        words = _("Your system wants the password of one of these people.")
        field = Field(_("&Person"), self.people)
        self.answer_button, self.cancel_button = _lay_out(self, words, field, _("C&ontinue"))

    def accept(self) -> None:
        """Close, and tell who was chosen."""
        super().accept()
        self.told.emit(self.people.currentText())


def _lay_out(
    dialog: Dialog, words: str, field: Field, verb: str
) -> tuple[QPushButton, QPushButton]:
    """Fill a dialog with the one field for an answer, and what it is for; return its buttons."""
    field.explain(words)
    form = Form()
    form.add(field)
    body = QVBoxLayout()
    body.setSpacing(12)
    body.addWidget(label(words, "secondary"))
    body.addLayout(form)
    buttons = dialog.lay_out(body, verb)
    dialog.setMinimumWidth(440)
    field.control.setFocus()
    return buttons


def _user_of(person: str) -> str:
    return person.rpartition("(")[2].rstrip(")")


def _words_of_polkit(prompt: str) -> tuple[str, str, str, str]:
    """Return heading, text, and the names of the answer and of the button."""
    asked = _ACTION.search(prompt)
    said = [] if asked is None else [_reason(**asked.groupdict())]
    said += [note["words"] for note in _NOTE.finditer(prompt)]
    # PAM may want a code, or anything else; an answer before, to whose password it is, ends a line.
    wanted = prompt.rpartition("\n")[2].strip().rstrip(":")
    name = _("&Password") if wanted == "Password" else wanted.replace("&", "&&")
    return _whose(prompt), "\n".join(said), name, _("&Allow")


def _words_of_ssh(prompt: str) -> tuple[str, str, str]:
    """Return heading, text and the answer's name; what nobody foresaw is shown as it is."""
    if (found := _PASSWORD.search(prompt)) is not None:
        heading = _("Password of {who}").format(who=shortened(found["who"]))
        text = _("The other computer asks for it. vmdesk does not keep it.")
        return heading, text, _("&Password")
    if (found := _PASSPHRASE.search(prompt)) is not None:
        text = _("It protects {file}. An ssh agent would remember it for you.")
        return _("Passphrase of your key"), text.format(file=found["key"]), _("&Passphrase")
    return _("ssh asks"), prompt.strip(), _("&Answer")


def _people(prompt: str) -> dict[str, str]:
    """Return those among whom polkit lets the user choose, by number."""
    return {found["number"]: found["who"] for found in _PEOPLE.finditer(prompt)}


def _whose(prompt: str) -> str:
    """Return whose password polkit asks for."""
    who = ""
    if (one := _PERSON.search(prompt)) is not None:
        who = one["who"]
    elif (chosen := _CHOICE.search(prompt)) is not None:
        who = _people(prompt).get(chosen["number"], "")
    return _("Password of {who}").format(who=shortened(who)) if who else _("Your system asks")


def _reason(action: str, message: str) -> str:
    """Return why polkit asks."""
    if action == "org.libvirt.unix.manage":
        return _("Your system asks for it before libvirt lets you in. vmdesk does not keep it.")
    if action == "org.freedesktop.policykit.exec":
        return _("Your system asks for it before this runs as root. vmdesk does not keep it.")
    return message


def _selectable(text: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setReadOnly(True)
    line.setAccessibleName(_("Key of the computer"))
    line.setAccessibleDescription(_("Compare it with what the computer itself says."))
    line.setCursorPosition(0)
    return line
