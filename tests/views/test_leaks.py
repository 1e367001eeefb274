"""Dialogs that are opened and closed leave nothing behind."""

import gc

import pytest
from PySide6.QtCore import QCoreApplication, QEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from tests.views.gallery import DIALOGS, Maker

TIMES = 100
ONE_OF_EACH = (
    *("new-wrong", "insert", "export-full", "import-drops", "delete-running", "properties-asked"),
    *("properties-several", "remove-disk", "settings-files", "doctor-findings", "error-details"),
    *("force-off", "connection-add", "shortcuts", "about"),
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
