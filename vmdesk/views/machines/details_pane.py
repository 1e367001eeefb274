"""The right side of the window: the selected machine, its screen, and what to do with it."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSizePolicy, QVBoxLayout, QWidget

from vmdesk.core import formatting
from vmdesk.core.details import DomainDetails
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.statistics import Usage
from vmdesk.models.domain_list_model import DomainRow, row_text
from vmdesk.views.action_rules import Act, main_act
from vmdesk.views.actions import ActionButton, DomainActions, split_button
from vmdesk.views.flow_layout import FlowLayout
from vmdesk.views.labels import ElidedLabel, StatePill, label
from vmdesk.views.machines.facts import facts_of
from vmdesk.views.machines.facts_table import FactsTable
from vmdesk.views.machines.screen_picture import state_color
from vmdesk.views.machines.screen_widget import ScreenWidget
from vmdesk.views.machines.usage_row import UsageRow
from vmdesk.views.palette import roles
from vmdesk.views.progress_text import pill_label

_MINUTE = 60
"""Seconds from which it is told how long a machine runs: a figure that jumps is of no use."""
_NAMES = 12
"""Selected machines that are named one by one."""


class DetailsPane(QScrollArea):
    """One machine in full, or how many are selected."""

    screen_activated = Signal()

    def __init__(self, actions: DomainActions, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._actions = actions
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._row: DomainRow | None = None
        self._is_current = True
        self._details: DomainDetails | None = None
        self._title = _big_label()
        self._pill = StatePill()
        self.picture = ScreenWidget()
        self.picture.activated.connect(self.screen_activated)
        self._usage = UsageRow()
        self._facts = FactsTable()
        self._buttons = _Buttons(actions)
        ground = QWidget()
        ground.setObjectName("ground")
        layout = QVBoxLayout(ground)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(14)
        layout.addLayout(_beside(self._title, self._pill))
        layout.addWidget(self._buttons)
        layout.addWidget(self.picture, 1)
        layout.addWidget(self._usage)
        layout.addWidget(self._facts)
        self._filler = label(role="secondary")
        self._filler.setAlignment(Qt.AlignmentFlag.AlignTop)
        layout.addWidget(self._filler, 1)
        self.setWidget(ground)
        self.show_rows([], True)

    @property
    def state_words(self) -> str:
        """What the pill says."""
        return self._pill.accessibleName()

    def show_rows(self, rows: Sequence[DomainRow], is_current: bool) -> None:
        """Show one machine, or how many there are; without ``is_current`` its state is unknown."""
        is_one = len(rows) == 1
        for part in (self._pill, self.picture):
            part.setVisible(is_one)
        self._filler.setVisible(not is_one)
        self._buttons.show_for(rows)
        if is_one:
            self._show_one(rows[0], is_current)
            return
        self._facts.hide()
        self._usage.hide()
        count = len(rows)
        many = ngettext("{count} machine selected", "{count} machines selected", count)
        self._title.setText(many.format(count=count) if rows else "")
        names = ", ".join(row.domain.name for row in rows[:_NAMES])
        some = f"{names}, …" if count > _NAMES else names
        self._filler.setText(some if rows else _("Select a machine to see it here."))

    def show_details(self, details: DomainDetails | None) -> None:
        """Show a machine's equipment, or nothing until it is known."""
        self._details = details
        self._show_pill()
        self._facts.setVisible(details is not None)
        if details is not None:
            self._facts.show_facts(facts_of(details, self._actions))
        self._settle()

    def _settle(self) -> None:
        """Lay the parts that have changed out now: Qt might paint them once before."""
        ground = self.widget()
        for part in (self._facts, self._buttons, ground):
            if (layout := part.layout()) is not None:
                layout.activate()

    def show_usages(self, usages: Sequence[Usage], memory: int) -> None:
        """Show what a machine with ``memory`` KiB uses; of one that is off there is nothing."""
        self._usage.setVisible(bool(usages))
        if usages:
            self._usage.show_usages(usages, memory)

    def _show_one(self, row: DomainRow, is_current: bool) -> None:
        state = row.info.state if row.info is not None and is_current else None
        self._title.setText(row.domain.name)
        self._row, self._is_current = row, is_current
        self._show_pill()
        icon = "import" if row.info is None else "machine"
        words = _("The machine is off") if state is not None and not state.is_active else ""
        if row.activity is not None:
            words = row.activity.pace or row.activity.text
        self.picture.show_screen(row.picture, state, icon, words)

    def _show_pill(self) -> None:
        """Show the state of the one machine, and for how long it runs."""
        row, details = self._row, self._details
        if row is None:
            return
        is_busy = row.activity is not None or row.info is None
        state = row.info.state if row.info is not None and self._is_current else None
        dot = roles().accent if is_busy else state_color(state)
        words = _state_words(row, self._is_current)
        is_known = details is not None and details.uuid == row.domain.uuid
        uptime = details.uptime if details is not None and is_known else None
        runs = state is not None and state.can_be_reached
        if runs and not is_busy and uptime is not None and uptime >= _MINUTE:
            words = f"{words} · {formatting.duration(uptime)}"
        self._pill.show_state(words, dot)


class _Buttons(QWidget):
    """The next thing to do, and the rest beside it."""

    def __init__(self, actions: DomainActions) -> None:
        super().__init__()
        layout = FlowLayout(8, self)
        policy = QSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Minimum)
        policy.setHeightForWidth(True)
        self.setSizePolicy(policy)
        self._main = {
            act: actions.main_button(act, self) for act in (Act.CONSOLE, Act.START, Act.RESUME)
        }
        self._resume = ActionButton(actions[Act.RESUME], parent=self)
        self._console = ActionButton(actions[Act.CONSOLE], parent=self)
        self._cancel = ActionButton(actions[Act.CANCEL], parent=self)
        more = [actions[act] for act in (Act.REBOOT, Act.PAUSE, Act.FORCE_OFF)]
        self._stop = split_button(actions[Act.SHUT_DOWN], more, self)
        self._export = ActionButton(actions[Act.EXPORT], parent=self)
        self._delete = ActionButton(actions[Act.DELETE], parent=self)
        self._properties = ActionButton(actions[Act.PROPERTIES], parent=self)
        order = (
            *self._main.values(), self._resume, self._console, self._stop, self._cancel,
            self._properties, self._export, self._delete,
        )  # fmt: skip
        for button in order:
            layout.addWidget(button)

    def show_for(self, rows: Sequence[DomainRow]) -> None:
        """Show the buttons that suit the states of ``rows``."""
        wanted = {main_act(row) for row in rows}
        if len(rows) > 1:
            wanted.discard(Act.CONSOLE)
        # One thing is the next to do, also where the machines are in different states.
        first = next((act for act in self._main if act in wanted), None)
        for act, button in self._main.items():
            button.setVisible(act is first)
        self._resume.setVisible(Act.RESUME in wanted and first is not Act.RESUME)
        infos = [row.info for row in rows if row.info is not None]
        self._console.setVisible(len(rows) == 1 and Act.RESUME in wanted)
        self._stop.setVisible(any(info.state.is_active for info in infos))
        self._cancel.setVisible(any(row.activity is not None for row in rows))
        self._export.setVisible(bool(infos))
        self._delete.setVisible(bool(infos))
        self._properties.setVisible(bool(infos))


def _state_words(row: DomainRow, is_current: bool) -> str:
    if row.activity is not None:
        return pill_label(row.activity)
    return row_text(row, is_current)


def _beside(title: ElidedLabel, pill: StatePill) -> QHBoxLayout:
    layout = QHBoxLayout()
    layout.setSpacing(20)
    layout.addWidget(title)
    layout.addWidget(pill)
    layout.addStretch(1)
    return layout


def _big_label() -> ElidedLabel:
    big = ElidedLabel()
    font = big.font()
    font.setPointSizeF(font.pointSizeF() * 1.8)
    font.setWeight(QFont.Weight.DemiBold)
    big.setFont(font)
    return big
