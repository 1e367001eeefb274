"""The field for the address of an ISO: asked as it is typed what is there."""

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QFileDialog, QLineEdit, QPushButton

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.kept_discs import SourceInfo
from vmdesk.views.field import Field
from vmdesk.views.file_dialog import file_dialog

DEBOUNCE = 400
"""Milliseconds without a key after which the address is asked."""


class SourceField(Field):
    """Takes an http, https or file address, or a path; says its size and whether it is there."""

    wanted = Signal(object)
    """The address to ask, when the typing pauses."""
    changed = Signal()
    """What is known of the address has changed."""
    known = Signal(object)
    """A name for a machine that is made from it."""

    def __init__(self) -> None:
        self.edit = QLineEdit()
        self.browse = QPushButton(_("&Browse…"))
        super().__init__(_("&Install from"), self.edit, self.browse)
        self.info: SourceInfo | None = None
        self.edit.setPlaceholderText(_("Address or file of an ISO image"))
        self.edit.setMinimumWidth(320)
        self.browse.setAutoDefault(False)
        self.browse.setAccessibleDescription(_("Choose an ISO file of this computer"))
        self.browse.clicked.connect(self._browse)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(DEBOUNCE)
        self._timer.timeout.connect(self._ask)
        self.edit.textChanged.connect(self._begin)
        self.edit.returnPressed.connect(self._ask_again)
        self._begin()

    @property
    def source(self) -> str:
        """The address as it is to be used."""
        return self.edit.text().strip()

    @property
    def is_asking(self) -> bool:
        """Whether it is not known yet what is at the address."""
        return bool(self.source) and self.info is None and not self.problem

    def show_info(self, source: str, info: SourceInfo) -> None:
        """Show what ``source`` is, if it is still what the field holds."""
        if source != self.source:
            return
        self.info = info
        parts = [info.file_name]
        if info.size is not None:
            parts.append(formatting.size(info.size))
        parts.append(_("on this computer") if info.is_here else _("will be downloaded"))
        self.show_hint(" · ".join(parts))
        self.known.emit(info.name)
        self.changed.emit()

    def show_failure(self, source: str, error: OperationError) -> None:
        """Show why ``source`` can't be used, if it is still what the field holds."""
        if source == self.source:
            self.show_problem(f"{error.summary} {error.hint}".strip())
            self.changed.emit()

    def _begin(self) -> None:
        self.info = None
        if self.source:
            self.show_hint(_("Looking what is there…"))
            self._timer.start()
        else:
            self.show_hint(_("Paste a link, drop a file, or browse for one."))
            self._timer.stop()
        self.changed.emit()

    def _ask(self) -> None:
        self.wanted.emit(self.source)

    def _ask_again(self) -> None:
        if self.problem:
            self._begin()

    def _browse(self) -> None:
        dialog = file_dialog(self, _("Choose an installation disc"))
        dialog.setNameFilters([_("Disc images (*.iso *.img)"), _("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.edit.setText)
        dialog.open()
