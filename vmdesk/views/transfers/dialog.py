"""The one page on which a machine is sent to another connection; it starts nothing itself."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _
from vmdesk.site import Site
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import shortened
from vmdesk.views.transfers.form import TransferForm, Way

WIDTH = 560


class TransferDialog(Dialog):
    """Closes at once when the user agrees; the work shows in the window."""

    agreed = Signal()
    """The user wants what the form holds."""

    def __init__(
        self, name: str, sites: Sequence[Site], parent: QWidget, *, is_running: bool
    ) -> None:
        heading = _("Migrate “{name}” while it runs") if is_running else _("Copy or move “{name}”")
        super().__init__(parent, heading.format(name=shortened(name)))
        self.form = TransferForm(name, sites, is_running=is_running)
        self.agree_button, self.cancel_button = self.lay_out(self.form, "")
        self.setMinimumWidth(WIDTH)
        self.form.checked.connect(self._show_checked)
        self.form.check()
        self.form.place.box.setFocus()

    def accept(self) -> None:
        """Close, and tell that the user has agreed."""
        if self.form.is_right:
            super().accept()
            self.agreed.emit()

    def _show_checked(self, is_right: bool) -> None:
        self.agree_button.setText(_VERBS[self.form.way])
        missing = _("Mend what is marked first; each field says what is wrong.")
        self.show_checked(is_right, self.form.is_looking, missing)


_VERBS = {Way.COPY: _("C&opy"), Way.MOVE: _("M&ove"), Way.LIVE: _("&Migrate")}
