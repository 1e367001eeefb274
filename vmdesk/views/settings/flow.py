"""Join the settings to the controller, so that each has effect at once."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller
from vmdesk.core import configuration, paths
from vmdesk.core.folders import Folders
from vmdesk.settings import Settings
from vmdesk.views.settings import dialog as settings_dialog

if TYPE_CHECKING:
    from vmdesk.core.folder_state import FolderState
    from vmdesk.views.settings.dialog import SettingsDialog
    from vmdesk.views.settings.fields import FolderField, UriField


class SettingsFlow(QObject):
    """Opens the settings, and carries out what is put into them."""

    applied = Signal()
    """A setting is another one now."""

    def __init__(self, controller: Controller, settings: Settings, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self._uri: UriField | None = None
        controller.connection_changed.connect(self._show_status)

    def open(self) -> SettingsDialog:
        """Show the settings."""
        dialog = settings_dialog.SettingsDialog(self._settings, self._window)
        files, uri = dialog.files, dialog.connection.uri
        for field, keep in (
            (files.isos, self._keep_isos),
            (files.disks, self._keep_disks),
            (files.exports, self._keep_exports),
        ):
            field.wanted.connect(partial(self._look, field))
            field.chosen.connect(partial(self._check_folder, keep))
        uri.chosen.connect(self._connect_to)
        # Bound methods: Qt forgets the connections when the dialog is gone before the answer.
        self._uri = uri
        self._show_status()
        dialog.finished.connect(self._forget)
        uri.set_busy(bool(self._controller.operations.tasks))
        self._controller.home.limits().succeeded.connect(dialog.machines.show_limits)
        for page in dialog.pages:
            page.changed.connect(self._apply)
        dialog.open()
        return dialog

    def _forget(self) -> None:
        self._uri = None

    def _show_status(self) -> None:
        if self._uri is not None:
            self._uri.show_status(self._controller.home.status)

    def _look(self, field: FolderField, path: Path) -> None:
        self._controller.home.look_at_folder(path).succeeded.connect(field.show_state)

    def _check_folder(self, keep: Callable[[str], None], text: str) -> None:
        """Keep a folder once it is known that it can be used, the dialog being there or not."""

        def take(state: FolderState) -> None:
            if not state.problem:
                keep(text)
                self._apply()

        if text:
            self._controller.home.look_at_folder(Path(text)).succeeded.connect(take)
        else:
            keep(text)
            self._apply()

    def _keep_isos(self, text: str) -> None:
        self._settings.isos_folder = text

    def _keep_disks(self, text: str) -> None:
        self._settings.disks_folder = text

    def _keep_exports(self, text: str) -> None:
        self._settings.exports_folder = text

    def _connect_to(self, uri: str) -> None:
        # Work may have begun while the settings were open.
        if not self._controller.operations.tasks:
            self._settings.uri = uri
            before = self._controller.home
            wanted = uri or configuration.default_uri(os.geteuid() == 0)
            if wanted != before.uri:
                self._controller.add(wanted).reconnect()
                self._controller.remove(before)

    def _apply(self) -> None:
        settings = self._settings
        self._controller.set_picture_interval(settings.picture_interval)
        isos = configuration.folder(settings.isos_folder, paths.isos_dir())
        disks = configuration.folder(settings.disks_folder, paths.disks_dir())
        self._controller.set_folders(Folders(isos, disks))
        self.applied.emit()
