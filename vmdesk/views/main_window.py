"""The window: its parts, joined to each other and to the controller."""

from collections.abc import Sequence

from PySide6.QtCore import QByteArray, QEvent, Qt
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
from vmdesk.views import about_dialog, focus_order, shortcuts_dialog, style
from vmdesk.views.action_rules import Act, why_not
from vmdesk.views.actions import DomainActions, Request
from vmdesk.views.arrivals import Arrivals
from vmdesk.views.banner import Banner
from vmdesk.views.bundles.export_flow import ExportFlow
from vmdesk.views.connections.flow import ConnectionsFlow
from vmdesk.views.conversations import Conversations
from vmdesk.views.doctor.flow import DoctorFlow
from vmdesk.views.drop_overlay import DropOverlay, sources_in
from vmdesk.views.machines.dragging import dragged_machine
from vmdesk.views.machines.order import SortBy
from vmdesk.views.machines.page import MachinesPage
from vmdesk.views.new_domain import flow as new_domain_flow
from vmdesk.views.notices import Notices
from vmdesk.views.presence import Presence
from vmdesk.views.settings.flow import SettingsFlow
from vmdesk.views.task_panel import TaskPanel
from vmdesk.views.toolbar import Toolbar, WindowActions
from vmdesk.views.transfers.flow import TransferFlow
from vmdesk.views.whole_pages import broken_page, empty_page, loading_page
from vmdesk.views.window_keys import press_focused


class MainWindow(QWidget):
    """Every machine, its screen, what is going on, and the next thing to do."""

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
        self.banner = Banner()
        self.notices = Notices(controller, settings)
        self.machines = MachinesPage(controller, self.domain_actions, self)
        self.tasks = TaskPanel(controller.tasks)
        self.conversations = Conversations(controller, self)
        self.loading = loading_page()
        self.exports = ExportFlow(settings, self)
        self.arrivals = Arrivals(controller, settings, self, self.ask_new, self._show_new)
        self.preferences = SettingsFlow(controller, settings, self)
        self.doctor = DoctorFlow(controller, self)
        self.connections = ConnectionsFlow(controller, settings, self)
        self.transfers = TransferFlow(controller, self.connections.ask_add, self)
        self.empty = empty_page(actions.new, actions.import_)
        self.broken = broken_page(controller.reconnect)
        self.pages = QStackedWidget()
        self._lay_out()
        self.presence = Presence(controller, settings, self.conversations, self)
        self.overlay = DropOverlay(self)
        self._connect_actions()
        self._connect_parts()
        self._restore()
        self._show_status()

    def open_files(self, files: Sequence[str]) -> None:
        """Open what was given on the command line, one after another."""
        self.arrivals.add(files)

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
        sources = sources_in(event.mimeData())
        self.overlay.show_for(sources)
        self.arrivals.look(sources, self.overlay.set_use)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """The drag has gone elsewhere."""
        self.overlay.hide()

    def dropEvent(self, event: QDropEvent) -> None:
        """Open a page for each file or address."""
        self.overlay.hide()
        sources = sources_in(event.mimeData())
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
        event.setAccepted(self.presence.may_close())

    def _lay_out(self) -> None:
        for page in (self.loading, self.empty, self.broken, self.machines):
            self.pages.addWidget(page)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (self.toolbar, self.banner, self.notices):
            layout.addWidget(part)
        layout.addWidget(self.pages, 1)
        layout.addWidget(self.tasks)

    def _connect_actions(self) -> None:
        actions, toolbar = self.actions_of_window, self.toolbar
        actions.new.triggered.connect(lambda: self.ask_new())
        actions.import_.triggered.connect(self.arrivals.choose)
        actions.connect.triggered.connect(self.connections.ask_add)
        actions.find.triggered.connect(toolbar.filter.setFocus)
        actions.find.triggered.connect(toolbar.filter.selectAll)
        actions.reload.triggered.connect(self._controller.reconnect)
        actions.activity.toggled.connect(self.tasks.set_unfolded)
        actions.activity.triggered.connect(self.tasks.take_focus)
        actions.settings.triggered.connect(lambda: self.preferences.open())
        actions.about.triggered.connect(self._show_about)
        actions.shortcuts.triggered.connect(self._show_shortcuts)
        actions.doctor.triggered.connect(lambda: self.doctor.begin())
        actions.report.triggered.connect(self.doctor.copy_report)
        actions.quit.triggered.connect(self.presence.quit)
        for sort_by, action in actions.sort_by.items():
            action.triggered.connect(lambda _on, by=sort_by: self.machines.proxy.set_sort_by(by))
        self.tasks.unfolded.connect(actions.activity.setChecked)
        self.domain_actions.requested.connect(self.conversations.carry_out)

    def _connect_parts(self) -> None:
        said = self.notices.events
        self.doctor.copied.connect(lambda: said.add(_("The report is on the clipboard.")))
        self.notices.doctor_wanted.connect(self.doctor.begin)
        self.notices.eject_wanted.connect(self._eject)
        self.preferences.applied.connect(self.presence.apply)
        self.toolbar.filter_changed.connect(self.machines.set_filter)
        self.toolbar.list_wanted.connect(self.machines.view.setFocus)
        self.machines.filter_dropped.connect(self.toolbar.filter.clear)
        self.machines.site_wanted.connect(self.connections.carry_out)
        self.machines.view.dropped.connect(self.transfers.begin)
        self.machines.proxy.counted.connect(self._show_status)
        self.tasks.left.connect(self.machines.view.setFocus)
        self.tasks.details_wanted.connect(self.conversations.show_error)
        self.tasks.start_wanted.connect(self._start_made)
        for part in (self.tasks, self.domain_actions):
            part.folder_wanted.connect(self.conversations.show_folder)
        self.conversations.history_wanted.connect(lambda: self.tasks.set_unfolded(True))
        self.conversations.export_wanted.connect(self.exports.begin)
        self.conversations.transfer_wanted.connect(self.transfers.begin)
        self.banner.reconnect_wanted.connect(self._controller.reconnect)
        self._controller.connection_changed.connect(self._show_status)

    def _show_status(self) -> None:
        """Show the page for how the connections stand and what there is to list."""
        sites = self._controller.sites
        has_rows = self.machines.proxy.count > 0
        before = self.pages.currentWidget()
        page = self._page(has_rows)
        if page is self.machines is not before:
            self.machines.select(self._settings.selection)
            self.machines.view.setFocus()
        self.pages.setCurrentWidget(page)
        # Of several connections, each says in its section what is wrong with it.
        status = self._controller.home.status
        self.banner.show_status(status)
        is_lost = status.state is ConnectionState.LOST
        self.banner.setVisible(is_lost and has_rows and len(sites) == 1)
        for action in (self.actions_of_window.new, self.actions_of_window.import_):
            action.setEnabled(bool(self._controller.open_sites))
        self.toolbar.filter.setEnabled(has_rows)
        if page is self.empty is not before:
            self.empty.setFocus()

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
                self.conversations.carry_out(Request(Act.START, (key,)))

    def _eject(self, key: DomainKey) -> None:
        self.conversations.carry_out(Request(Act.EJECT, (key,)))

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

    def _remember(self) -> None:
        self._settings.window_geometry = bytes(self.saveGeometry().data())
        self._settings.splitter = bytes(self.machines.saveState().data())
        self._settings.sort = self.machines.proxy.sort_by.value
        self._settings.folded = self.machines.proxy.folded
        selected = self.machines.view.selected_keys()
        self._settings.selection = selected[0] if selected else None
        self._settings.write()
