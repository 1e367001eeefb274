"""The fields of a new machine, each checked as it is typed."""

from collections.abc import Callable, Collection

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QWidget

from vmdesk.core import checksums, formatting
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.operations import create
from vmdesk.core.operations.create import HostLimits, NewDomain
from vmdesk.views.field import Field, NumberField, TextField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.new_domain.source_field import SourceField


class NewDomainForm(QWidget):
    """Source, name, memory, CPUs, disk and checksum; tells whether all of them are right."""

    checked = Signal(object)
    """Whether a machine can be made from what the fields hold."""

    def __init__(self, taken: Callable[[], Collection[str]], place: Field | None = None) -> None:
        super().__init__()
        self._taken = taken
        self._place = place
        self._limits: HostLimits | None = None
        self.is_right = False
        self.source = SourceField()
        self.name = TextField(_("&Name"))
        self.name.explain(_("What the machine is called in the list."))
        self.memory = NumberField(_("&Memory"), create.DEFAULT_MEMORY * KIB // MIB, _("MiB"), 512)
        self.vcpus = NumberField(_("C&PUs"), create.DEFAULT_VCPUS, "", 1)
        self.disk = NumberField(_("&Disk"), create.DEFAULT_DISK_SIZE // GIB, _("GiB"), 5)
        self.checksum = TextField(_("C&hecksum"))
        self.checksum.edit.setPlaceholderText(_("SHA-256, if you have one"))
        self.start = QCheckBox(_("&Start when ready"))
        self.start.setChecked(True)
        self.start.setAccessibleDescription(_("Switch the machine on as soon as it is made"))
        self.kvm_note = label(role="secondary")
        self.kvm_note.hide()
        self._lay_out()
        self.source.changed.connect(self.check)
        self.source.known.connect(self._suggest_name)
        for text in (self.name, self.checksum):
            text.edit.textChanged.connect(self.check)
        for number in (self.memory, self.vcpus, self.disk):
            number.spin.valueChanged.connect(self.check)
        self.check()

    def show_defaults(self, memory: int, vcpus: int, disk_size: int) -> None:
        """Begin with so many MiB of memory, CPUs, and GiB of disk."""
        self.memory.spin.setValue(memory)
        self.vcpus.spin.setValue(vcpus)
        self.disk.spin.setValue(disk_size)

    def show_limits(self, limits: HostLimits) -> None:
        """Show and obey what this host can give."""
        self._limits = limits
        of_total = _("of {total}")
        self.memory.remark.setText(of_total.format(total=formatting.size(limits.memory)))
        self.vcpus.remark.setText(of_total.format(total=limits.cpus))
        room = formatting.size(limits.free_room)
        self.disk.remark.setText(_("{room} free; it grows as it fills").format(room=room))
        self.kvm_note.setText(
            _("KVM does not work on this computer: the machine runs, but slowly.")
        )
        self.kvm_note.setVisible(not limits.has_kvm)
        self.check()

    def new_domain(self) -> NewDomain:
        """Return what the fields hold; they must be right."""
        digest = self.checksum.edit.text().strip()
        return NewDomain(
            source=self.source.source,
            name=self.name.edit.text(),
            disk_size=self.disk.value * GIB,
            memory=self.memory.value * MIB // KIB,
            vcpus=self.vcpus.value,
            sha256=checksums.normalised(digest) if digest else None,
            start=self.start.isChecked(),
        )

    def check(self) -> None:
        """Mark what is wrong, and tell whether all is right."""
        is_name_missing = not self.name.edit.text() and not self.name.edit.isModified()
        self.name.mark("" if is_name_missing else self._name_problem())
        self.memory.mark(self._memory_problem())
        self.vcpus.mark(self._vcpus_problem())
        self.checksum.mark(self._checksum_problem())
        self._warn_of_room()
        fields = (self.name, self.memory, self.vcpus, self.checksum, self.source)
        is_whole = self.source.info is not None and not is_name_missing
        self.is_right = is_whole and not any(field.problem for field in fields)
        self.checked.emit(self.is_right)

    def _lay_out(self) -> None:
        form = Form()
        self.setLayout(form)
        place = () if self._place is None else (self._place,)
        fields: tuple[Field, ...] = (
            *place, self.source, self.name, self.memory, self.vcpus, self.disk, self.checksum,
        )  # fmt: skip
        for field in fields:
            form.add(field)
        form.add_wide(self.start)
        form.add_wide(self.kvm_note)

    def _suggest_name(self, name: str) -> None:
        if not self.name.edit.isModified():
            self.name.edit.setText(create.unique_name(name, self._taken()))

    def _name_problem(self) -> str:
        name = self.name.edit.text()
        if name in self._taken():
            return _("There is a machine of this name already.")
        return create.name_problem(name) or ""

    def _memory_problem(self) -> str:
        memory = self.memory.value * MIB
        if memory < create.MINIMUM_MEMORY * KIB:
            least = formatting.memory(create.MINIMUM_MEMORY)
            return _("A machine needs {size} at least.").format(size=least)
        if self._limits is not None and memory > self._limits.memory:
            return _("This computer has {size} only.").format(
                size=formatting.size(self._limits.memory)
            )
        return ""

    def _vcpus_problem(self) -> str:
        if self._limits is None or self.vcpus.value <= self._limits.cpus:
            return ""
        cpus = formatting.cpus(self._limits.cpus)
        return _("This computer has {cpus} only.").format(cpus=cpus)

    def _checksum_problem(self) -> str:
        digest = self.checksum.edit.text().strip()
        try:
            if digest:
                checksums.normalised(digest)
        except OperationError as error:
            return error.hint
        return ""

    def _warn_of_room(self) -> None:
        limits = self._limits
        is_large = limits is not None and self.disk.value * GIB > limits.free_room
        warning = _("Larger than the free room: the machine stops when the room is used up.")
        self.disk.show_warning(warning if is_large else "")
