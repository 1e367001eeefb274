"""What is said when a machine's equipment is looked at or changed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.hardware import Settings
from vmdesk.site import Site
from vmdesk.views import error_dialog, insert_disc_dialog, message_dialog
from vmdesk.views.action_rules import Act
from vmdesk.views.properties import flow as properties_flow
from vmdesk.views.properties import several

if TYPE_CHECKING:
    from vmdesk.core.details import DomainDetails
    from vmdesk.core.operations.edit import Edit

ADD = "add"


class HardwareConversations(QObject):
    """Opens the dialogs that change machines, and carries their answers to the controller."""

    def __init__(self, window: QWidget) -> None:
        super().__init__(window)
        self._window = window

    def carry_out(self, act: Act, site: Site, uuids: tuple[str, ...], target: str) -> None:
        """Do what the user wants, or ask about it first; ``target`` names a drive."""
        match act:
            case Act.PROPERTIES if len(uuids) > 1:
                _Several(site, self._window, uuids)
            case Act.PROPERTIES | Act.RENAME:
                properties_flow.PropertiesFlow(site, self._window, uuids[0], act is Act.RENAME)
            case Act.EJECT:
                for uuid in uuids:
                    site.hardware.eject(uuid, target)
            case Act.INSERT:
                self._prepare_insert(site, uuids[0], target)

    def _prepare_insert(self, site: Site, uuid: str, target: str) -> None:
        def look(details: DomainDetails) -> None:
            if details.cdroms:
                self._ask_disc(site, uuid, target)
            else:
                self._offer_drive(site, uuid)

        task = site.details(uuid)
        task.succeeded.connect(look)
        task.failed.connect(self._refuse)

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, OperationError):
            error_dialog.ErrorDialog(self._window, _("Insert a disc"), error).open()

    def _ask_disc(self, site: Site, uuid: str, target: str) -> None:
        dialog = insert_disc_dialog.open_insert_dialog(site, self._window)
        dialog.agreed.connect(lambda source: site.hardware.insert(uuid, source, target))

    def _offer_drive(self, site: Site, uuid: str) -> None:
        dialog = message_dialog.MessageDialog(
            self._window,
            "disc",
            _("This machine has no CD-ROM drive"),
            _("A disc needs one. A running machine has it from its next start."),
            (
                message_dialog.Choice("no", _("&Not now")),
                message_dialog.Choice(ADD, _("&Add one"), "primary"),
            ),
        )
        dialog.chosen.connect(lambda key: self._add_drive(site, uuid) if key == ADD else None)
        dialog.open()

    def _add_drive(self, site: Site, uuid: str) -> None:
        added = site.hardware.add_drive(uuid)
        added.succeeded.connect(lambda change: self._ask_disc(site, uuid, change.target))


class _Several(QObject):
    """Gathers the settings of several machines, then asks for what they all are to have."""

    def __init__(self, site: Site, window: QWidget, uuids: tuple[str, ...]) -> None:
        super().__init__(window)
        self._site = site
        self._window = window
        self._found: list[Settings] = []
        self._missing = len(uuids)
        for uuid in uuids:
            task = site.hardware.settings(uuid)
            task.succeeded.connect(self._found.append)
            task.finished.connect(self._count)

    def _count(self) -> None:
        self._missing -= 1
        if self._missing:
            return
        if self._found:
            self._found.sort(key=lambda settings: settings.properties.name)
            dialog = several.SeveralDialog(self._found, self._window)
            dialog.agreed.connect(self._change)
            dialog.finished.connect(self.deleteLater)
            dialog.open()
        else:
            self.deleteLater()

    def _change(self, edits: dict[str, Edit]) -> None:
        for uuid, edit in edits.items():
            self._site.hardware.edit(uuid, edit)
