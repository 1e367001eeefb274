"""The question before a disk is removed: whether its file goes too."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from vmdesk.core import formatting
from vmdesk.core.i18n import _
from vmdesk.core.operations.properties import DiskState
from vmdesk.views.labels import ElidedLabel
from vmdesk.views.message_dialog import Choice, MessageDialog

KEEP = "keep"
REMOVE = "remove"


class RemoveDiskDialog(MessageDialog):
    """Names the disk; the file stays unless the user ticks that it goes."""

    agreed = Signal(bool)
    """Whether the file is to be deleted too."""

    def __init__(self, parent: QWidget, name: str, disk: DiskState) -> None:
        heading = _("Remove the disk {target} from “{name}”?")
        super().__init__(
            parent,
            "trash",
            heading.format(target=disk.target, name=name),
            _("The machine loses the disk. Its file stays unless you have it deleted."),
            (Choice(KEEP, _("&Cancel"), "primary"), Choice(REMOVE, _("&Remove"), "danger")),
        )
        self.setMinimumWidth(520)
        self.delete_file = QCheckBox(_("&Delete the file too"))
        if disk.used is not None:
            size = formatting.size(disk.used)
            self.delete_file.setText(_("&Delete the file too ({size})").format(size=size))
        self.delete_file.setVisible(disk.path is not None)
        self.delete_file.setAccessibleDescription(disk.source)
        self.delete_file.toggled.connect(self._name_deed)
        path = ElidedLabel(disk.source, mode=Qt.TextElideMode.ElideMiddle, fills=True)
        self.body.addWidget(path)
        self.body.addWidget(self.delete_file)
        self.chosen.connect(self._tell)

    def _name_deed(self, is_deletion: bool) -> None:
        text = _("&Remove and delete") if is_deletion else _("&Remove")
        self.buttons[REMOVE].setText(text)

    def _tell(self, key: str) -> None:
        if key == REMOVE:
            self.agreed.emit(self.delete_file.isChecked())
