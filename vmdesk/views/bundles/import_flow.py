"""Join the page for an import to the controller, which looks into files."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal
from PySide6.QtWidgets import QWidget

from vmdesk.bundles import ImportWish
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.operations.incoming import Preview
from vmdesk.site import Site
from vmdesk.tasks import Task
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.connections.place_field import PlaceField
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.labels import shortened
from vmdesk.views.latest_question import LatestQuestion

_PATIENCE = 300
"""Milliseconds without an answer after which the page opens to show how far it is."""


class ImportFlow(QObject):
    """One file from the first look to the user's answer."""

    ended = Signal()
    """The user has agreed, refused, or read why the file can't be used."""

    def __init__(
        self,
        sites: Sequence[Site],
        window: QWidget,
        path: Path,
        made: Callable[[DomainKey], object],
    ) -> None:
        super().__init__(window)
        self._place = place = PlaceField(sites)
        self._window = window
        self._path = path
        self._made = made
        self._dialog = ImportDialog(path, lambda: place.value.site.domains.names(), window, place)
        self._dialog.agreed.connect(self._import)
        self._dialog.verify_wanted.connect(self._verify)
        self._dialog.finished.connect(self._end)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._dialog.open)
        self._patience.start(_PATIENCE)
        self._was_read = False
        self._question = LatestQuestion(self)
        self._question.progressed.connect(self._dialog.show_progress)
        self._question.answered.connect(self._show)
        self._question.failed.connect(self._refuse)
        self._dialog.rejected.connect(self._question.cancel)
        self._question.ask(self._preview())
        place.follow(self._look_again)
        place.ask_for_pools()

    def _show(self, preview: Preview) -> None:
        self._patience.stop()
        self._dialog.show_preview(preview, self._was_read)
        self._dialog.open()

    def _look_again(self) -> None:
        """At another place the machine has another name and other room."""
        self._was_read = False
        self._dialog.show_progress(None)
        self._question.ask(self._preview())

    def _verify(self) -> None:
        self._dialog.show_progress(None)
        self._was_read = True
        place = self._place.value
        self._question.ask(place.site.bundles.verify(self._path, place.pool))

    def _preview(self) -> Task:
        place = self._place.value
        return place.site.bundles.preview(self._path, place.pool)

    def _import(self, wish: ImportWish) -> None:
        place = self._place.value
        task = place.site.bundles.import_(replace(wish, pool=place.pool))
        self._made(place.site.domains.key(task.key))

    def _refuse(self, error: Exception) -> None:
        self._patience.stop()
        self._dialog.finished.disconnect(self._end)
        self._dialog.close()
        show_refusal(self._window, self._path, error).finished.connect(self._end)

    def _end(self) -> None:
        self.ended.emit()
        self.deleteLater()


def show_refusal(window: QWidget, path: Path, error: Exception) -> ErrorDialog:
    """Say why a file can't be used; the log has the trace of a defect."""
    summary = _("“{name}” can’t be imported").format(name=shortened(path.name))
    told = OperationError(summary, _("vmdesk made a mistake. Please report it."))
    if isinstance(error, OperationError):
        told = OperationError(summary, f"{error.summary} {error.hint}".strip(), error.details)
    dialog = ErrorDialog(window, _("Import"), told)
    dialog.open()
    return dialog
