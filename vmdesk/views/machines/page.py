"""The list of machines beside the selected one in full."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property, partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QModelIndex, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QMenu, QPushButton, QSplitter, QStackedWidget, QWidget
from shiboken6 import isValid

from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.models.domain_list_model import DomainRole, Machine
from vmdesk.site import Site
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import DomainActions
from vmdesk.views.machines import connection_page, details_pane
from vmdesk.views.machines.details_lookup import DetailsLookup
from vmdesk.views.machines.list_view import DomainListView
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.proxy import DomainProxy
from vmdesk.views.placeholder_page import PlaceholderPage

if TYPE_CHECKING:
    from vmdesk.core.details import DomainDetails
    from vmdesk.views.machines.connection_page import ConnectionPage, SiteAct
    from vmdesk.views.machines.details_pane import DetailsPane

_DETAILS_WIDTH, _DETAILS_HEIGHT = 440, 280
"""Pixels in which the buttons and a part of the screen still have room."""
_HOLD = 50
"""Milliseconds that the painting of another machine waits for its details at most: to paint it
without them and then with them takes longer, and it flickers."""
_GLANCE = 50
"""Milliseconds that the pointer rests on a row until its details are asked for: it may be clicked.
"""
_SETTLE = 80
"""Milliseconds that the list rests before libvirt is told which rows are in sight."""
_REFRESH, _CALM_REFRESH = 5000, 20_000
"""Milliseconds between two looks at the equipment of a running machine, and while all idle."""


class MachinesPage(QSplitter):
    """List, details, and the actions on what is selected."""

    filter_dropped = Signal()
    """The user wants to see all machines again."""
    site_wanted = Signal(object, object)
    """A ``SiteAct`` and the ``Site`` that it is for."""

    def __init__(self, controller: Controller, actions: DomainActions, parent: QWidget) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self._controller = controller
        self._actions = actions
        self._lost_selection: list[DomainKey] = []
        self._selected: list[DomainKey] = []
        self._stand_in: tuple[DomainKey, DomainKey | None] | None = None
        """The header that is selected as no machine is there yet, and the machine that is meant."""
        self.proxy = DomainProxy(controller.last_use.__getitem__, self)
        self.view = DomainListView(self.proxy)
        self.view.addActions([actions[act] for act in (Act.DELETE, Act.RENAME, Act.PROPERTIES)])
        self._right = QStackedWidget()
        self._right.setMinimumSize(_DETAILS_WIDTH, _DETAILS_HEIGHT)
        self._left = QStackedWidget()
        self._left.setObjectName("list")
        self._left.addWidget(self.view)
        self._left.addWidget(self._no_match_page())
        for part in (self._left, self._right):
            self.addWidget(part)
        self.setHandleWidth(1)
        self.setChildrenCollapsible(False)
        self.setStretchFactor(1, 1)
        self.setSizes([332, 788])
        self._lookup = DetailsLookup(controller, self)
        self._pointed: DomainKey | None = None
        """The machine that the pointer has come to, until it has been asked for."""
        self._next_look = self._once(self._ask_details)
        self._glance = self._once(self._ask_ahead)
        self._next_refresh = self._once(self.refresh)
        self._end_of_hold = self._once(lambda: self.pane.setUpdatesEnabled(True))
        self._sight = self._once(self._tell_sight)
        self._first_sight = self._once(self._tell_sight)
        self._connect()

    @cached_property
    def pane(self) -> DetailsPane:
        """What is selected, in full: made once the list is on the screen."""
        made = details_pane.DetailsPane(self._actions)
        made.setMinimumSize(self._right.minimumSize())
        self._right.setMinimumSize(0, 0)
        made.screen_activated.connect(lambda: self._actions.request(Act.CONSOLE))
        self._right.addWidget(made)
        return made

    @cached_property
    def connection(self) -> ConnectionPage:
        """The connection whose header is selected."""
        made = connection_page.ConnectionPage()
        made.wanted.connect(self._want)
        self._right.addWidget(made)
        return made

    def _once(self, deed: Callable[[], object]) -> QTimer:
        """Return a timer that does something once, each time it is started."""
        timer = QTimer(self)
        timer.setSingleShot(True)
        timer.timeout.connect(deed)
        return timer

    def showEvent(self, event: QShowEvent) -> None:
        """Ask for what nobody asked for while it could not be seen."""
        super().showEvent(event)
        self._ask_details()

    def set_filter(self, text: str) -> None:
        """Show the machines that ``text`` is found in."""
        selected = self.view.selected_keys() or self._lost_selection
        self.proxy.set_filter(text)
        self._recount()
        self._lost_selection = selected
        self.select(selected[0] if selected else None)
        self._show_selection()

    def select(self, key: DomainKey | None) -> None:
        """Select a machine; if it is not there, the first one when none is selected."""
        if key is not None and key not in self.view.selected_keys():
            self.view.select([key])
        if (
            not self.view.selectionModel().hasSelection()
            and (first := self.proxy.first()) is not None
        ):
            self.view.select([first])
            self._stand_in = None if first.uuid else (first, key)

    @property
    def connection_in_view(self) -> str | None:
        """The connection of what is selected."""
        key = next(iter(self._selected), None)
        return self.view.selected_connection if key is None else key.connection

    def refresh(self) -> None:
        """Show the selected rows as they are now."""
        focused = self.window().focusWidget()
        is_in_pane = focused is not None and self._right.isAncestorOf(focused)
        self._show_selected()
        # A button that has gone would leave the focus to its neighbour: to Force off, perhaps.
        if is_in_pane and not (isValid(focused) and focused.isVisible() and focused.isEnabled()):
            self.view.setFocus()

    def _show_selected(self) -> None:
        machines = self._machines()
        details = self._known_details()
        self._actions.set_machines(machines, details)
        if not self.view.has_painted:
            return  # The list comes first.
        site = self._selected_site()
        self._right.setCurrentWidget(self.pane if site is None else self.connection)
        if site is not None:
            self.connection.show_site(site)
        rows = [machine.row for machine in machines]
        one = machines[0] if len(machines) == 1 else None
        self.pane.show_rows(rows, all(machine.is_connected for machine in machines))
        info = one.row.info if one is not None else None
        usages = self._controller.usages(one.key) if one is not None else ()
        self.pane.show_usages(usages, info.memory if info is not None else 0)
        self.pane.show_details(details)

    def _connect(self) -> None:
        self.view.selected.connect(self._show_selection)
        for next_ in (self._next_look, self._next_refresh):
            self.view.painted.connect(partial(next_.start, 0))
        self.view.entered.connect(self._point)
        self.view.fold_wanted.connect(self.proxy.set_folded)
        self.view.opened.connect(lambda _uuid: self._actions.request(Act.CONSOLE))
        self.view.menu_wanted.connect(self._show_menu)
        self.proxy.dataChanged.connect(self._follow)
        self.proxy.rowsRemoved.connect(self._select_neighbour)
        # Queued: rows come one by one, and the machine that is meant may be the last of them.
        queued = Qt.ConnectionType.QueuedConnection
        self.proxy.rowsInserted.connect(self._replace_stand_in, queued)
        for changed in (
            self.proxy.rowsInserted, self.proxy.rowsRemoved, self.proxy.layoutChanged,
        ):  # fmt: skip
            changed.connect(self._recount)
        for moved in (self.view.moved, self.proxy.layoutChanged):
            moved.connect(lambda: self._sight.start(_SETTLE))
        self._controller.domain_changed.connect(self._follow_equipment)
        self._controller.use_changed.connect(self._follow_use)
        self._controller.connection_changed.connect(self._show_site)
        self._controller.connection_changed.connect(self._show_selection)
        self._controller.watched.connect(self._follow_usage)
        self._lookup.answered.connect(self._take_details)
        self._lookup.ended.connect(self._go_on_asking)
        self._controller.site_added.connect(self._add_site)
        self._controller.site_removed.connect(lambda site: self.proxy.remove(site.uri))
        for site in self._controller.sites:
            self._add_site(site)

    def _add_site(self, site: Site) -> None:
        self.proxy.add(site.domains)
        self.proxy.set_header(site.uri, site.name, site.status)

    def _show_site(self, site: Site) -> None:
        self.proxy.set_header(site.uri, site.name, site.status)

    def _selected_site(self) -> Site | None:
        uri = self.view.selected_connection
        return None if uri is None else self._controller.site(DomainKey(uri, ""))

    def _want(self, act: SiteAct) -> None:
        if (site := self._selected_site()) is not None:
            self.site_wanted.emit(act, site)

    def _show_menu(self, at: QPoint) -> None:
        if self.view.selected_connection is None:
            self._actions.menu(self).popup(at)
            return
        menu = QMenu(self)
        for act, button in self.connection.buttons.items():
            action = menu.addAction(button.text())
            action.setEnabled(button.isEnabled())
            action.triggered.connect(lambda _on=False, act=act: self._want(act))
        menu.popup(at)

    def _machines(self) -> list[Machine]:
        return self._controller.machines(self._selected)

    def _follow(self, first: QModelIndex, last: QModelIndex) -> None:
        changed = range(first.row(), last.row() + 1)
        if any(self.proxy.index_of(key).row() in changed for key in self._selected):
            # When the row is painted: it shows what has happened, and is quicker.
            self._next_refresh.start(0)

    def _follow_usage(self, key: DomainKey) -> None:
        if self._selected == [key]:
            self._next_refresh.start(0)

    def _follow_equipment(self, key: DomainKey) -> None:
        self._lookup.forget(key)
        if key in self._selected:
            self._ask_details()

    def _follow_use(self) -> None:
        if self.proxy.sort_by is SortBy.USE:
            self.proxy.renew()

    def _select_neighbour(self) -> None:
        if not self.view.selectionModel().hasSelection():
            self.select(self.view.current_key)

    def _replace_stand_in(self) -> None:
        """Select the first machine that comes, unless the user has selected something else."""
        if self._stand_in is None:
            return
        (header, meant), first = self._stand_in, self.proxy.first()
        if self.view.selected_connection != header.connection:
            self._stand_in = None
        elif first is not None and first.uuid:
            self._stand_in = None
            is_there = meant is not None and self.proxy.index_of(meant).isValid()
            self.view.select([meant if meant is not None and is_there else first])

    def _known_details(self) -> DomainDetails | None:
        """Return the details of the one machine that is selected, if they are here."""
        return self._lookup.known(self._selected[0]) if len(self._selected) == 1 else None

    def _show_selection(self) -> None:
        self._selected = self.view.selected_keys()
        self._lookup.want(self._selected[0] if len(self._selected) == 1 else None)
        self.refresh()
        if not self._lookup.has_answer:
            self._next_look.start(0)
        else:
            is_awaited = self._known_details() is None and self._ask_details()
            self.pane.setUpdatesEnabled(not is_awaited)
            if not is_awaited:
                self._next_look.start(_SETTLE)
            elif not self._end_of_hold.isActive():
                self._end_of_hold.start(_HOLD)
            # After the painting; and one that is passed by, as with a key that is held down, is
            # not looked at.
            if not self._sight.isActive():
                self._first_sight.start(0)
        self._sight.start(_SETTLE)

    def _tell_sight(self) -> None:
        selected = self._selected[0] if len(self._selected) == 1 else None
        self._controller.set_in_sight(self.view.in_sight(), selected)

    def _recount(self) -> None:
        self._sight.start(_SETTLE)
        is_empty = self.proxy.rowCount() == 0 and self.proxy.is_filtered
        self._left.setCurrentIndex(1 if is_empty else 0)

    def _ask_details(self) -> bool:
        """Ask for the details of the selected machine; return whether an answer is to come."""
        machine = self._askable(self._selected)
        if machine is None:
            return False
        self._lookup.ask()
        if machine.row.is_active:
            is_calm = self._controller.is_calm(machine.key)
            self._next_look.start(_CALM_REFRESH if is_calm else _REFRESH)
        return True

    def _point(self, index: QModelIndex) -> None:
        self._pointed = index.data(DomainRole.KEY)
        self._glance.start(_GLANCE)

    def _ask_ahead(self) -> None:
        if self._pointed is None or self._askable([self._pointed]) is None:
            return
        if self._lookup.ask_ahead(self._pointed):
            self._pointed = None

    def _go_on_asking(self) -> None:
        if self._lookup.is_due:
            self._ask_details()
        elif not self._glance.isActive():
            self._ask_ahead()

    def _askable(self, keys: list[DomainKey]) -> Machine | None:
        """Return the machine, if it is one and details of it can be had and seen."""
        machines = self._controller.machines(keys)
        if len(machines) != 1 or machines[0].row.info is None or not machines[0].is_connected:
            return None
        # At the start the rows are painted first: an answer's thread would hold that up.
        return machines[0] if self.isVisible() and self.view.has_painted else None

    def _take_details(self, key: DomainKey) -> None:
        if self._selected == [key]:
            self.refresh()
            self.pane.setUpdatesEnabled(True)

    def _no_match_page(self) -> QWidget:
        button = QPushButton(_("Show &all"))
        button.clicked.connect(self.filter_dropped)
        return PlaceholderPage(
            "search",
            _("No machine matches"),
            _("The filter looks for its words in names, states and notes."),
            (button,),
        )
