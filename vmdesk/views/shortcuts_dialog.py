"""Every key that does something, as the actions themselves tell it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vmdesk.core.i18n import _
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import label, title

_MORE = (
    (_("Show the console"), "Return"),
    (_("Select another machine"), "Up, Down"),
    (_("Select all machines"), "Ctrl+A"),
    (_("Show what can be done to a machine"), "Menu"),
)
_MENU = (_("Open the menu"), "F10")
"""Keys that Qt's widgets take by themselves."""


class ShortcutsDialog(Dialog):
    """Two columns: what is done to machines, and the window."""

    def __init__(
        self, window: Sequence[QAction], machines: Sequence[QAction], parent: QWidget | None
    ) -> None:
        super().__init__(parent, _("Keyboard shortcuts"))
        of_machines = [*_MORE, *_rows(machines)]
        columns = QHBoxLayout()
        columns.setSpacing(48)
        of_window = [*_rows(window), _MENU]
        for heading, rows in ((_("Machines"), of_machines), (_("Window"), of_window)):
            columns.addLayout(_column(heading, rows), 1)
        self.close_button = QPushButton(_("&Close"))
        self.close_button.setProperty("kind", "primary")
        self.close_button.setDefault(True)
        self.close_button.clicked.connect(self.accept)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(16)
        layout.addWidget(title(_("Keyboard shortcuts")))
        layout.addLayout(columns)
        layout.addLayout(foot)
        self.setMinimumWidth(680)


def _rows(actions: Sequence[QAction]) -> list[tuple[str, str]]:
    """Return words and keys of the actions that have a key."""
    return [
        (_words(action), action.shortcut().toString(QKeySequence.SequenceFormat.PortableText))
        for action in actions
        if not action.shortcut().isEmpty()
    ]


def _words(action: QAction) -> str:
    return action.text().replace("&", "").rstrip("…")


def _column(heading: str, rows: Sequence[tuple[str, str]]) -> QVBoxLayout:
    grid = QGridLayout()
    grid.setVerticalSpacing(10)
    grid.setHorizontalSpacing(16)
    grid.setColumnStretch(0, 1)
    for number, (words, key) in enumerate(rows):
        native = QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)
        grid.addWidget(QLabel(words), number, 0)
        cap = label(native, "badge")
        cap.setWordWrap(False)
        cap.setFixedHeight(24)
        cap.setAccessibleName(f"{words}: {native}")
        grid.addWidget(cap, number, 1, Qt.AlignmentFlag.AlignRight)
    column = QVBoxLayout()
    column.setSpacing(10)
    column.addWidget(label(heading, "secondary"))
    column.addLayout(grid)
    column.addStretch(1)
    return column
