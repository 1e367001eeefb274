"""The one page on which an export is described; it starts nothing itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _, ngettext
from vmdesk.core.operations.export import ExportOptions, Survey
from vmdesk.views.bundles.export_form import ExportForm
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import shortened
from vmdesk.views.message_dialog import Choice, MessageDialog

WIDTH = 560
KEEP = "keep"
REPLACE = "replace"
_DEBOUNCE = 150
"""Milliseconds without a key after which it is looked what is there."""


@dataclass(frozen=True, slots=True)
class ExportWish:
    """What the user wants: a file for each machine, by its UUID."""

    targets: tuple[tuple[str, Path], ...]
    options: ExportOptions


class ExportDialog(Dialog):
    """Closes at once when the user agrees; the work shows in the window."""

    places_wanted = Signal(object)
    """A list of paths of which it has to be known what is there."""
    agreed = Signal(object)
    """An ``ExportWish``."""

    def __init__(self, surveys: Sequence[Survey], folder: Path, parent: QWidget) -> None:
        heading = _("Export “{name}”").format(name=shortened(surveys[0].name))
        if len(surveys) > 1:
            many = ngettext("Export {count} machine", "Export {count} machines", len(surveys))
            heading = many.format(count=len(surveys))
        super().__init__(parent, heading)
        self.form = ExportForm(surveys, folder)
        self.export_button, self.cancel_button = self.lay_out(self.form, _("&Export"))
        self.setMinimumWidth(WIDTH)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_DEBOUNCE)
        self._timer.timeout.connect(self.look)
        self.form.paths_changed.connect(self._timer.start)
        self.form.checked.connect(self._show_checked)
        self.form.check()
        self.form.name_edit.setFocus()
        self.form.name_edit.selectAll()

    def look(self) -> None:
        """Ask what is where the files are to go."""
        self.places_wanted.emit(list(self.form.targets().values()))

    def accept(self) -> None:
        """Close, and tell what the user wants; ask first whether a file is to be replaced."""
        if not self.form.is_right:
            return
        existing = self.form.existing()
        if existing:
            self._ask_replace(existing)
        else:
            self._agree(overwrites=False)

    def _agree(self, overwrites: bool) -> None:
        wish = ExportWish(tuple(self.form.targets().items()), self.form.options(overwrites))
        super().accept()
        self.agreed.emit(wish)

    def _ask_replace(self, existing: list[Path]) -> None:
        heading = ngettext("Replace “{name}”?", "Replace {count} files?", len(existing))
        question = MessageDialog(
            self,
            "warning",
            heading.format(name=shortened(existing[0].name), count=len(existing)),
            _("It is in {folder}. What it holds now is lost once the export is done.").format(
                folder=existing[0].parent
            ),
            (Choice(KEEP, _("&Keep it"), "primary"), Choice(REPLACE, _("&Replace"), "danger")),
        )
        question.chosen.connect(
            lambda key: self._agree(overwrites=True) if key == REPLACE else None
        )
        question.open()

    def _show_checked(self, is_right: bool) -> None:
        missing = _("Mend what is marked first; each field says what is wrong.")
        self.show_checked(is_right, self.form.is_looking, missing)
