"""Memory and CPUs of several machines at once."""

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vmdesk.core import formatting
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.operations.changes import Changes
from vmdesk.core.operations.edit import Edit
from vmdesk.hardware import Settings
from vmdesk.views.dialog import Dialog
from vmdesk.views.field import NumberField
from vmdesk.views.form import Form
from vmdesk.views.labels import label, title
from vmdesk.views.properties.sizes import KIB_IN_MIB, check_sizes, show_bounds

_NAMES = 8
"""Machines that are named one by one."""


class SeveralDialog(Dialog):
    """Only what is ticked is changed; the machines keep all else."""

    agreed = Signal(object)
    """An ``Edit`` for each UUID."""

    def __init__(self, machines: Sequence[Settings], parent: QWidget | None) -> None:
        super().__init__(parent, _("Properties"))
        self._machines = machines
        found = [settings.properties for settings in machines]
        self._bounds = found[0].bounds
        self.set_memory = QCheckBox(_("Set the &memory of each"))
        self.set_vcpus = QCheckBox(_("Set the C&PUs of each"))
        for tick in (self.set_memory, self.set_vcpus):
            tick.setAccessibleDescription(_("What is not ticked stays as each machine has it."))
        self.memory = NumberField(_("Memory"), 1, _("MiB"), 512)
        self.vcpus = NumberField(_("CPUs"), 1, "", 1)
        self.memory.spin.setValue(max(one.stored.memory_kib for one in found) // KIB_IN_MIB)
        self.vcpus.spin.setValue(max(one.stored.vcpus for one in found))
        self.live = QCheckBox(_("Apply at &once to those that run, as far as they can take it"))
        self.live.setVisible(any(one.is_active for one in found))
        self.later = label(_("Those that run have the rest from their next start."), "secondary")
        self.live.setAccessibleDescription(self.later.text())
        self.later.setVisible(any(one.is_active for one in found))
        show_bounds(self.memory, self.vcpus, self._bounds)
        self.save_button = QPushButton(_("&Save"))
        self.save_button.setProperty("kind", "primary")
        self.save_button.setDefault(True)
        self.save_button.clicked.connect(self.accept)
        self.cancel_button = QPushButton(_("Cancel"))
        self.cancel_button.setAutoDefault(False)
        self.cancel_button.clicked.connect(self.reject)
        self._lay_out()
        for tick, field in ((self.set_memory, self.memory), (self.set_vcpus, self.vcpus)):
            field.setEnabled(False)
            tick.toggled.connect(field.setEnabled)
            tick.toggled.connect(self._check)
            field.spin.valueChanged.connect(self._check)
        self._check()

    def accept(self) -> None:
        """Close, and tell what each machine is to have, if it is right."""
        if not self._why_not():
            super().accept()
            self.agreed.emit({one.properties.uuid: self._edit(one) for one in self._machines})

    def _edit(self, settings: Settings) -> Edit:
        changes = self._changes()
        return Edit(
            Changes(
                memory_kib=changes.memory_kib,
                vcpus=changes.vcpus,
                live=self.live.isChecked(),
                base=settings.properties.base,
            )
        )

    def _changes(self) -> Changes:
        return Changes(
            memory_kib=self.memory.value * KIB_IN_MIB if self.set_memory.isChecked() else None,
            vcpus=self.vcpus.value if self.set_vcpus.isChecked() else None,
        )

    def _why_not(self) -> str:
        changes = self._changes()
        if changes.memory_kib is None and changes.vcpus is None:
            return _("Tick what is to be set.")
        return self.memory.problem or self.vcpus.problem

    def _check(self) -> None:
        check_sizes(self.memory, self.vcpus, self._changes(), self._bounds)
        if not self.set_memory.isChecked():
            self.memory.show_hint("")
        why = self._why_not()
        self.save_button.setEnabled(not why)
        self.save_button.setToolTip(why)

    def _lay_out(self) -> None:
        form = Form()
        for row, (tick, field) in enumerate(
            ((self.set_memory, self.memory), (self.set_vcpus, self.vcpus))
        ):
            field.name.hide()
            tick.setMinimumHeight(field.control.sizeHint().height())
            # At the height of the input, whatever is written below it.
            column = QVBoxLayout()
            column.addWidget(tick)
            column.addStretch(1)
            form.addLayout(column, row, 0)
            form.addWidget(field, row, 1)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(self.cancel_button)
        foot.addWidget(self.save_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(12)
        layout.addWidget(title(_heading(len(self._machines))))
        layout.addWidget(label(_names(self._machines), "secondary"))
        layout.addLayout(form)
        layout.addWidget(self.live)
        layout.addWidget(self.later)
        layout.addLayout(foot)
        self.setMinimumWidth(520)


def _heading(count: int) -> str:
    text = ngettext(
        "Memory and CPUs of {count} machine", "Memory and CPUs of {count} machines", count
    )
    return text.format(count=count)


def _names(machines: Sequence[Settings]) -> str:
    lines = [
        _("{name}: {memory}, {cpus}").format(
            name=one.properties.name,
            memory=formatting.memory(one.properties.stored.memory_kib),
            cpus=formatting.cpus(one.properties.stored.vcpus),
        )
        for one in machines[:_NAMES]
    ]
    if len(machines) > _NAMES:
        lines.append(_("and {count} more").format(count=len(machines) - _NAMES))
    return "\n".join(lines)
