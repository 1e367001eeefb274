"""The icon in the tray: which machines run, start another, go to the window, or quit."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QMenu, QSystemTrayIcon, QWidget

from vmdesk.controller import Controller
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.natural_order import natural_key
from vmdesk.models.domain_list_model import Machine
from vmdesk.views import icons
from vmdesk.views.action_rules import Act, why_not
from vmdesk.views.actions import Request
from vmdesk.views.labels import shortened

_MOST = 20
"""Machines of a kind that a menu still has room for."""


class Tray(QObject):
    """Hidden until it is wanted, and where the desktop has no tray."""

    def __init__(
        self,
        controller: Controller,
        window: QWidget,
        carry_out: Callable[[Request], object],
        quit_vmdesk: Callable[[], object],
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._window = window
        self._carry_out = carry_out
        self._quit = quit_vmdesk
        self.menu = QMenu(window)
        self._submenus: list[QMenu] = []
        self.menu.aboutToShow.connect(self.fill)
        self._icon = QSystemTrayIcon(icons.icon("vmdesk", icons.accent), self)
        self._icon.setContextMenu(self.menu)
        self._icon.activated.connect(self._activate)
        self._icon.messageClicked.connect(self._show_window)
        controller.domain_changed.connect(self._count)
        controller.connection_changed.connect(self._count)
        self.fill()
        self._count()

    @property
    def is_shown(self) -> bool:
        """Whether the icon can be seen."""
        return self._icon.isVisible()

    def set_shown(self, is_wanted: bool) -> None:
        """Show or hide the icon."""
        self._icon.setVisible(is_wanted and QSystemTrayIcon.isSystemTrayAvailable())

    def tell(self, summary: str, text: str) -> None:
        """Show a message at the icon."""
        self._icon.showMessage(summary, text, icons.icon("vmdesk", icons.accent))

    def fill(self) -> None:
        """Make the menu anew."""
        self.menu.clear()
        # A menu does not own those that open from it.
        for menu in self._submenus:
            menu.deleteLater()
        self._submenus.clear()
        machines = sorted(self._machines(), key=lambda one: natural_key(one.row.domain.name))
        running = [one for one in machines if one.row.is_active]
        for machine in running[:_MOST]:
            self._add_running(machine)
        if not running:
            self.menu.addAction(_("No machine runs")).setEnabled(False)
        self.menu.addSeparator()
        start = self._add_menu("play", _("&Start"))
        for machine in [one for one in machines if not one.row.is_active][:_MOST]:
            self._add(start, _plain(machine.row.domain.name), Act.START, machine)
        start.setEnabled(not start.isEmpty())
        self.menu.addSeparator()
        self.menu.addAction(_("Show &vmdesk")).triggered.connect(self._show_window)
        quit_action = self.menu.addAction(icons.icon("close"), _("&Quit"))
        quit_action.triggered.connect(lambda: self._quit())

    def _add_menu(self, icon: str, text: str) -> QMenu:
        menu = self.menu.addMenu(icons.icon(icon), text)
        self._submenus.append(menu)
        return menu

    def _machines(self) -> list[Machine]:
        return [one for one in self._controller.machines() if one.row.info is not None]

    def _add_running(self, machine: Machine) -> None:
        menu = self._add_menu("machine", _plain(machine.row.domain.name))
        self._add(menu, _("&Console"), Act.CONSOLE, machine)
        self._add(menu, _("Res&ume"), Act.RESUME, machine)
        self._add(menu, _("S&hut down"), Act.SHUT_DOWN, machine)

    def _add(self, menu: QMenu, text: str, act: Act, machine: Machine) -> None:
        is_possible = why_not(act, machine.row, machine.is_connected) is None
        if act is Act.RESUME and not is_possible:
            return
        action = menu.addAction(text)
        action.setEnabled(is_possible)
        action.triggered.connect(lambda: self._carry_out(Request(act, (machine.key,))))

    def _activate(self, reason: QSystemTrayIcon.ActivationReason) -> None:
        if reason is QSystemTrayIcon.ActivationReason.Trigger:
            self._show_window()

    def _show_window(self) -> None:
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()

    def _count(self) -> None:
        count = sum(machine.row.is_active for machine in self._machines())
        words = ngettext("{count} machine runs", "{count} machines run", count)
        self._icon.setToolTip(f"vmdesk · {words.format(count=count)}")


def _plain(name: str) -> str:
    # A menu takes “&” for the mark of a mnemonic.
    return shortened(name).replace("&", "&&")
