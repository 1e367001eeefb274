"""The page that shows what is in a file before anything is made of it."""

import time
from collections.abc import Callable, Collection
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QProgressBar, QVBoxLayout, QWidget

from vmdesk.bundles import ImportWish
from vmdesk.core.i18n import _
from vmdesk.core.job import Progress
from vmdesk.core.operations.incoming import Preview
from vmdesk.core.rate import RateMeter
from vmdesk.models.domain_list_model import Activity
from vmdesk.views.bundles.import_form import ImportForm
from vmdesk.views.dialog import Dialog
from vmdesk.views.field import Field
from vmdesk.views.form import Form
from vmdesk.views.labels import label, shortened
from vmdesk.views.progress_text import strip_label

WIDTH = 600
_STEPS = 1000


class ImportDialog(Dialog):
    """Shows how far the file has been looked at, then what it holds; it makes nothing itself."""

    agreed = Signal(object)
    """An ``ImportWish``."""
    verify_wanted = Signal()
    """The user wants the whole file to be checked before."""

    def __init__(
        self,
        path: Path,
        taken: Callable[[], Collection[str]],
        parent: QWidget,
        place: Field | None = None,
    ) -> None:
        heading = _("Import “{name}”").format(name=shortened(path.name))
        super().__init__(parent, heading)
        self._taken = taken
        self._place = place
        self.form: ImportForm | None = None
        self.waiting = _Waiting()
        self._body = QVBoxLayout()
        self._body.setSpacing(12)
        if place is not None:
            where = Form()
            where.add(place)
            self._body.addLayout(where)
        self._body.addWidget(self.waiting)
        self.import_button, self.cancel_button = self.lay_out(self._body, _("&Import"))
        self.setMinimumWidth(WIDTH)
        self.show_progress(None)

    def show_progress(self, progress: Progress | None) -> None:
        """Show how far the file has been read."""
        self.waiting.show_progress(progress)
        self.waiting.show()
        if self.form is not None:
            self.form.hide()
        self.import_button.setEnabled(False)
        self.import_button.setToolTip(_("Wait until the file has been looked at."))

    def show_preview(self, preview: Preview, was_read: bool = False) -> None:
        """Show what would be made; what the user has set already stays.

        ``was_read`` says that the whole file was checked for it.
        """
        old, self.form = self.form, ImportForm(preview, was_read, self._taken)
        if old is not None:
            self.form.name.edit.setText(old.name.edit.text())
            self.form.identity.setChecked(old.identity.isChecked())
            self.form.start.setChecked(old.start.isChecked())
            self._body.removeWidget(old)
            old.hide()
            old.deleteLater()
        self.waiting.hide()
        self._align()
        self._body.addWidget(self.form)
        self.form.show()
        self.form.checked.connect(self._show_checked)
        self.form.verify_wanted.connect(self.verify_wanted)
        self._show_checked(self.form.is_right)
        self.form.name.edit.setFocus()
        self.form.name.edit.selectAll()

    def accept(self) -> None:
        """Close, and tell what the user agreed to, if it is right."""
        form = self.form
        if form is None or not self.import_button.isEnabled():
            return
        wish = ImportWish(
            form.preview,
            form.name.edit.text(),
            form.identity.isChecked(),
            form.start.isChecked(),
        )
        super().accept()
        self.agreed.emit(wish)

    def _align(self) -> None:
        """Let the two inputs begin below each other, although they are in two forms."""
        if self._place is None or self.form is None:
            return
        names = (self._place.name, self.form.name.name)
        width = max(name.sizeHint().width() for name in names)
        for name in names:
            name.setMinimumWidth(width)

    def _show_checked(self, is_right: bool) -> None:
        self.show_checked(is_right, False, _("Mend the name first."))


class _Waiting(QWidget):
    """A bar, and how far it is."""

    def __init__(self) -> None:
        super().__init__()
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setFixedHeight(6)
        self.text = label(role="secondary")
        self._meter = RateMeter()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 8, 0, 8)
        layout.setSpacing(8)
        layout.addWidget(self.bar)
        layout.addWidget(self.text)

    def show_progress(self, progress: Progress | None) -> None:
        """Show a progress, or that there's none yet."""
        doing = _("Looking into the file") if progress is None else progress.text
        fraction = progress.done / progress.total if progress and progress.total else None
        pace = self._meter.update(progress, time.monotonic()).describe() if progress else ""
        figures = strip_label(Activity(doing, fraction, pace), progress)
        self.bar.setRange(0, 0 if fraction is None else _STEPS)
        self.bar.setValue(round((fraction or 0) * _STEPS))
        self.text.setText(f"{doing} · {figures}" if figures else doing)
        self.bar.setAccessibleName(doing)
        self.bar.setAccessibleDescription(figures)
