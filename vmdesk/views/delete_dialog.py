"""The question before a deletion: what goes, what stays and why."""

from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QFrame, QGridLayout, QVBoxLayout, QWidget

from vmdesk.core import formatting
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.operations.delete import DeletionPlan, DoomedFile
from vmdesk.views.consent import Consent
from vmdesk.views.labels import ElidedLabel, label
from vmdesk.views.message_dialog import Choice, MessageDialog

KEEP = "keep"
DELETE = "delete"
_LINES = 8
"""Files that are listed one by one; more are counted."""


@dataclass(frozen=True, slots=True)
class Deletion:
    """What the user agreed to."""

    plans: tuple[DeletionPlan, ...]
    delete_disks: bool
    force_off: bool


class DeleteDialog(MessageDialog):
    """Names what is destroyed; a running machine needs a yes of its own."""

    agreed = Signal(object)
    """A ``Deletion``."""

    def __init__(self, parent: QWidget, plans: Sequence[DeletionPlan]) -> None:
        choices = (Choice(KEEP, _("&Cancel"), "primary"), Choice(DELETE, _("&Delete"), "danger"))
        super().__init__(parent, "trash", heading(plans), _warning(plans), choices)
        self.setMinimumWidth(600)
        self._plans = tuple(plans)
        doomed = [(str(file.path), _remark(file)) for plan in plans for file in plan.deleted]
        kept = [(file.source, file.reason) for plan in plans for file in plan.kept]
        self.disks = QCheckBox(
            ngettext("Delete this f&ile too", "Delete these f&iles too", len(doomed))
        )
        self.disks.setChecked(True)
        self.disks.setAccessibleDescription("\n".join(path for path, _size in doomed[:_LINES]))
        if doomed:
            self.body.addWidget(self.disks)
            self.body.addWidget(_files(doomed))
        if kept:
            self.body.addSpacing(4)
            self.body.addWidget(label(_("These stay:"), "secondary"))
            self.body.addWidget(_files(kept))
        active = [plan.name for plan in plans if plan.state.is_active]
        warning = _("What is not saved inside is lost, as when the power fails.")
        self._consent = Consent(_force_text(active), warning)
        self.force_off = self._consent.box
        if active:
            self.body.addSpacing(4)
            self.body.addWidget(self._consent)
            self.buttons[DELETE].setToolTip(_("Agree to the force off first."))
            self.force_off.toggled.connect(self.buttons[DELETE].setEnabled)
        self.buttons[DELETE].setEnabled(not active)
        self.chosen.connect(self._tell)

    def _tell(self, key: str) -> None:
        if key == DELETE:
            is_forced = self.force_off.isChecked()
            self.agreed.emit(Deletion(self._plans, self.disks.isChecked(), is_forced))


def heading(plans: Sequence[DeletionPlan]) -> str:
    """Return the question: ``Delete “debian-12” and its 12.4 GiB disk?``."""
    files = [file for plan in plans for file in plan.deleted]
    if len(plans) > 1:
        machines = ngettext("Delete {count} machine", "Delete {count} machines", len(plans))
        what = machines.format(count=len(plans))
    else:
        what = _("Delete “{name}”").format(name=plans[0].name)
    if not files:
        return _("{delete}?").format(delete=what)
    size = formatting.size(sum(file.used for file in files))
    text = ngettext(
        "{delete} and its {size} disk?", "{delete} and {count} disks ({size})?", len(files)
    )
    return text.format(delete=what, size=size, count=len(files))


def _remark(file: DoomedFile) -> str:
    size = formatting.size(file.used)
    if not file.pool:
        return size
    return _("{size}, in the storage pool “{pool}”").format(size=size, pool=file.pool)


def _warning(plans: Sequence[DeletionPlan]) -> str:
    """Return what the heading leaves open: which machines, if it only counts them."""
    warning = _("This can’t be undone.")
    names = ", ".join(plan.name for plan in plans[:_LINES])
    some = f"{names}, …" if len(plans) > _LINES else names
    return f"{some}\n{warning}" if len(plans) > 1 else warning


def _force_text(names: list[str]) -> str:
    if len(names) == 1:
        return _("“{name}” is on: &force it off first").format(name=names[0].replace("&", "&&"))
    return _("{count} of them are on: &force them off first").format(count=len(names))


def _files(files: list[tuple[str, str]]) -> QWidget:
    card = QFrame()
    card.setObjectName("card")
    layout = QVBoxLayout(card)
    layout.setContentsMargins(12, 8, 12, 8)
    grid = QGridLayout()
    grid.setHorizontalSpacing(16)
    grid.setVerticalSpacing(4)
    grid.setColumnStretch(0, 1)
    for row, (path, remark) in enumerate(files[:_LINES]):
        aside = label(remark, "secondary")
        aside.setWordWrap(False)
        aside.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        grid.addWidget(ElidedLabel(path, mode=Qt.TextElideMode.ElideMiddle, fills=True), row, 0)
        grid.addWidget(aside, row, 1)
    layout.addLayout(grid)
    if len(files) > _LINES:
        more = _("and {count} more").format(count=len(files) - _LINES)
        layout.addWidget(label(more, "secondary"))
    return card
