"""Choose a disc for a drive: one that is kept, a file, or an address."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.kept_discs import Iso
from vmdesk.site import Site
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import label, plain_tip, title
from vmdesk.views.new_domain.flow import answer_probes
from vmdesk.views.new_domain.source_field import SourceField

_ROWS = 4
"""Kept discs in sight; the others scroll."""


class InsertDiscDialog(Dialog):
    """Closes at once when the user agrees; the work shows in the window."""

    agreed = Signal(object)
    """The path or address of the disc."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent, _("Insert a disc"))
        self.source = SourceField()
        self.source.name.setText(_("&Disc"))
        self.source.edit.setAccessibleName(_("Disc"))
        self.kept_name = label(_("Kept from before"), "secondary")
        self.kept = QListWidget()
        self.kept.setObjectName("choices")
        self.kept.setAccessibleName(self.kept_name.text())
        self.kept.setAccessibleDescription(_("Choose one to use it again."))
        self.kept.currentItemChanged.connect(self._take)
        self.insert_button = QPushButton(_("&Insert"))
        self.insert_button.setProperty("kind", "primary")
        self.insert_button.setDefault(True)
        self.insert_button.clicked.connect(self.accept)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.reject)
        self._lay_out()
        self.source.changed.connect(self._check)
        self.show_discs([])
        self._check()
        self.source.edit.setFocus()

    def show_discs(self, discs: list[Iso]) -> None:
        """Show the discs that are kept."""
        for disc in discs:
            text = f"{disc.path.name} · {formatting.size(disc.size)}"
            item = QListWidgetItem(text)
            item.setData(Qt.ItemDataRole.UserRole, str(disc.path))
            item.setToolTip(plain_tip(disc.description))
            self.kept.addItem(item)
        rows = min(self.kept.count(), _ROWS)
        if rows:
            self.kept.setFixedHeight(self.kept.sizeHintForRow(0) * rows + 12)
        self.kept.setVisible(bool(rows))
        self.kept_name.setVisible(bool(rows))

    def accept(self) -> None:
        """Close, and tell which disc it is to be, if there is one."""
        if self.source.info is not None:
            super().accept()
            self.agreed.emit(self.source.source)

    def _take(self, item: QListWidgetItem | None) -> None:
        if item is not None:
            self.source.edit.setText(item.data(Qt.ItemDataRole.UserRole))

    def _check(self) -> None:
        is_right = self.source.info is not None
        self.insert_button.setEnabled(is_right)
        self.insert_button.setToolTip("" if is_right else _("Choose a disc first."))

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setSpacing(16)
        self.source.name.setFixedHeight(self.source.control.sizeHint().height())
        row.addWidget(self.source.name, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(self.source, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.insert_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        layout.addWidget(title(_("Insert a disc")))
        layout.addLayout(row)
        layout.addWidget(self.kept_name)
        layout.addWidget(self.kept)
        layout.addLayout(foot)
        self.setMinimumWidth(560)


def open_insert_dialog(site: Site, window: QWidget) -> InsertDiscDialog:
    """Open the dialog above ``window``, with the discs that are kept."""
    dialog = InsertDiscDialog(window)
    answer_probes(lambda: site, dialog.source)
    # A bound method: Qt forgets the connection when the dialog is gone before the answer is here.
    site.hardware.discs().succeeded.connect(dialog.show_discs)
    dialog.open()
    return dialog
