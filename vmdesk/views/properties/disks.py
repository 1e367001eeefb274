"""The page of a machine's properties for its disks: how large they are, one more, one less."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFileDialog, QFrame, QHBoxLayout, QPushButton, QVBoxLayout

from vmdesk.core import formatting
from vmdesk.core.formatting import GIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.operations import create
from vmdesk.core.operations.properties import DiskState
from vmdesk.hardware import Settings
from vmdesk.views.field import NumberField
from vmdesk.views.file_dialog import file_dialog
from vmdesk.views.flow_layout import FlowLayout
from vmdesk.views.form import Form
from vmdesk.views.labels import ElidedLabel, label
from vmdesk.views.properties.page import Page, Tracked
from vmdesk.views.properties.removal import RemoveDiskDialog


class DisksPage(Page):
    """Each disk on a card; sizes are saved, disks are added and removed at once."""

    def __init__(self) -> None:
        super().__init__(_("Disks"))
        self.cards: dict[str, DiskCard] = {}
        self._name = ""
        self._free_room = 0
        self._none = label(_("This machine has no disk."), "secondary")
        self.new_size = NumberField(_("&New disk"), create.DEFAULT_DISK_SIZE // GIB, _("GiB"), 5)
        self.new_size.spin.valueChanged.connect(self._warn_of_room)
        self.add_new = QPushButton(_("&Add new disk"))
        self.add_existing = QPushButton(_("Add an e&xisting image…"))
        for button in (self.add_new, self.add_existing):
            button.setAutoDefault(False)
        self.add_new.clicked.connect(self._add_new)
        self.add_existing.clicked.connect(self._browse)
        self._list = QVBoxLayout()
        self._list.setSpacing(12)
        buttons = FlowLayout(8)
        buttons.addWidget(self.add_new)
        buttons.addWidget(self.add_existing)
        form = Form()
        form.add(self.new_size)
        form.addLayout(buttons, form.rowCount(), 1)
        self.body.addWidget(self._none)
        self.body.addLayout(self._list)
        self.body.addSpacing(4)
        self.body.addLayout(form)
        self.body.addStretch(1)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return bool(self.sizes())

    @property
    def problem(self) -> str:
        """Why it can't be saved, or empty."""
        return next((c.size_field.problem for c in self.cards.values() if c.size_field.problem), "")

    def sizes(self) -> tuple[tuple[str, int], ...]:
        """Return the disks that are to grow, with their new sizes in bytes."""
        sizes = ((target, card.new_size()) for target, card in self.cards.items())
        return tuple((target, size) for target, size in sizes if size is not None)

    def show_settings(self, settings: Settings, discard: bool) -> None:
        """Show how the disks are; sizes that the user has put in stay unless ``discard``."""
        self._name = settings.properties.name
        self._free_room = settings.free_room
        room = formatting.size(settings.free_room)
        self.new_size.remark.setText(_("{room} free; it grows as it fills").format(room=room))
        self._warn_of_room()
        found = {disk.target: disk for disk in settings.properties.disks if not disk.is_cdrom}
        for target in self.cards.keys() - found.keys():
            card = self.cards.pop(target)
            card.hide()
            card.deleteLater()
        for target, disk in found.items():
            if target not in self.cards:
                self._add_card(target)
            self.cards[target].show_disk(disk, discard)
        self._none.setVisible(not found)
        self.changed.emit()

    def _add_card(self, target: str) -> None:
        card = self.cards[target] = DiskCard()
        card.changed.connect(self.changed)
        card.removal_wanted.connect(self._ask_removal)
        self._list.addWidget(card)

    def _warn_of_room(self) -> None:
        is_large = self.new_size.value * GIB > self._free_room
        warning = _("Larger than the free room: the machine stops when the room is used up.")
        self.new_size.show_warning(warning if is_large else "")

    def _add_new(self) -> None:
        size = self.new_size.value * GIB
        self.deed_wanted.emit(lambda hardware, uuid: hardware.add_new_disk(uuid, size))

    def _browse(self) -> None:
        dialog = file_dialog(self, _("Choose a disk image"))
        dialog.setNameFilters(
            [_("Disk images (*.qcow2 *.img *.raw *.vmdk *.vdi *.vhdx)"), _("All files (*)")]
        )
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self.add_image)
        dialog.open()

    def add_image(self, path: str) -> None:
        """Add the disk image ``path``."""
        self.deed_wanted.emit(lambda hardware, uuid: hardware.add_existing_disk(uuid, Path(path)))

    def _ask_removal(self, disk: DiskState) -> None:
        dialog = RemoveDiskDialog(self.window(), self._name, disk)
        dialog.agreed.connect(lambda delete: self._remove(disk.target, delete))
        dialog.open()

    def _remove(self, target: str, delete: bool) -> None:
        self.deed_wanted.emit(lambda hardware, uuid: hardware.remove_disk(uuid, target, delete))


class DiskCard(QFrame):
    """One disk: what it is, where it is, and how large."""

    changed = Signal()
    removal_wanted = Signal(object)
    """The ``DiskState``."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("card")
        self._disk: DiskState | None = None
        self._unit = GIB
        self._head = label(role="strong")
        self._path = ElidedLabel(mode=Qt.TextElideMode.ElideMiddle, fills=True)
        self._path.setProperty("role", "secondary")
        self.room = label(role="secondary")
        self.size_field = NumberField(_("Si&ze"), 1, _("GiB"), 5)
        self._size = Tracked(lambda: self.size_field.value, self.size_field.spin.setValue)
        self.remove = QPushButton(_("Remove…"))
        self.remove.setProperty("kind", "link")
        self.remove.setAutoDefault(False)
        self.remove.clicked.connect(lambda: self.removal_wanted.emit(self._disk))
        self.size_field.spin.valueChanged.connect(self._check)
        head = QHBoxLayout()
        head.addWidget(self._head, 1)
        head.addWidget(self.remove)
        form = Form()
        form.add(self.size_field)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 8, 8, 16)
        layout.setSpacing(4)
        layout.addLayout(head)
        layout.addWidget(self._path)
        layout.addWidget(self.room)
        layout.addSpacing(8)
        layout.addLayout(form)

    def new_size(self) -> int | None:
        """Return the size to grow to in bytes, or ``None``."""
        value = self._size.change
        return None if value is None else value * self._unit

    def show_disk(self, disk: DiskState, discard: bool) -> None:
        """Show how the disk is; a size that the user has put in stays unless ``discard``."""
        self._disk = disk
        self._head.setText(_("Disk {target}").format(target=disk.target))
        self._path.setText(disk.source or _("empty"))
        self.remove.setAccessibleName(_("Remove the disk {target}").format(target=disk.target))
        self.size_field.spin.setAccessibleName(_("Size of {target}").format(target=disk.target))
        self.room.setText(_room_text(disk))
        self.size_field.explain(self.room.text())
        is_known = disk.virtual_size is not None
        self.size_field.setVisible(is_known)
        self.size_field.name.setVisible(is_known)
        if disk.virtual_size is not None:
            self._unit = GIB if disk.virtual_size % GIB == 0 else MIB
            is_large = self._unit == GIB
            self.size_field.spin.setSuffix(f" {_('GiB') if is_large else _('MiB')}")
            self.size_field.spin.setSingleStep(5 if is_large else 1024)
            size = -(-disk.virtual_size // self._unit)
            (self._size.reset if discard else self._size.show)(size)
        self._check()

    def _check(self) -> None:
        disk, size = self._disk, self.new_size()
        if disk is None:
            return
        present = disk.virtual_size or 0
        self.size_field.mark("")
        if size is not None and size < present:
            self.size_field.show_problem(
                _("It has {size}. A smaller one would destroy data: a disk can only grow.").format(
                    size=formatting.size(present)
                )
            )
        elif size is not None and disk.free is not None and size > disk.free + (disk.used or 0):
            self.size_field.show_warning(
                _("Only {room} are free: the machine stops when they are used up.").format(
                    room=formatting.size(disk.free)
                )
            )
        elif size is not None:
            self.size_field.show_hint(
                _("Then enlarge the partition and the file system in the guest.")
            )
        self.changed.emit()


def _room_text(disk: DiskState) -> str:
    if disk.virtual_size is None:
        return _("Its size can’t be told: its file is missing, or can’t be read.")
    parts = []
    total = formatting.size(disk.virtual_size)
    if disk.used is not None:
        used = formatting.size(disk.used)
        parts.append(_("{used} used of {total}").format(used=used, total=total))
    else:
        parts.append(total)
    if disk.free is not None:
        parts.append(_("{room} free around it").format(room=formatting.size(disk.free)))
    # How it is kept and connected, for those who want to know.
    parts += [part for part in (disk.format, disk.bus) if part]
    return " · ".join(parts)
