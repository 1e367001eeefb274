"""A machine's properties: pages beside their names, and one button that saves what was changed."""

from collections.abc import Callable, Collection
from dataclasses import replace

from PySide6.QtCore import Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.i18n import _
from vmdesk.core.operations.edit import Edit
from vmdesk.hardware import Settings
from vmdesk.views.dialog import Dialog
from vmdesk.views.labels import ElidedLabel, hairline
from vmdesk.views.message_dialog import Choice, MessageDialog
from vmdesk.views.page_list import PageList
from vmdesk.views.properties.disks import DisksPage
from vmdesk.views.properties.drives import DrivesPage
from vmdesk.views.properties.general import GeneralPage
from vmdesk.views.properties.history import HistoryPage
from vmdesk.views.properties.notice import Notice
from vmdesk.views.properties.page import Page
from vmdesk.views.properties.sizes import SizesPage
from vmdesk.views.properties.wiring import WiringPage

_DISCARD = "discard"


_LIST_WIDTH = 200
_LEAST_WIDTH = 640


class PropertiesDialog(Dialog):
    """Shows what it is given and tells what the user wants; it changes nothing itself."""

    save_wanted = Signal(object)
    """An ``Edit``."""
    deed_wanted = Signal(object)
    """A ``Deed``."""
    disc_wanted = Signal(object)
    """The target of a drive into which a disc is to be put."""

    def __init__(
        self, settings: Settings, taken: Callable[[], Collection[str]], parent: QWidget | None
    ) -> None:
        super().__init__(parent, _("Properties"))
        self.settings = settings
        self._is_busy = False
        self.general = GeneralPage(taken)
        self.sizes = SizesPage()
        self.disks = DisksPage()
        self.drives = DrivesPage()
        self.wiring = WiringPage()
        self.history = HistoryPage()
        self.pages: tuple[Page, ...] = (
            self.general, self.sizes, self.disks, self.drives, self.wiring, self.history,
        )  # fmt: skip
        self.notice = Notice()
        self.name = ElidedLabel(fills=True)
        self.list = PageList()
        self.stack = QStackedWidget()
        self.save_button = QPushButton(_("&Save"))
        self.close_button = QPushButton(_("Close"))
        self._lay_out()
        self.list.currentRowChanged.connect(self.stack.setCurrentIndex)
        self.drives.disc_wanted.connect(self.disc_wanted)
        self.notice.chosen.connect(self._check)
        for page in self.pages:
            page.changed.connect(self._check)
            page.deed_wanted.connect(self.deed_wanted)
        self.show_settings(settings, discard=True)
        self.show_page(self.general)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return any(page.is_changed for page in self.pages)

    def show_page(self, page: Page) -> None:
        """Turn to a page."""
        self.list.setCurrentRow(self.pages.index(page))

    def show_settings(self, settings: Settings, discard: bool) -> None:
        """Show how the machine is; what the user has put in stays unless ``discard``."""
        self.settings = settings
        name = settings.properties.name
        self.name.setText(name)
        self.setWindowTitle(_("Properties of {name}").format(name=name))
        for page in self.pages:
            page.show_settings(settings, discard)
        self._check()

    def set_busy(self, is_busy: bool) -> None:
        """Take no other wish while one is carried out."""
        self._is_busy = is_busy
        self._check()

    def ask(self, text: str, choices: tuple[Choice, ...]) -> None:
        """Ask above the pages; nothing is saved before the answer."""
        self.notice.ask(text, choices)
        self._check()

    def edit(self) -> Edit:
        """Return what the user has put in, against what is shown as stored."""
        general, sizes, wiring = self.general.changes(), self.sizes.changes(), self.wiring.changes()
        return Edit(
            changes=replace(
                general,
                memory_kib=sizes.memory_kib,
                vcpus=sizes.vcpus,
                live=sizes.live,
                display=wiring.display,
                networks=wiring.networks,
                base=self.settings.properties.base,
            ),
            name=self.general.new_name,
            rename_files=self.general.rename_files.isChecked(),
            sizes=self.disks.sizes(),
        )

    def reject(self) -> None:
        """Close; ask first where something would be lost."""
        if not self.is_changed or self._is_busy:
            super().reject()
            return
        choices = (Choice("stay", _("&Go on")), Choice(_DISCARD, _("&Discard"), "danger"))
        question = MessageDialog(
            self, "warning", _("Discard your changes?"), _("They are not saved yet."), choices
        )
        question.chosen.connect(lambda key: self.done(0) if key == _DISCARD else None)
        question.open()

    def showEvent(self, event: QShowEvent) -> None:
        """Begin with the list of pages."""
        super().showEvent(event)
        if self.focusWidget() is None:
            self.list.setFocus()

    def _fit(self) -> None:
        """Keep the height: the pages scroll."""
        self.widen(_LEAST_WIDTH)

    def _lay_out(self) -> None:
        self.list.show_pages((page.heading for page in self.pages), _LIST_WIDTH)
        for page in self.pages:
            self.stack.addWidget(page)
        self.name.setProperty("role", "strong")
        side = QVBoxLayout()
        side.setContentsMargins(12, 20, 12, 12)
        side.setSpacing(12)
        name = QHBoxLayout()
        name.setContentsMargins(12, 0, 12, 0)
        name.addWidget(self.name)
        side.addLayout(name)
        side.addWidget(self.list, 1)
        line = QFrame()
        line.setObjectName("line")
        line.setFixedWidth(1)
        content = QVBoxLayout()
        content.setSpacing(0)
        content.addWidget(self.notice)
        content.addWidget(self.stack, 1)
        top = QHBoxLayout()
        top.setSpacing(0)
        top.addLayout(side)
        top.addWidget(line)
        top.addLayout(content, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top, 1)
        layout.addWidget(hairline())
        layout.addLayout(self._foot())
        self.resize(816, 600)
        self.setMinimumHeight(420)

    def _foot(self) -> QHBoxLayout:
        self.save_button.setProperty("kind", "primary")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self._save)
        self.close_button.setAutoDefault(False)
        self.close_button.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 12, 24, 12)
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(self.close_button)
        foot.addWidget(self.save_button)
        return foot

    def _save(self) -> None:
        if self._why_not_save() == "":
            self.save_wanted.emit(self.edit())

    def _why_not_save(self) -> str:
        if self._is_busy:
            return _("Wait until this is done.")
        if self.notice.is_question:
            return _("Answer the question above first.")
        if not self.is_changed:
            return _("Nothing is changed.")
        for page in self.pages:
            if page.problem:
                return _("{page}: {problem}").format(page=page.heading, problem=page.problem)
        return ""

    def _check(self) -> None:
        why = self._why_not_save()
        self.save_button.setEnabled(not why)
        self.save_button.setToolTip(why)
        self.save_button.setAccessibleDescription(why)
        for row, page in enumerate(self.pages):
            item = self.list.item(row)
            mark = "  !" if page.problem else "  •" if page.is_changed else ""
            item.setText(page.heading + mark)
            item.setToolTip(page.problem or (_("Changed, not saved yet") if mark else ""))
        self.stack.setEnabled(not self._is_busy)
