"""The list of machines beside the selected one in full."""

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import QPushButton, QSplitter, QStackedWidget, QWidget

from vmdesk.connection import ConnectionState
from vmdesk.controller import Controller
from vmdesk.core.details import DomainDetails
from vmdesk.core.i18n import _
from vmdesk.models.domain_list_model import DomainRole, DomainRow
from vmdesk.tasks import Task
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import DomainActions
from vmdesk.views.machines.details_pane import DetailsPane
from vmdesk.views.machines.list_view import DomainListView
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.proxy import DomainProxy
from vmdesk.views.placeholder_page import PlaceholderPage

_SETTLE = 80
"""Milliseconds that the list rests before libvirt is told which rows are in sight."""
_REFRESH = 5000
"""Milliseconds between two looks at the equipment of a running machine."""


class MachinesPage(QSplitter):
    """List, details, and the actions on what is selected."""

    filter_dropped = Signal()
    """The user wants to see all machines again."""

    def __init__(self, controller: Controller, actions: DomainActions, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._controller = controller
        self._actions = actions
        self._details: DomainDetails | None = None
        self._question: Task | None = None
        self._is_question_due = False
        self._lost_selection: list[str] = []
        self._selected: list[str] = []
        self.proxy = DomainProxy(controller.domains, controller.last_use.__getitem__, self)
        self.view = DomainListView(self.proxy)
        self.view.addActions([actions[act] for act in (Act.DELETE, Act.RENAME, Act.PROPERTIES)])
        self.pane = DetailsPane(actions)
        self._left = QStackedWidget()
        self._left.setObjectName("list")
        self._left.addWidget(self.view)
        self._left.addWidget(self._no_match_page())
        for part in (self._left, self.pane):
            self.addWidget(part)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(1, 1)
        self.setSizes([332, 788])
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._ask_details)
        self._sight = QTimer(self)
        self._sight.setSingleShot(True)
        self._sight.timeout.connect(self._tell_sight)
        self._connect()

    def set_filter(self, text: str) -> None:
        """Show the machines that ``text`` is found in."""
        selected = self.view.selected_uuids() or self._lost_selection
        self.proxy.set_filter(text)
        self._recount()
        self._lost_selection = selected
        self.select(selected[0] if selected else "")
        self._show_selection()

    def select(self, uuid: str) -> None:
        """Select a machine; if there is none of this UUID, the first one when none is selected."""
        if uuid not in self.view.selected_uuids():
            self.view.select([uuid])
        if not self.view.selected_uuids() and self.proxy.rowCount():
            self.view.select([self.proxy.index(0, 0).data(DomainRole.UUID)])

    def refresh(self) -> None:
        """Show the selected rows as they are now."""
        rows = self._rows()
        is_current = self._controller.connection_status.state is ConnectionState.CONNECTED
        uuid = rows[0].domain.uuid if len(rows) == 1 else ""
        is_known = self._details is not None and self._details.uuid == uuid
        details = self._details if is_known else None
        self._actions.set_rows(rows, is_current, details)
        self.pane.show_rows(rows, is_current)
        info = rows[0].info if uuid else None
        usages = self._controller.monitor.usages(uuid) if info is not None else ()
        self.pane.show_usages(usages, info.memory if info is not None else 0)
        self.pane.show_details(details)

    def _connect(self) -> None:
        domains = self._controller.domains
        self.view.selected.connect(self._show_selection)
        self.view.opened.connect(lambda _uuid: self._actions.request(Act.CONSOLE))
        self.view.menu_wanted.connect(lambda at: self._actions.menu(self).popup(at))
        self.pane.screen_activated.connect(lambda: self._actions.request(Act.CONSOLE))
        domains.dataChanged.connect(self._follow)
        for changed in (domains.rowsInserted, domains.rowsRemoved):
            changed.connect(self._recount)
        for moved in (self.view.moved, self.proxy.layoutChanged):
            moved.connect(lambda: self._sight.start(_SETTLE))
        self._controller.domain_changed.connect(self._follow_equipment)
        self._controller.use_changed.connect(self._follow_use)
        self._controller.connection_changed.connect(self._show_selection)
        self._controller.monitor.watched.connect(self._follow_usage)

    def _rows(self) -> list[DomainRow]:
        rows = (self._controller.domains.row(uuid) for uuid in self._selected)
        return [row for row in rows if row is not None]

    def _follow(self, first: QModelIndex, last: QModelIndex) -> None:
        changed = range(first.row(), last.row() + 1)
        domains = self._controller.domains
        if any(domains.index_of(uuid).row() in changed for uuid in self._selected):
            self.refresh()

    def _follow_usage(self, uuid: str) -> None:
        if self._selected == [uuid]:
            self.refresh()

    def _follow_equipment(self, uuid: str) -> None:
        if uuid in self._selected:
            self._ask_details()

    def _follow_use(self) -> None:
        if self.proxy.sort_by is SortBy.USE:
            self.proxy.renew()

    def _show_selection(self) -> None:
        self._selected = self.view.selected_uuids()
        self.refresh()
        self._ask_details()
        self._sight.start(_SETTLE)

    def _tell_sight(self) -> None:
        rows = self._rows()
        selected = rows[0].domain.uuid if len(rows) == 1 else ""
        self._controller.monitor.set_in_sight(self.view.in_sight(), selected)

    def _recount(self) -> None:
        self._sight.start(_SETTLE)
        is_empty = self.proxy.rowCount() == 0 and self.proxy.is_filtered
        self._left.setCurrentIndex(1 if is_empty else 0)

    def _ask_details(self) -> None:
        rows = self._rows()
        status = self._controller.connection_status.state
        if len(rows) != 1 or rows[0].info is None or status is not ConnectionState.CONNECTED:
            return
        if self._question is not None:
            # However fast the selection moves, one question is under way: then comes the last.
            self._is_question_due = True
        elif self.isVisible():
            self._question = self._controller.details(rows[0].domain.uuid)
            self._question.succeeded.connect(self._take_details)
            self._question.finished.connect(self._end_question)
        if rows[0].info.state.is_active:
            self._timer.start(_REFRESH)

    def _end_question(self) -> None:
        self._question = None
        if self._is_question_due:
            self._is_question_due = False
            self._ask_details()

    def _take_details(self, details: DomainDetails) -> None:
        self._details = details
        self.refresh()

    def _no_match_page(self) -> QWidget:
        button = QPushButton(_("Show &all"))
        button.clicked.connect(self.filter_dropped)
        return PlaceholderPage(
            "search",
            _("No machine matches"),
            _("The filter looks for its words in names, states and notes."),
            (button,),
        )
