"""Dialogs that are opened and closed leave nothing behind."""

import gc
import importlib
import pkgutil

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.views.gallery import DIALOGS, Maker
from vmdesk import views
from vmdesk.views.dialog import Dialog
from vmdesk.views.message_dialog import MessageDialog

TIMES = 100
ONE_OF_EACH = (
    *("new-wrong", "insert", "export-full", "import-drops", "delete-running", "properties-asked"),
    *("properties-several", "remove-disk", "settings-files", "doctor-findings", "error-details"),
    *("force-off", "quit", "connection-add", "transfer-losses", "shortcuts", "about"),
)
"""In the state with the most parts."""


def open_and_close(make: Maker, parent: QWidget) -> None:
    dialog = make(parent)
    dialog.open()
    dialog.done(0)
    del dialog
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def test_each_kind_of_dialog_is_among_them() -> None:
    kinds = {name.partition("-")[0] for name in DIALOGS}
    assert {name.partition("-")[0] for name in ONE_OF_EACH} == kinds


def test_the_gallery_has_every_dialog_that_there_is(parent: QWidget) -> None:
    for module in pkgutil.walk_packages(views.__path__, f"{views.__name__}."):
        importlib.import_module(module.name)
    shown = {type(make(parent)) for make in DIALOGS.values()}
    there_are = {*Dialog.__subclasses__(), *MessageDialog.__subclasses__()}
    assert {kind.__name__ for kind in there_are - shown} == set()


@pytest.mark.parametrize("name", ONE_OF_EACH)
def test_a_dialog_leaves_no_widget_behind(qtbot: QtBot, parent: QWidget, name: str) -> None:
    parent.show()
    open_and_close(DIALOGS[name], parent)
    gc.collect()
    before = len(QApplication.allWidgets())
    for _time in range(TIMES):
        open_and_close(DIALOGS[name], parent)
    gc.collect()
    assert len(QApplication.allWidgets()) == before
