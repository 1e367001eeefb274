"""Labels show text as it is, whoever wrote it."""

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QTextDocumentFragment
from pytestqt.qtbot import QtBot

from vmdesk.views.labels import ElidedLabel, label, plain_tip


@pytest.mark.parametrize("text", ["<img src='file:///etc/passwd'>", "<b>two\nlines</b>", "a < b"])
def test_a_tooltip_shows_markup_and_does_not_obey_it(qtbot: QtBot, text: str) -> None:
    assert QTextDocumentFragment.fromHtml(plain_tip(text)).toPlainText() == text
    assert plain_tip("web & more") == "web & more"


def test_a_name_that_is_too_long_has_it_whole_in_its_tooltip(qtbot: QtBot) -> None:
    made = ElidedLabel("<b>" + "name " * 30)
    qtbot.addWidget(made)
    made.resize(60, 20)
    made.grab()
    assert "&lt;b&gt;name " in made.toolTip()
    assert label("<b>x</b>").textFormat() is Qt.TextFormat.PlainText
