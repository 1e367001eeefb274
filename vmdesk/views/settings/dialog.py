"""The settings: pages beside their names, and no button to save: a value has effect at once."""

from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.i18n import _
from vmdesk.settings import Settings
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import hairline
from vmdesk.views.page_list import PageList
from vmdesk.views.settings.pages import (
    ConnectionPage,
    FilesPage,
    MachinesPage,
    SettingsPage,
    WindowPage,
)

_LIST_WIDTH = 176
_LEAST_WIDTH = 680


class SettingsDialog(Dialog):
    """Reads and writes ``settings``; what needs the host is asked for by its pages' signals."""

    def __init__(self, settings: Settings, parent: QWidget | None) -> None:
        super().__init__(parent, _("Settings"))
        self.machines = MachinesPage(settings)
        self.files = FilesPage(settings)
        self.window_page = WindowPage(settings)
        self.connection = ConnectionPage(settings)
        self.pages: tuple[SettingsPage, ...] = (
            self.machines, self.files, self.window_page, self.connection,
        )  # fmt: skip
        self.list = PageList()
        self.stack = QStackedWidget()
        self.close_button = QPushButton(_("&Close"))
        # By the click alone: Return in a field keeps its value and closes nothing.
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.accept)
        self._lay_out()
        self.list.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.list.setCurrentRow(0)
        self.list.setFocus()

    def _fit(self) -> None:
        """Keep the height, whatever page is shown."""
        self.widen(_LEAST_WIDTH)

    def _lay_out(self) -> None:
        self.list.show_pages((page.heading for page in self.pages), _LIST_WIDTH)
        for page in self.pages:
            self.stack.addWidget(page)
        side = QVBoxLayout()
        side.setContentsMargins(12, 16, 12, 12)
        side.addWidget(self.list)
        line = QFrame()
        line.setObjectName("line")
        line.setFixedWidth(1)
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addLayout(side)
        top.addWidget(line)
        top.addWidget(self.stack, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 12, 24, 12)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top, 1)
        layout.addWidget(hairline())
        layout.addLayout(foot)
        self.resize(760, 420)
        self.setMinimumHeight(400)
