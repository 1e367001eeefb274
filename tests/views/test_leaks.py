"""Dialogs that are opened and closed leave nothing behind."""

import gc
from collections.abc import Callable

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QDialog, QWidget
from pytestqt.qtbot import QtBot

from tests.views.test_dialogs import plan
from vmdesk.core.job import OperationError
from vmdesk.settings import Settings
from vmdesk.views.about_dialog import AboutDialog
from vmdesk.views.delete_dialog import DeleteDialog
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.settings.dialog import SettingsDialog
from vmdesk.views.shortcuts_dialog import ShortcutsDialog

TIMES = 100

MAKERS: dict[str, Callable[[QWidget], QDialog]] = {
    "new": lambda parent: NewDomainDialog(set, parent),
    "delete": lambda parent: DeleteDialog(parent, [plan()]),
    "error": lambda parent: ErrorDialog(parent, "Start", OperationError("No.", "", "Details")),
    "about": AboutDialog,
    "settings": lambda parent: SettingsDialog(Settings(), parent),
    "shortcuts": lambda parent: ShortcutsDialog([], [], parent),
}


def open_and_close(make: Callable[[QWidget], QDialog], parent: QWidget) -> None:
    dialog = make(parent)
    dialog.open()
    dialog.reject()
    del dialog
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


@pytest.mark.parametrize("name", MAKERS)
def test_a_dialog_leaves_no_widget_behind(qtbot: QtBot, parent: QWidget, name: str) -> None:
    parent.show()
    open_and_close(MAKERS[name], parent)
    gc.collect()
    before = len(QApplication.allWidgets())
    for _time in range(TIMES):
        open_and_close(MAKERS[name], parent)
    gc.collect()
    assert len(QApplication.allWidgets()) == before
