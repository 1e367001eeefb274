"""The dialog that adds a connection, and the one that renames one."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _
from vmdesk.views.connections.form import ConnectionForm
from vmdesk.views.dialog import Dialog
from vmdesk.views.field import TextField
from vmdesk.views.form import Form

WIDTH = 520


class AddDialog(Dialog):
    """Closes at once when the user agrees; how the connection stands shows in its section."""

    described = Signal(object)
    """A ``KnownConnection``."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, _("Connect to another libvirt"))
        self.form = ConnectionForm()
        self.connect_button, self.cancel_button = self.lay_out(self.form, _("&Connect"))
        self.setMinimumWidth(WIDTH)
        self.form.changed.connect(self._check)
        self._check()
        self.form.host.edit.setFocus()

    def accept(self) -> None:
        """Close, and tell what was described, if it is right."""
        if not self.form.problem:
            super().accept()
            self.described.emit(self.form.connection)

    def _check(self) -> None:
        self.connect_button.setEnabled(not self.form.problem)
        self.connect_button.setToolTip(self.form.problem)


class RenameDialog(Dialog):
    """Asks what a connection is to be called."""

    named = Signal(object)
    """The name; empty for the default one."""

    def __init__(self, parent: QWidget, name: str, default: str) -> None:
        super().__init__(parent, _("Rename the connection"))
        self.name = TextField(_("&Name"))
        self.name.edit.setText(name)
        self.name.edit.setPlaceholderText(default)
        self.name.edit.selectAll()
        form = Form()
        form.add(self.name)
        self.lay_out(form, _("&Rename"))
        self.setMinimumWidth(400)
        self.name.edit.setFocus()
        self.accepted.connect(lambda: self.named.emit(self.name.edit.text().strip()))
