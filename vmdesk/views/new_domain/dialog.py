"""The one page on which a new machine is described; it starts nothing itself."""

from collections.abc import Callable, Collection

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _
from vmdesk.views.dialog import Dialog
from vmdesk.views.field import Field
from vmdesk.views.new_domain.form import NewDomainForm

WIDTH = 560


class NewDomainDialog(Dialog):
    """Closes at once when the user agrees; the work shows in the window."""

    described = Signal(object)
    """A ``NewDomain``."""

    def __init__(
        self,
        taken: Callable[[], Collection[str]],
        parent: QWidget | None = None,
        place: Field | None = None,
    ) -> None:
        super().__init__(parent, _("New virtual machine"))
        self.form = NewDomainForm(taken, place)
        self.create_button, self.cancel_button = self.lay_out(self.form, _("&Create"))
        self.setMinimumWidth(WIDTH)
        self.form.checked.connect(self._show_checked)
        self._show_checked(self.form.is_right)
        self.form.source.edit.setFocus()

    def accept(self) -> None:
        """Close, and tell what the user wants, if it is right."""
        if self.form.is_right:
            new = self.form.new_domain()
            super().accept()
            self.described.emit(new)

    def _show_checked(self, is_right: bool) -> None:
        missing = _("Fill in the fields first; each says what is wrong.")
        self.show_checked(is_right, self.form.source.is_asking, missing)
