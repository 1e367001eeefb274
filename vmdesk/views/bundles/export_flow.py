"""Join the page for an export to the controller, which knows machines and folders."""

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.operations.export import Survey
from vmdesk.settings import Settings
from vmdesk.views.bundles.export_dialog import ExportDialog, ExportWish
from vmdesk.views.error_dialog import ErrorDialog


class ExportFlow(QObject):
    """Asks what there is to export, then the user, then the controller."""

    def __init__(self, controller: Controller, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window

    def begin(self, uuids: Sequence[str]) -> None:
        """Ask how these machines are to be exported."""
        wanted = self._settings.exports_folder or self._settings.export_folder
        task = self._controller.bundles.export_folder(wanted)
        task.succeeded.connect(lambda folder: self._survey(uuids, folder))

    def _survey(self, uuids: Sequence[str], folder: Path) -> None:
        surveys: dict[str, Survey] = {}

        def add(survey: Survey) -> None:
            surveys[survey.uuid] = survey
            if len(surveys) == len(uuids):
                self._open([surveys[uuid] for uuid in uuids], folder)

        for uuid in uuids:
            task = self._controller.bundles.survey(uuid)
            task.succeeded.connect(add)
            task.failed.connect(self._refuse)

    def _open(self, surveys: list[Survey], folder: Path) -> None:
        dialog = ExportDialog(surveys, folder, self._window)
        dialog.form.choose_form(self._settings.export_form)
        dialog.agreed.connect(self._export)
        dialog.places_wanted.connect(lambda paths: self._look(dialog, paths))
        dialog.open()
        dialog.look()

    def _look(self, dialog: ExportDialog, targets: list[Path]) -> None:
        for path in targets:
            # A bound method: Qt forgets the connection when the dialog is gone before the answer.
            self._controller.bundles.place(path).succeeded.connect(dialog.form.show_place)

    def _export(self, wish: ExportWish) -> None:
        for uuid, target in wish.targets:
            self._settings.export_folder = str(target.parent)
            self._controller.bundles.export(uuid, target, wish.options)

    def _refuse(self, error: Exception) -> None:
        if isinstance(error, OperationError):
            ErrorDialog(self._window, _("Export"), error).open()
