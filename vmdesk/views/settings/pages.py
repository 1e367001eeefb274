"""The pages of the settings. A value that is right is kept as soon as it is put in."""

import os

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QSystemTrayIcon, QVBoxLayout, QWidget

from vmdesk.core import configuration, formatting, paths
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.operations import create
from vmdesk.core.operations.create import HostLimits
from vmdesk.settings import PICTURE_SECONDS, Closing, Settings
from vmdesk.views.field import NumberField
from vmdesk.views.form import Form
from vmdesk.views.labels import isolated, label, title
from vmdesk.views.settings.fields import ChoiceField, FolderField, UriField


class SettingsPage(QWidget):
    """A heading, and below it the fields that a subclass adds to ``form``."""

    changed = Signal()
    """Another value was kept."""

    def __init__(self, heading: str, settings: Settings) -> None:
        super().__init__()
        self.heading = heading
        self._settings = settings
        self.form = Form()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(16)
        layout.addWidget(title(heading))
        layout.addLayout(self.form)
        layout.addStretch(1)


class MachinesPage(SettingsPage):
    """What a new machine and an export are offered with."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(_("New machines"), settings)
        self._limits: HostLimits | None = None
        self.memory = NumberField(_("&Memory"), settings.new_memory, _("MiB"), 512)
        self.vcpus = NumberField(_("C&PUs"), settings.new_vcpus, "", 1)
        self.disk = NumberField(_("&Disk"), settings.new_disk_size, _("GiB"), 5)
        meaning = _("A new machine is offered with these; each can still be changed.")
        for number in (self.memory, self.vcpus, self.disk):
            number.explain(meaning)
            self.form.add(number)
            number.spin.valueChanged.connect(self._keep)
        self.form.add_widget(
            label(meaning, "secondary"),
        )

    def show_limits(self, limits: HostLimits) -> None:
        """Show what this host can give."""
        self._limits = limits
        of_total = _("of {total}")
        self.memory.remark.setText(of_total.format(total=formatting.size(limits.memory)))
        self.vcpus.remark.setText(of_total.format(total=limits.cpus))
        self._check()

    def _keep(self) -> None:
        self._check()
        if not self.memory.problem:
            self._settings.new_memory = self.memory.value
        self._settings.new_vcpus = self.vcpus.value
        self._settings.new_disk_size = self.disk.value
        self.changed.emit()

    def _check(self) -> None:
        least = create.MINIMUM_MEMORY * KIB
        if self.memory.value * MIB < least:
            text = _("A machine needs {size} at least.").format(size=formatting.size(least))
            self.memory.show_problem(text)
        else:
            is_more = self._limits is not None and self.memory.value * MIB > self._limits.memory
            self.memory.show_warning(_("More than this computer has.") if is_more else "")
        is_more = self._limits is not None and self.vcpus.value > self._limits.cpus
        self.vcpus.show_warning(_("More than this computer has.") if is_more else "")


class FilesPage(SettingsPage):
    """Where files are kept, and in which form exports are written."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(_("Files"), settings)
        self.isos = FolderField(
            _("&Installation discs"), settings.isos_folder, str(paths.isos_dir())
        )
        self.disks = FolderField(_("Dis&ks"), settings.disks_folder, str(paths.disks_dir()))
        self.exports = FolderField(
            _("&Exports"), settings.exports_folder, _("The folder of the last one")
        )
        self.export_form = ChoiceField(_("Export &format"), _FORMS, settings.export_form)
        self.export_form.explain(_("What an export begins with."))
        for folder in (self.isos, self.disks, self.exports):
            self.form.add(folder)
        self.form.add(self.export_form)
        self.form.add_widget(
            label(_("What is kept already stays where it is; so does work under way."), "secondary")
        )
        self.export_form.box.currentIndexChanged.connect(self._keep)

    def _keep(self) -> None:
        self._settings.export_form = self.export_form.value
        self.changed.emit()


class WindowPage(SettingsPage):
    """What closing does, the icon in the tray, and how often pictures are taken."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(_("Window"), settings)
        self.can_have_tray = QSystemTrayIcon.isSystemTrayAvailable()
        ways = {way: text for way, text in _CLOSING.items() if self._is_possible(way)}
        self.closing = ChoiceField(_("When it is c&losed"), ways, settings.closing)
        self.closing.explain(_("What becomes of vmdesk when its window is closed."))
        self.pictures = NumberField(_("Re&new screens every"), settings.picture_interval, _("s"), 1)
        self.pictures.spin.setRange(PICTURE_SECONDS.start, PICTURE_SECONDS.stop - 1)
        self.pictures.show_hint(
            _(
                "The screen of the selected machine is renewed more often, and one on which "
                "nothing happens less often."
            )
        )
        self.tray = QCheckBox(_("Show an icon in the &tray"))
        self.tray.setChecked(settings.has_tray and self.can_have_tray)
        self.tray.setEnabled(self.can_have_tray)
        tray_words = (
            _("It lists the machines that run, and starts others.")
            if self.can_have_tray
            else _("This desktop has no tray.")
        )
        self.tray.setAccessibleDescription(tray_words)
        self.form.add(self.closing)
        self.form.add(self.pictures)
        self.form.add_widget(self.tray)
        self.form.add_widget(label(tray_words, "secondary"))
        self.closing.box.currentIndexChanged.connect(self._follow_closing)
        self.tray.toggled.connect(self._follow_tray)
        self.pictures.spin.valueChanged.connect(self._keep)

    def _is_possible(self, way: Closing) -> bool:
        return self.can_have_tray or way is not Closing.TRAY

    def _follow_closing(self) -> None:
        if self.closing.value is Closing.TRAY:
            self.tray.setChecked(True)
        self._keep()

    def _follow_tray(self, is_on: bool) -> None:
        if not is_on and self.closing.value is Closing.TRAY:
            self.closing.choose(Closing.ASK)
        self._keep()

    def _keep(self) -> None:
        self._settings.closing = self.closing.value
        self._settings.has_tray = self.tray.isChecked()
        self._settings.picture_interval = self.pictures.value
        self.changed.emit()


class ConnectionPage(SettingsPage):
    """Which libvirt is talked to."""

    def __init__(self, settings: Settings) -> None:
        super().__init__(_("Connection"), settings)
        default = configuration.default_uri(os.geteuid() == 0)
        self.uri = UriField(_("&Address"), settings.uri, default)
        self.form.add(self.uri)
        self.form.add_widget(
            label(
                _(
                    "qemu:///session has the machines that are yours alone, qemu:///system those "
                    "of the whole computer."
                ),
                "secondary",
            )
        )


_FORMS = {
    ArchiveForm.TAR: _("{ending}: quickest").format(ending=isolated(".tar")),
    ArchiveForm.TAR_GZ: _("{ending}: compact, opens everywhere").format(ending=isolated(".tar.gz")),
    ArchiveForm.TAR_ZST: _("{ending}: smallest file").format(ending=isolated(".tar.zst")),
}
_CLOSING = {
    Closing.ASK: _("Quit; ask first if work is under way"),
    Closing.FINISH: _("Finish the work under way, then quit"),
    Closing.TRAY: _("Keep running in the tray"),
}
