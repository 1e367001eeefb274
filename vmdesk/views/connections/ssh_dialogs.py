"""The questions of ssh as dialogs: whether a computer is the right one, and secrets."""

import re

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from vmdesk.core.i18n import _
from vmdesk.ssh_questions import SshQuestion
from vmdesk.views.dialog import Dialog
from vmdesk.views.field import TextField
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


def ask(window: QWidget, question: SshQuestion) -> Dialog:
    """Show a question above the window; closing it refuses the answer, and ssh's end closes it."""
    window.show()
    found = _UNKNOWN.search(question.prompt)
    dialog = _ask_secret(window, question) if found is None else _ask_trust(window, question, found)
    question.withdrawn.connect(dialog.reject)
    dialog.open()
    return dialog


def _ask_trust(window: QWidget, question: SshQuestion, host: re.Match[str]) -> Dialog:
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


def _ask_secret(window: QWidget, question: SshQuestion) -> Dialog:
    dialog = SecretDialog(window, *_words(question.prompt))
    dialog.told.connect(question.answer)
    dialog.rejected.connect(question.refuse)
    return dialog


class SecretDialog(Dialog):
    """Asks for a password or whatever else ssh wants to know."""

    told = Signal(object)
    """What the user has put in."""

    def __init__(self, parent: QWidget, heading: str, words: str, name: str) -> None:
        super().__init__(parent, heading)
        self.secret = TextField(name)
        self.secret.explain(words)
        self.secret.edit.setEchoMode(QLineEdit.EchoMode.Password)
        form = Form()
        form.add(self.secret)
        body = QVBoxLayout()
        body.setSpacing(12)
        body.addWidget(label(words, "secondary"))
        body.addLayout(form)
        self.connect_button, self.cancel_button = self.lay_out(body, _("&Connect"))
        self.setMinimumWidth(440)
        self.secret.edit.setFocus()

    def accept(self) -> None:
        """Close, and tell what was put in."""
        super().accept()
        self.told.emit(self.secret.edit.text())


def _words(prompt: str) -> tuple[str, str, str]:
    """Return heading, text and the answer's name; what nobody foresaw is shown as it is."""
    if (found := _PASSWORD.search(prompt)) is not None:
        heading = _("Password of {who}").format(who=shortened(found["who"]))
        text = _("The other computer asks for it. vmdesk does not keep it.")
        return heading, text, _("&Password")
    if (found := _PASSPHRASE.search(prompt)) is not None:
        text = _("It protects {file}. An ssh agent would remember it for you.")
        return _("Passphrase of your key"), text.format(file=found["key"]), _("&Passphrase")
    return _("ssh asks"), prompt.strip(), _("&Answer")


def _selectable(text: str) -> QLineEdit:
    line = QLineEdit(text)
    line.setReadOnly(True)
    line.setAccessibleName(_("Key of the computer"))
    line.setAccessibleDescription(_("Compare it with what the computer itself says."))
    line.setCursorPosition(0)
    return line
