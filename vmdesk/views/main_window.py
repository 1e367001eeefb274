"""The window: its parts, joined to each other and to the controller."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QByteArray, QEvent, Qt, QTimer
from PySide6.QtGui import (
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDropEvent,
    QHideEvent,
    QKeyEvent,
    QKeySequence,
    QShowEvent,
)
from PySide6.QtWidgets import QDialog, QStackedWidget, QVBoxLayout, QWidget

from vmdesk.connection import ConnectionState
from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.settings import Settings
from vmdesk.views import (
    about_dialog,
    arrivals,
    drop_overlay,
    flows,
    focus_order,
    notices,
    shortcuts_dialog,
    style,
    task_panel,
    whole_pages,
)
from vmdesk.views.action_rules import Act, why_not
from vmdesk.views.actions import DomainActions, Request
from vmdesk.views.machines.dragging import dragged_machine
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.page import MachinesPage
from vmdesk.views.new_domain import flow as new_domain_flow
from vmdesk.views.toolbar import Toolbar, WindowActions
from vmdesk.views.window_keys import press_focused

if TYPE_CHECKING:
    from vmdesk.views.arrivals import Arrivals
    from vmdesk.views.drop_overlay import DropOverlay
    from vmdesk.views.flows import Flows
    from vmdesk.views.notices import Notices
    from vmdesk.views.placeholder_page import PlaceholderPage
    from vmdesk.views.task_panel import TaskPanel
    from vmdesk.views.whole_pages import BrokenPage

_PAUSE, _PATIENCE = 100, 1000
"""Milliseconds for which the parts that are not in the first picture are put off once the list is
on the screen, for the selected machine to be shown in full, and while there is no list."""


class MainWindow(QWidget):
    """Every machine, its screen, what is going on, and the next thing to do.

    What the first picture does not have is made when it is used first, so that the list is on the
    screen sooner; what hears what happens is made soon after that in any case.
    """

    def __init__(self, controller: Controller, settings: Settings) -> None:
        super().__init__()
        style.prepare()
        self._controller = controller
        self._settings = settings
        self.setWindowTitle("vmdesk")
        self.setAcceptDrops(True)
        self.resize(1120, 760)
        self.actions_of_window = WindowActions(self)
        self.domain_actions = DomainActions(self)
        actions = self.actions_of_window
        self.toolbar = Toolbar(actions.new, actions.import_, actions.menu(self))
        self.machines = MachinesPage(controller, self.domain_actions, self)
        self.loading = whole_pages.loading_page()
        self.pages = QStackedWidget()
        self._column = QVBoxLayout(self)
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._make_rest)
        self._lay_out()
        self._connect_actions()
        self._connect_parts()
        self._restore()
        self._show_status()
        self._rest.start(_PATIENCE)

    @cached_property
    def empty(self) -> PlaceholderPage:
        """The page for somebody who has no machine yet."""
        actions = self.actions_of_window
        return whole_pages.empty_page(actions.new, actions.import_)

    @cached_property
    def broken(self) -> BrokenPage:
        """The page for a libvirt that can't be reached."""
        return whole_pages.broken_page(self._controller.reconnect)

    @cached_property
    def notices(self) -> Notices:
        """What is said below the tool bar."""
        made = notices.Notices(self._controller, self._settings, self.machines.proxy)
        made.doctor_wanted.connect(lambda: self.flows.doctor.begin())
        made.eject_wanted.connect(self._eject)
        self._column.insertWidget(1, made)
        return made

    @cached_property
    def tasks(self) -> TaskPanel:
        """What is being done, and what was."""
        made = task_panel.TaskPanel(self._controller.tasks, self)
        made.unfolded.connect(self.actions_of_window.activity.setChecked)
        made.left.connect(self.machines.view.setFocus)
        made.details_wanted.connect(lambda task: self.flows.conversations.show_error(task))
        made.start_wanted.connect(self._start_made)
        made.folder_wanted.connect(self._show_folder)
        self._column.addWidget(made)
        return made

    @cached_property
    def overlay(self) -> DropOverlay:
        """What a drag over the window would do."""
        return drop_overlay.DropOverlay(self)

    @cached_property
    def arrivals(self) -> Arrivals:
        """What opens files and addresses."""
        return arrivals.Arrivals(
            self._controller, self._settings, self, self.ask_new, self._show_new
        )

    @cached_property
    def flows(self) -> Flows:
        """What is asked and opened."""
        made = flows.Flows(self._controller, self._settings, self)
        made.doctor.copied.connect(self._tell_copied)
        made.conversations.history_wanted.connect(lambda: self.tasks.set_unfolded(True))
        return made

    def open_files(self, files: Sequence[str], asks_new: bool = False) -> None:
        """Open what was given on the command line, one after another."""
        sources = [*files, *([arrivals.ASK_NEW] if asks_new else [])]
        if sources:
            self.arrivals.add(sources)

    def ask_new(self, source: str = "") -> QDialog:
        """Ask for a new machine, and select it when the user agrees."""
        sites = self._controller.open_sites or [self._controller.home]
        here = self.machines.connection_in_view
        # What the user looks at is offered first.
        sites.sort(key=lambda site: site.uri != here)
        return new_domain_flow.open_new_dialog(sites, self._settings, self, source, self._show_new)

    def changeEvent(self, event: QEvent) -> None:
        """Follow the desktop from light to dark and back."""
        super().changeEvent(event)
        if event.type() is QEvent.Type.PaletteChange:
            style.refresh()

    def focusNextPrevChild(self, is_next: bool) -> bool:  # noqa: N802 (Qt's name)
        """Go on to what is laid out next."""
        focus_order.arrange(self)
        return super().focusNextPrevChild(is_next)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go back with Escape, press what has the focus, and say why a key does nothing now."""
        if event.key() == Qt.Key.Key_Escape:
            self._go_back()
        elif press_focused(self, event):
            event.accept()
        elif why := self.domain_actions.refusal(QKeySequence(event.keyCombination())):
            self.notices.key.show_briefly(why)
        else:
            super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Say what a drop would do; also what can't be read is answered, with words."""
        if dragged_machine(event.mimeData()) is not None:
            event.ignore()  # it goes from section to section of the list
            return
        event.acceptProposedAction()
        sources = drop_overlay.sources_in(event.mimeData())
        self.overlay.show_for(sources)
        self.arrivals.look(sources, self.overlay.set_use)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """The drag has gone elsewhere."""
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a page for each file or address."""
        self.overlay.hide()
        sources = drop_overlay.sources_in(event.mimeData())
        if sources:
            event.acceptProposedAction()
            self.arrivals.add(sources)

    def showEvent(self, event: QShowEvent) -> None:
        """Have the machines watched while they can be seen."""
        super().showEvent(event)
        self._controller.set_watching(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Save the work of watching when nobody looks."""
        super().hideEvent(event)
        self._controller.set_watching(False)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Remember how the window was, and close it unless something else is wanted."""
        self._remember()
        event.setAccepted(self.flows.presence.may_close())

    def _lay_out(self) -> None:
        for page in (self.loading, self.machines):
            self.pages.addWidget(page)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.toolbar)
        self._column.addWidget(self.pages, 1)

    def _connect_actions(self) -> None:
        actions, toolbar = self.actions_of_window, self.toolbar
        actions.new.triggered.connect(lambda: self.ask_new())
        actions.import_.triggered.connect(lambda: self.arrivals.choose())
        actions.connect.triggered.connect(lambda: self.flows.connections.ask_add())
        actions.find.triggered.connect(toolbar.filter.setFocus)
        actions.find.triggered.connect(toolbar.filter.selectAll)
        actions.reload.triggered.connect(self._controller.reconnect)
        actions.activity.toggled.connect(lambda is_on: self.tasks.set_unfolded(is_on))
        actions.activity.triggered.connect(lambda: self.tasks.take_focus())
        actions.settings.triggered.connect(lambda: self.flows.preferences.open())
        actions.about.triggered.connect(self._show_about)
        actions.shortcuts.triggered.connect(self._show_shortcuts)
        actions.doctor.triggered.connect(lambda: self.flows.doctor.begin())
        actions.report.triggered.connect(lambda: self.flows.doctor.copy_report())
        actions.quit.triggered.connect(lambda: self.flows.presence.quit())
        for sort_by, action in actions.sort_by.items():
            action.triggered.connect(lambda _on, by=sort_by: self.machines.proxy.set_sort_by(by))
        self.domain_actions.requested.connect(self._carry_out)
        self.domain_actions.folder_wanted.connect(self._show_folder)

    def _connect_parts(self) -> None:
        machines, toolbar = self.machines, self.toolbar
        toolbar.filter_changed.connect(machines.set_filter)
        toolbar.list_wanted.connect(machines.view.setFocus)
        machines.filter_dropped.connect(toolbar.filter.clear)
        machines.site_wanted.connect(lambda act, site: self.flows.connections.carry_out(act, site))
        machines.view.dropped.connect(lambda key, uri: self.flows.transfers.begin(key, uri))
        machines.view.painted.connect(lambda: self._rest.start(_PAUSE))
        machines.proxy.counted.connect(self._show_status)
        controller = self._controller
        controller.connection_changed.connect(self._show_status)
        # What a connection tells by itself may come before the parts that show it.
        controller.host_known.connect(lambda host: self.notices.show_host(host))
        controller.cleared_up.connect(lambda left: self.notices.events.show_leftovers(left))
        controller.left_out.connect(lambda left: self.notices.events.show_left_out(left))
        controller.disc_left_in.connect(lambda key: self.notices.offer_eject(key))

    def _make_rest(self) -> None:
        """Make what is not in the first picture: one part, and the others in turns of their own."""
        # The first machine is to be shown at once, also where there was none at the start.
        parts = ((self.machines, "pane"), (self, "notices"), (self, "tasks"), (self, "flows"))
        missing = [(whole, name) for whole, name in parts if name not in vars(whole)]
        if missing:
            getattr(*missing[0])
            self._rest.start(0)

    def _show_status(self) -> None:
        """Show the page for how the connections stand and what there is to list."""
        has_rows = self.machines.proxy.count > 0
        before = self.pages.currentWidget()
        page = self._page(has_rows)
        if page is self.machines is not before:
            self.machines.select(self._settings.selection)
            self.machines.view.setFocus()
        if self.pages.indexOf(page) < 0:
            self.pages.addWidget(page)
        self.pages.setCurrentWidget(page)
        is_open = bool(self._controller.open_sites)
        for action in (self.actions_of_window.new, self.actions_of_window.import_):
            action.setEnabled(is_open)
        self.toolbar.filter.setEnabled(has_rows)
        if is_open and page not in (before, self.machines):
            page.setFocus()  # it is the one for somebody who has no machine

    def _go_back(self) -> None:
        """Put away what was unfolded or looked for last."""
        is_in_tasks = self.tasks.isAncestorOf(self.focusWidget() or self)
        if self.toolbar.filter.text() and not is_in_tasks:
            self.toolbar.filter.clear()
            self.machines.view.setFocus()
        elif self.tasks.is_unfolded:
            self.tasks.set_unfolded(False)

    def _page(self, has_rows: bool) -> QWidget:
        states = {site.status.state for site in self._controller.sites}
        if has_rows or (len(self._controller.sites) > 1 and ConnectionState.CONNECTED in states):
            return self.machines
        if states == {ConnectionState.LOST}:
            self.broken.show_error(self._controller.home.status.error)
            return self.broken
        return self.empty if ConnectionState.CONNECTED in states else self.loading

    def _start_made(self, key: DomainKey) -> None:
        """Show a machine that the history tells of, and switch it on if that wasn't done yet."""
        self._show_new(key)
        for machine in self._controller.machines([key]):
            if why_not(Act.START, machine.row, machine.is_connected) is None:
                self._carry_out(Request(Act.START, (key,)))

    def _carry_out(self, request: Request) -> None:
        self.flows.conversations.carry_out(request)

    def _show_folder(self, folder: Path) -> None:
        self.flows.conversations.show_folder(folder)

    def _tell_copied(self) -> None:
        self.notices.events.add(_("The report is on the clipboard."))

    def _eject(self, key: DomainKey) -> None:
        self._carry_out(Request(Act.EJECT, (key,)))

    def _show_about(self) -> None:
        about = about_dialog.AboutDialog(self)
        # A bound method: Qt forgets the connection when the dialog is gone before the answer.
        self._controller.home.versions().succeeded.connect(about.show_versions)
        about.open()

    def _show_shortcuts(self) -> None:
        machines = [self.domain_actions[act] for act in Act]
        shortcuts_dialog.ShortcutsDialog(self.actions_of_window.all, machines, self).open()

    def _show_new(self, key: DomainKey) -> None:
        self.toolbar.filter.clear()
        self.machines.select(key)

    def _restore(self) -> None:
        self.restoreGeometry(QByteArray(self._settings.window_geometry))
        self.machines.restoreState(QByteArray(self._settings.splitter))
        names = {sort_by.value: sort_by for sort_by in SortBy}
        sort_by = names.get(self._settings.sort, SortBy.NAME)
        self.actions_of_window.sort_by[sort_by].setChecked(True)
        self.machines.proxy.set_sort_by(sort_by)
        for uri in self._settings.folded:
            self.machines.proxy.set_folded(uri, True)
        self._controller.set_picture_interval(self._settings.picture_interval)

    def _remember(self) -> None:
        self._settings.window_geometry = bytes(self.saveGeometry().data())
        self._settings.splitter = bytes(self.machines.saveState().data())
        self._settings.sort = self.machines.proxy.sort_by.value
        self._settings.folded = self.machines.proxy.folded
        selected = self.machines.view.selected_keys()
        self._settings.selection = selected[0] if selected else None
        self._settings.write()
