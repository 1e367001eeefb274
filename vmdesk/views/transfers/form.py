"""The fields for a machine that goes to another connection: where to, and as a copy or itself."""

import enum
from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from vmdesk.core.i18n import _
from vmdesk.core.operations.create import name_problem
from vmdesk.core.operations.migrate import MAX_DOWNTIME_MS
from vmdesk.site import Site
from vmdesk.transfers import TransferWish
from vmdesk.views.connections.place_field import PlaceField
from vmdesk.views.consent import Consent
from vmdesk.views.field import Field, NumberField
from vmdesk.views.form import Form
from vmdesk.views.labels import label
from vmdesk.views.radio_field import RadioField


class Way(enum.Enum):
    """How a machine gets there."""

    COPY = "copy"
    MOVE = "move"
    LIVE = "live"


_WAYS = {
    Way.COPY: (_("&Copy"), _("Another one like it, which can run beside it")),
    Way.MOVE: (_("&Move"), _("It is removed here once all of it has arrived there")),
}


class TransferForm(QWidget):
    """What is asked, and what was found out about the place that is chosen."""

    checked = Signal(object)
    """Whether all is right."""
    place_changed = Signal()
    """Another connection is meant: it has to be asked what the machine would be there."""

    def __init__(self, name: str, sites: Sequence[Site], *, is_running: bool) -> None:
        super().__init__()
        self._is_running = is_running
        self._losses: Sequence[str] = ()
        self._notes: Sequence[str] = ()
        self.is_looking = True
        self._problem = ""
        self.place = PlaceField(sites, is_always_shown=True)
        self.ways = RadioField(_("How"), _WAYS, Way.COPY)
        self.name_edit = QLineEdit()
        self.name_edit.setPlaceholderText(name)
        self.name = Field(_("&Name there"), self.name_edit)
        self.downtime = NumberField(_("Longest &pause"), 1, "ms", 100)
        self.downtime.spin.setRange(0, MAX_DOWNTIME_MS)
        self.downtime.spin.setValue(0)
        self.downtime.spin.setSpecialValueText(_("Automatic"))
        self.downtime.remark.setText(_("as it goes over"))
        self.downtime.explain(_("The guest is to stand still no longer than this"))
        self.losses = Consent(_("Move it wi&thout these"), "")
        self.notes = label("", "secondary")
        self._lay_out()
        self.place.follow(self._look_anew)
        self.ways.changed.connect(self.check)
        self.name_edit.textChanged.connect(self.check)
        self.losses.box.toggled.connect(self.check)

    @property
    def way(self) -> Way:
        """How the machine is to get there."""
        return Way.LIVE if self._is_running else self.ways.value

    @property
    def is_right(self) -> bool:
        """Whether what is in the fields can be done."""
        return (
            not self.is_looking
            and not self._problem
            and not self.name.problem
            and (self.losses.box.isChecked() or not self._needs_consent)
        )

    @property
    def _needs_consent(self) -> bool:
        return self.way is Way.MOVE and bool(self._losses)

    @property
    def max_downtime_ms(self) -> int | None:
        """How long a running machine may stand still; None leaves it to QEMU."""
        return self.downtime.value or None

    def wish(self) -> TransferWish:
        """Return what the fields hold."""
        name = self.name_edit.text().strip() or None
        return TransferWish(name, self.place.value.pool, accepts_losses=self.losses.box.isChecked())

    def show_plan(self, losses: Sequence[str], changed: Sequence[str]) -> None:
        """Show what the machine would be there."""
        self._losses = losses
        self._show("", changed)

    def show_obstacles(self, obstacles: Sequence[str], notes: Sequence[str]) -> None:
        """Show what keeps a running machine from going there, and what is to be known."""
        self._show("\n".join(obstacles), notes)

    def show_failure(self, problem: str) -> None:
        """Show why it could not be found out."""
        self._show(problem, ())

    def check(self) -> None:
        """Mark what is wrong, and tell whether all is right."""
        self.name.mark(self._name_problem())
        self._show_notes()
        self.checked.emit(self.is_right)

    def _name_problem(self) -> str:
        typed = self.name_edit.text().strip()
        if self._is_running or not typed:
            return ""
        if typed in self.place.value.site.domains.names():
            return _("There is a machine of this name there already.")
        return name_problem(typed) or ""

    def _look_anew(self) -> None:
        self.is_looking = True
        self._losses = self._notes = ()
        self.place.show_hint(_("Looking what it would be there…"))
        self.check()
        self.place_changed.emit()

    def _show(self, problem: str, notes: Sequence[str]) -> None:
        self.is_looking = False
        self._problem = problem
        self._notes = notes
        if problem or not self._is_running:
            self.place.mark(problem)
        else:
            self.place.show_hint(_("It goes on there where it is now, without a restart."))
        self.check()

    def _show_notes(self) -> None:
        self.losses.setVisible(self._needs_consent)
        self.losses.explain("\n".join(self._losses))
        left = _("Not taken along: {what}")
        lost = [] if self._needs_consent else [left.format(what=loss) for loss in self._losses]
        notes = [*lost, *self._notes]
        self.notes.setText("\n".join(notes))
        self.notes.setVisible(bool(notes))

    def _lay_out(self) -> None:
        form = Form()
        self.setLayout(form)
        form.add(self.place)
        if self._is_running:
            form.add(self.downtime)
        else:
            form.add_named(self.ways.name, self.ways)
            form.add(self.name)
        form.add_wide(self.losses)
        form.add_wide(self.notes)
        self.losses.hide()
        self.notes.hide()
