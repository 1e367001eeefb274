"""Join the page for an export to the controller, which knows machines and folders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.settings import Settings
from vmdesk.site import Site
from vmdesk.views import error_dialog
from vmdesk.views.bundles import export_dialog

if TYPE_CHECKING:
    from vmdesk.core.operations.export import Survey
    from vmdesk.views.bundles.export_dialog import ExportDialog, ExportWish


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """Machines of one connection that are to be exported."""

    site: Site
    uuids: tuple[str, ...]


class ExportFlow(QObject):
    """Asks what there is to export, then the user, then the controller."""

    def __init__(self, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._settings = settings
        self._window = window

    def begin(self, request: ExportRequest) -> None:
        """Ask how these machines are to be exported."""
        site, uuids = request.site, request.uuids
        wanted = self._settings.exports_folder or self._settings.export_folder
        task = site.bundles.export_folder(wanted)
        task.succeeded.connect(lambda folder: self._survey(site, uuids, folder))

    def _survey(self, site: Site, uuids: Sequence[str], folder: Path) -> None:
        surveys: dict[str, Survey] = {}

        def add(survey: Survey) -> None:
            surveys[survey.uuid] = survey
            if len(surveys) == len(uuids):
                self._open(site, [surveys[uuid] for uuid in uuids], folder)

        for uuid in uuids:
            task = site.bundles.survey(uuid)
            task.succeeded.connect(add)
            task.failed.connect(self._refuse)

    def _open(self, site: Site, surveys: list[Survey], folder: Path) -> None:
        dialog = export_dialog.ExportDialog(surveys, folder, self._window)
        dialog.form.choose_form(self._settings.export_form)
        dialog.agreed.connect(lambda wish: self._export(site, wish))
        dialog.places_wanted.connect(lambda paths: _look(site, dialog, paths))
        dialog.open()
        dialog.look()

    def _export(self, site: Site, wish: ExportWish) -> None:
        for uuid, target in wish.targets:
            self._settings.export_folder = str(target.parent)
            site.bundles.export(uuid, target, wish.options)

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, OperationError):
            error_dialog.ErrorDialog(self._window, _("Export"), error).open()


def _look(site: Site, dialog: ExportDialog, targets: list[Path]) -> None:
    for path in targets:
        # A bound method: Qt forgets the connection when the dialog is gone before the answer.
        site.bundles.place(path).succeeded.connect(dialog.form.show_place)
