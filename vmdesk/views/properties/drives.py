"""The page of a machine's properties for its CD-ROM drives and the discs in them."""

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from vmdesk.core.i18n import _
from vmdesk.core.operations.properties import DiskState
from vmdesk.hardware import Settings
from vmdesk.views.labels import ElidedLabel, label
from vmdesk.views.properties.page import Page


class DrivesPage(Page):
    """Each drive on a card. A disc goes in and out at once, and stays so at the next start."""

    disc_wanted = Signal(object)
    """The target of the drive into which the user wants to put a disc."""

    def __init__(self) -> None:
        super().__init__(_("Installation disc"))
        self.cards: dict[str, DriveCard] = {}
        self._none = label(_("This machine has no CD-ROM drive."), "secondary")
        self.add_drive = QPushButton(_("&Add a CD-ROM drive"))
        self.add_drive.setAutoDefault(False)
        self.add_drive.clicked.connect(self._add_drive)
        self.add_note = label(_("The drive appears at the machine’s next start."), "secondary")
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        self.body.addWidget(self._none)
        self.body.addLayout(self._list)
        self.body.addSpacing(4)
        self.body.addWidget(self.add_drive, 0, Qt.AlignmentFlag.AlignLeft)
        self.body.addWidget(self.add_note)
        self.body.addStretch(1)

    def show_settings(self, settings: Settings, _discard: bool) -> None:
        """Show the drives; nothing here waits to be saved."""
        found = {disk.target: disk for disk in settings.properties.disks if disk.is_cdrom}
        for target in self.cards.keys() - found.keys():
            card = self.cards.pop(target)
            card.hide()
            card.deleteLater()
        for target, drive in found.items():
            if target not in self.cards:
                self._add_card(target)
            self.cards[target].show_drive(drive)
        self._none.setVisible(not found)
        self.add_note.setVisible(settings.properties.is_active)

    def _add_card(self, target: str) -> None:
        card = self.cards[target] = DriveCard()
        card.insert.clicked.connect(lambda: self.disc_wanted.emit(target))
        card.eject.clicked.connect(lambda: self._eject(target))
        self._list.addWidget(card)

    def _eject(self, target: str) -> None:
        self.deed_wanted.emit(lambda hardware, uuid: hardware.eject(uuid, target))

    def _add_drive(self) -> None:
        self.deed_wanted.emit(lambda hardware, uuid: hardware.add_drive(uuid))


class DriveCard(QFrame):
    """One drive and the disc in it."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._head = label(role="strong")
        self.disc = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle, fills=True)
        self.disc.setProperty("role", "secondary")
        self.insert = QPushButton()
        self.eject = QPushButton(_("Eject"))
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._head)
        words.addWidget(self.disc)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 12, 12, 12)
        layout.setSpacing(8)
        layout.addLayout(words, 1)
        for button in (self.insert, self.eject):
            button.setAutoDefault(False)
            layout.addWidget(button)

    def show_drive(self, drive: DiskState) -> None:
        """Show what is in the drive."""
        self._head.setText(_("CD-ROM drive {target}").format(target=drive.target))
        self.disc.setText(drive.source or _("No disc"))
        self.eject.setVisible(bool(drive.source))
        self.insert.setText(_("Change…") if drive.source else _("Insert…"))
        for button, text in (
            (self.insert, _("Put a disc into {target}")),
            (self.eject, _("Eject the disc of {target}")),
        ):
            button.setAccessibleName(text.format(target=drive.target))
