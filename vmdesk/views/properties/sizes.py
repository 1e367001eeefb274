"""The page of a machine's properties for memory and processors."""

from PySide6.QtWidgets import QCheckBox

from vmdesk.core import formatting
from vmdesk.core.formatting import KIB, MIB
from vmdesk.core.i18n import _
from vmdesk.core.operations.changes import Bounds, Changes, size_problem
from vmdesk.core.operations.changes import Field as What
from vmdesk.core.operations.properties import Properties, Sizes
from vmdesk.hardware import Settings
from vmdesk.views.field import NumberField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.properties.page import Page, Tracked, next_start_badge

KIB_IN_MIB = MIB // KIB


class SizesPage(Page):
    """Memory and CPUs; a running machine takes them at once where that is possible."""

    def __init__(self) -> None:
        super().__init__(_("Processor and memory"))
        self._found: Properties | None = None
        self.memory = NumberField(_("&Memory"), 1, _("MiB"), 512)
        self.vcpus = NumberField(_("C&PUs"), 1, "", 1)
        self.memory_badge = next_start_badge()
        self.vcpus_badge = next_start_badge()
        self.live = QCheckBox(_("Apply at &once, as far as the guest can take it"))
        self.live_note = label(role="secondary")
        self._memory = Tracked(lambda: self.memory.value, self.memory.spin.setValue)
        self._vcpus = Tracked(lambda: self.vcpus.value, self.vcpus.spin.setValue)
        form = Form()
        form.add(self.memory, self.memory_badge)
        form.add(self.vcpus, self.vcpus_badge)
        form.add_widget(self.live)
        form.add_widget(self.live_note)
        self.body.addLayout(form)
        self.body.addStretch(1)
        for field in (self.memory, self.vcpus):
            field.spin.valueChanged.connect(self._check)
        self.live.toggled.connect(self._check)

    @property
    def is_changed(self) -> bool:
        """Whether there is something to save."""
        return self._memory.is_changed or self._vcpus.is_changed

    @property
    def problem(self) -> str:
        """Why it can't be saved, or empty."""
        return self.memory.problem or self.vcpus.problem

    def changes(self) -> Changes:
        """Return what is to be changed."""
        memory = self._memory.change
        return Changes(
            memory_kib=None if memory is None else memory * KIB_IN_MIB,
            vcpus=self._vcpus.change,
            live=self.live.isChecked() and self.live.isEnabled() and self.is_changed,
        )

    def show_settings(self, settings: Settings, discard: bool) -> None:
        """Show how the machine is; what the user has put in stays unless ``discard``."""
        found = self._found = settings.properties
        memory, vcpus = found.stored.memory_kib // KIB_IN_MIB, found.stored.vcpus
        (self._memory.reset if discard else self._memory.show)(memory)
        (self._vcpus.reset if discard else self._vcpus.show)(vcpus)
        show_bounds(self.memory, self.vcpus, found.bounds)
        self.live.setVisible(found.running is not None)
        self.live_note.setVisible(found.running is not None)
        if found.running is not None:
            self.live_note.setText(_running_text(found.running))
            self.live.setAccessibleDescription(self.live_note.text())
        self._check()

    def _check(self) -> None:
        found = self._found
        if found is None:
            return
        changes = self.changes()
        check_sizes(self.memory, self.vcpus, changes, found.bounds)
        wanted = (
            (self.memory_badge, What.MEMORY, changes.memory_kib, _most_memory(found)),
            (self.vcpus_badge, What.VCPUS, changes.vcpus, _most_vcpus(found)),
        )
        values = [(value, most) for _badge, _field, value, most in wanted if value is not None]
        can_be_now = not values or any(value <= most for value, most in values)
        self.live.setEnabled(can_be_now)
        self.live.setToolTip("" if can_be_now else _("The machine has this from its next start."))
        for badge, field, value, most in wanted:
            waits = value is not None and not (changes.live and value <= most)
            badge.setVisible(found.is_active and (waits or field in found.pending))
        self.changed.emit()


def show_bounds(memory: NumberField, vcpus: NumberField, bounds: Bounds) -> None:
    """Say beside the fields how much this computer has."""
    of_total = _("of {total}")
    memory.remark.setText(of_total.format(total=formatting.memory(bounds.memory_kib)))
    vcpus.remark.setText(of_total.format(total=bounds.vcpus))


def check_sizes(memory: NumberField, vcpus: NumberField, changes: Changes, bounds: Bounds) -> None:
    """Mark figures that this computer can't give, and warn of one that leaves it too little."""
    memory.mark(size_problem(bounds, Changes(memory_kib=changes.memory_kib)) or "")
    vcpus.mark(size_problem(bounds, Changes(vcpus=changes.vcpus)) or "")
    if not memory.problem and memory.value * KIB_IN_MIB > bounds.warning_kib:
        memory.show_warning(
            _("More than three quarters of this computer’s memory: the rest may get too little.")
        )


def _most_memory(found: Properties) -> int:
    return found.running.maximum_kib if found.running is not None else 0


def _most_vcpus(found: Properties) -> int:
    return found.running.maximum_vcpus if found.running is not None else 0


def _running_text(running: Sizes) -> str:
    return _(
        "It runs with {memory} and {cpus} now, and can have up to {most_memory} and {most_cpus} "
        "without a new start."
    ).format(
        memory=formatting.memory(running.memory_kib),
        cpus=formatting.cpus(running.vcpus),
        most_memory=formatting.memory(running.maximum_kib),
        most_cpus=formatting.cpus(running.maximum_vcpus),
    )
