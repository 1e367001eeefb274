"""The page on which a connection to another libvirt is described."""

import re
from urllib.parse import quote

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QVBoxLayout, QWidget

from vmdesk.core import connections
from vmdesk.core.connections import KnownConnection
from vmdesk.core.i18n import _
from vmdesk.views.field import Field, TextField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.settings.fields import ChoiceField, uri_problem

_HOST = re.compile(r"\w[\w.-]*|\[?[0-9A-Fa-f:]+(%\w+)?\]?")
_USER = re.compile(r"(\w[\w.@+-]*)?")
_PORTS = range(1, 65536)
SSH = "ssh"
ANY = "any"


class ConnectionForm(QWidget):
    """Asks for a computer and its user, or for any address."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        kinds = {SSH: _("Another computer, by ssh"), ANY: _("Any address of a libvirt")}
        self.kind = ChoiceField(_("&To"), kinds, SSH)
        self.kind.explain(_("How the other libvirt is reached."))
        self.host = TextField(_("C&omputer"))
        self.host.edit.setPlaceholderText(_("Name or address, such as lab-server"))
        self.user = TextField(_("&User"))
        self.user.edit.setPlaceholderText(_("As ssh chooses"))
        self.port = TextField(_("&Port"))
        self.port.edit.setPlaceholderText("22")
        instances = {"system": _("Those of the whole computer"), "session": _("The user’s own")}
        self.instance = ChoiceField(_("&Machines"), instances, "system")
        self.instance.explain(_("Which of the other computer’s machines are shown."))
        self.uri = TextField(_("&Address"))
        self.uri.edit.setPlaceholderText("qemu+tls://lab-server/system")
        self.name = TextField(_("&Name"))
        self.name.explain(_("What its section of the list is called."))
        self._ssh_words = label(
            _(
                "Keys of your ssh agent and your ssh settings are used. If a password is needed "
                "or the computer is not known yet, you are asked."
            ),
            "secondary",
        )
        form = Form()
        self._ssh = (self.host, self.user, self.port, self.instance)
        for field in (self.kind, *self._ssh, self.uri, self.name):
            form.add(field)
        form.add_widget(self._ssh_words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addLayout(form)
        self.kind.box.currentIndexChanged.connect(self._check)
        self.instance.box.currentIndexChanged.connect(self._check)
        for edit in self.findChildren(QLineEdit):
            edit.textChanged.connect(self._check)
        self._check()

    @property
    def problem(self) -> str:
        """Why this is no connection yet, or nothing."""
        fields = (self.host, self.user, self.port) if self._is_ssh else (self.uri,)
        problem = next((field.problem for field in fields if field.problem), "")
        needed = self.host.edit if self._is_ssh else self.uri.edit
        missing = _("Name a computer.") if self._is_ssh else _("Put in an address.")
        return problem or ("" if needed.text().strip() else missing)

    @property
    def connection(self) -> KnownConnection:
        """What was described, if there is no ``problem``."""
        uri = self._ssh_uri() if self._is_ssh else self.uri.edit.text().strip()
        return KnownConnection(uri, self.name.edit.text().strip() or connections.default_name(uri))

    @property
    def _is_ssh(self) -> bool:
        return self.kind.value == SSH

    def _ssh_uri(self) -> str:
        host, user, port = (f.edit.text().strip() for f in (self.host, self.user, self.port))
        if ":" in host and not host.startswith("["):
            host = f"[{host}]"
        who = f"{quote(user, safe='')}@" if user else ""
        at = f":{port}" if port else ""
        return f"qemu+ssh://{who}{host}{at}/{self.instance.value}"

    def _check(self) -> None:
        for field in self._ssh:
            self._show(field, self._is_ssh)
        self._show(self.uri, not self._is_ssh)
        self._ssh_words.setVisible(self._is_ssh)
        host, user, port = (f.edit.text().strip() for f in (self.host, self.user, self.port))
        is_host = not host or _HOST.fullmatch(host)
        self.host.mark("" if is_host else _("This is no name of a computer."))
        is_user = _USER.fullmatch(user)
        self.user.mark("" if is_user else _("This is no name of a user."))
        is_port = not port or (port.isdecimal() and int(port) in _PORTS)
        self.port.mark("" if is_port else _("A port is a number from 1 to 65535."))
        self.uri.mark(uri_problem(self.uri.edit.text().strip()))
        name = connections.default_name(self.connection.uri) if not self.problem else ""
        self.name.edit.setPlaceholderText(name)
        self.changed.emit()

    @staticmethod
    def _show(field: Field, is_shown: bool) -> None:
        for part in (field, field.name):
            part.setVisible(is_shown)
