"""Join what is asked about connections to the controller and to the settings, which keep them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller
from vmdesk.core import connections
from vmdesk.core.connections import KnownConnection
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.settings import Settings
from vmdesk.site import Site
from vmdesk.views import message_dialog
from vmdesk.views.connections import add_dialog
from vmdesk.views.machines.connection_page import SiteAct

if TYPE_CHECKING:
    from vmdesk.views.connections.add_dialog import AddDialog

REMOVE = "remove"


class ConnectionsFlow(QObject):
    """Adds, renames and removes connections."""

    def __init__(self, controller: Controller, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window

    def ask_add(self) -> AddDialog:
        """Ask for one more connection."""
        dialog = add_dialog.AddDialog(self._window)
        dialog.described.connect(self._add)
        dialog.open()
        return dialog

    def carry_out(self, act: SiteAct, site: Site) -> None:
        """Do what the user wants, or ask about it first."""
        match act:
            case SiteAct.RECONNECT:
                site.reconnect()
            case SiteAct.RENAME:
                self._ask_name(site)
            case SiteAct.REMOVE:
                self._ask_removal(site)

    def _add(self, known: KnownConnection) -> None:
        found = self._controller.site(DomainKey(known.uri, ""))
        if found is not None:
            self._rename(found, known.name)
            found.reconnect()
            return
        self._keep(known)
        self._controller.add(known.uri, known.name).reconnect()

    def _ask_name(self, site: Site) -> None:
        dialog = add_dialog.RenameDialog(
            self._window, site.name, connections.default_name(site.uri)
        )
        dialog.named.connect(lambda name: self._rename(site, name))
        dialog.open()

    def _rename(self, site: Site, name: str) -> None:
        name = name or connections.default_name(site.uri)
        self._keep(KnownConnection(site.uri, name))
        self._controller.rename(site, name)

    def _ask_removal(self, site: Site) -> None:
        dialog = message_dialog.MessageDialog(
            self._window,
            "plug",
            _("Remove the connection “{name}”?").format(name=site.name),
            _("Its machines stay as they are. What vmdesk is doing to them now is cancelled."),
            (
                message_dialog.Choice("no", _("&Keep it")),
                message_dialog.Choice(REMOVE, _("&Remove"), "danger"),
            ),
        )
        dialog.chosen.connect(lambda key: self._remove(site) if key == REMOVE else None)
        dialog.open()

    def _remove(self, site: Site) -> None:
        kept = self._settings.added_connections
        self._settings.added_connections = tuple(one for one in kept if one.uri != site.uri)
        self._controller.remove(site)

    def _keep(self, known: KnownConnection) -> None:
        kept = {one.uri: one for one in self._settings.added_connections}
        before = kept.get(known.uri, known)
        kept[known.uri] = replace(before, name=known.name)
        self._settings.added_connections = tuple(kept.values())
