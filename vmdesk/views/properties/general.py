"""The first page of a machine's properties: what it is called, and how it is run."""

from collections.abc import Callable, Collection

from PySide6.QtWidgets import QCheckBox, QPlainTextEdit

from vmdesk.core.i18n import _
from vmdesk.core.operations import create
from vmdesk.core.operations.changes import Changes, text_problem
from vmdesk.core.operations.changes import Field as What
from vmdesk.hardware import Settings
from vmdesk.views.field import Field, TextField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.properties.page import Page, Tracked, next_start_badge


class GeneralPage(Page):
    """Name, title, note, autostart and accelerator."""

    def __init__(self, taken: Callable[[], Collection[str]]) -> None:
        super().__init__(_("General"))
        self._taken = taken
        self._settings: Settings | None = None
        self.name = TextField(_("&Name"))
        self.name.explain(_("What the machine is called in the list."))
        self.rename_files = QCheckBox(_("Rename the disk &files too"))
        self.title = TextField(_("&Title"))
        self.title.edit.setPlaceholderText(_("A few words on what it is for"))
        self.note_edit = QPlainTextEdit()
        self.note_edit.setTabChangesFocus(True)
        self.note_edit.setFixedHeight(108)
        self.note = Field(_("N&ote"), self.note_edit)
        self.note.explain(_("Anything that is worth remembering of the machine."))
        self.autostart = QCheckBox(_("Start it &with this computer"))
        self.autostart.setAccessibleDescription(
            _("libvirt starts the machine whenever this computer starts.")
        )
        self.use_kvm = QCheckBox(_("Use &KVM, which runs the guest at full speed"))
        self.kvm_badge = next_start_badge()
        self.no_kvm = label(_("KVM does not work on this computer."), "secondary")
        self._name = Tracked(self.name.edit.text, self.name.edit.setText)
        self._title = Tracked(self.title.edit.text, self.title.edit.setText)
        self._note = Tracked(self.note_edit.toPlainText, self.note_edit.setPlainText)
        self._autostart = Tracked(self.autostart.isChecked, self.autostart.setChecked)
        self._use_kvm = Tracked(self.use_kvm.isChecked, self.use_kvm.setChecked)
        self._lay_out()
        self.name.edit.textChanged.connect(self._check)
        self.title.edit.textChanged.connect(self._check)
        self.note_edit.textChanged.connect(self._check)
        self.autostart.toggled.connect(self._check)
        self.use_kvm.toggled.connect(self._check)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        values = (self._name, self._title, self._note, self._autostart, self._use_kvm)
        return any(value.is_changed for value in values)

    @property
    def problem(self) -> str:
        """Why it can't be saved, or empty."""
        return self.name.problem or self.title.problem or self.note.problem

    @property
    def new_name(self) -> str | None:
        """The name to give to the machine, or ``None``."""
        return self._name.change

    def changes(self) -> Changes:
        """Return what else is to be changed."""
        return Changes(
            title=self._title.change,
            description=self._note.change,
            autostart=self._autostart.change,
            use_kvm=self._use_kvm.change,
        )

    def show_settings(self, settings: Settings, discard: bool) -> None:
        """Show how the machine is; what the user has put in stays unless ``discard``."""
        self._settings = settings
        found = settings.properties
        for text, value in (
            (self._name, found.name),
            (self._title, found.title),
            (self._note, found.description),
        ):
            (text.reset if discard else text.show)(value)
        for tick, is_on in ((self._autostart, found.autostart), (self._use_kvm, found.uses_kvm)):
            (tick.reset if discard else tick.show)(is_on)
        why = _why_no_rename(settings)
        self.name.edit.setReadOnly(bool(why))
        self.name.edit.setEnabled(not why)
        self.name.edit.setToolTip(why)
        is_possible = settings.has_kvm is not False or found.uses_kvm
        self.use_kvm.setEnabled(is_possible)
        without = _("Without it the machine is emulated, which is slow.")
        self.use_kvm.setAccessibleDescription(without if is_possible else self.no_kvm.text())
        self.no_kvm.setVisible(not is_possible)
        self._check()

    def focus_name(self) -> None:
        """Have the name typed over."""
        self.name.edit.setFocus()
        self.name.edit.selectAll()

    def _lay_out(self) -> None:
        form = Form()
        form.add(self.name)
        form.add_widget(self.rename_files)
        form.add(self.title)
        form.add(self.note)
        form.add_widget(self.autostart)
        form.add_widget(self.use_kvm, self.kvm_badge)
        form.add_widget(self.no_kvm)
        self.body.addLayout(form)
        self.body.addStretch(1)

    def _check(self) -> None:
        if self._settings is None:
            return
        found = self._settings.properties
        self.rename_files.setEnabled(self._name.is_changed)
        self.rename_files.setToolTip(
            _("The files of its disks are called like the machine.")
            if self._name.is_changed
            else _("Change the name first.")
        )
        if problem := self._name_problem():
            self.name.show_problem(problem)
        else:
            self.name.show_hint(_why_no_rename(self._settings))
        changes = self.changes()
        self.title.mark(text_problem(Changes(title=changes.title)) or "")
        self.note.mark(text_problem(Changes(description=changes.description)) or "")
        waits = self._use_kvm.is_changed or What.ACCELERATOR in found.pending
        self.kvm_badge.setVisible(found.is_active and waits)
        self.changed.emit()

    def _name_problem(self) -> str:
        name = self._name.change
        if name is None:
            return ""
        if name in self._taken():
            return _("There is a machine of this name already.")
        return create.name_problem(name) or ""


def _why_no_rename(settings: Settings) -> str:
    if settings.properties.is_active:
        return _("Shut it down to rename it.")
    if settings.properties.is_saved:
        return _("It is saved in the middle of its work: start it and shut it down to rename it.")
    return ""
