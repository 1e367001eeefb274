"""What those who cannot see the window, or not well, or press keys only, are told of it."""

from collections import Counter
from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible, QColor, QImage
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QDialog,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QPushButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from tests.views.conftest import SetPalette
from tests.views.gallery import DIALOGS
from vmdesk.views import style
from vmdesk.views.main_window import MainWindow
from vmdesk.views.palette import READABLE, contrast

CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSpinBox,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
)


@pytest.fixture(params=DIALOGS)
def dialog(request: pytest.FixtureRequest, qtbot: QtBot, parent: QWidget) -> QDialog:
    parent.show()
    made = DIALOGS[request.param](parent)
    made.open()
    qtbot.waitExposed(made)
    return made


def controls(window: QWidget) -> Iterator[QWidget]:
    """Yield what a person uses; the parts that Qt puts into its own are Qt's."""
    for widget in window.findChildren(QWidget):
        around = widget.parentWidget()
        is_inner = isinstance(around, QAbstractSpinBox | QComboBox | QLineEdit)
        if isinstance(widget, CONTROLS) and widget.isVisible() and not is_inner:
            yield widget


def told(widget: QWidget, text: QAccessible.Text) -> str:
    """Return what a screen reader is told of a widget."""
    interface = QAccessible.queryAccessibleInterface(widget)
    assert interface is not None
    return interface.text(text)


def unnamed(window: QWidget) -> list[str]:
    return [
        f"{type(widget).__name__} {widget.objectName()}"
        for widget in controls(window)
        if not told(widget, QAccessible.Text.Name)
    ]


def undescribed(window: QWidget) -> list[str]:
    """Return what can't be pressed now and does not say why."""
    return [
        f"{type(widget).__name__} “{told(widget, QAccessible.Text.Name)}”"
        for widget in controls(window)
        if not widget.isEnabled()
        and isinstance(widget, QAbstractButton)
        and not told(widget, QAccessible.Text.Description)
    ]


def unexplained(window: QWidget) -> list[str]:
    """Return what is put in, ticked or chosen, or is an icon only, and does not say what for."""
    return [
        f"{type(widget).__name__} “{told(widget, QAccessible.Text.Name)}”"
        for widget in controls(window)
        if not (isinstance(widget, QPushButton) and widget.text())
        and not told(widget, QAccessible.Text.Description)
    ]


def test_every_field_of_a_dialog_has_a_description(dialog: QDialog) -> None:
    assert unexplained(dialog) == []


def test_every_control_of_a_dialog_has_a_name(dialog: QDialog) -> None:
    assert unnamed(dialog) == []


def test_what_cannot_be_pressed_now_says_why(dialog: QDialog) -> None:
    assert undescribed(dialog) == []


def test_every_field_is_reached_by_tab(qtbot: QtBot, dialog: QDialog) -> None:
    wanted = {
        w for w in controls(dialog) if w.isEnabled() and w.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    # Of radio buttons that belong together, the arrow keys reach the others.
    wanted = {w for w in wanted if not (isinstance(w, QAbstractButton) and w.autoExclusive())}
    reached = set()
    for _press in range(3 * len(wanted) + 9):
        focus = dialog.focusWidget()
        if focus is not None:
            reached.add(focus)
        qtbot.keyClick(focus or dialog, Qt.Key.Key_Tab)
    assert {type(w).__name__ for w in wanted - reached} == set()


def test_the_window_has_names_for_all_its_controls(window: MainWindow) -> None:
    assert unnamed(window) == []
    assert undescribed(window) == []
    assert unexplained(window) == []


def painted_contrast(picture: QImage) -> float:
    """Return the contrast of the ground of a picture and the colour farthest from it."""
    size = range(picture.width()), range(picture.height())
    pixels = Counter(picture.pixel(x, y) for x in size[0] for y in size[1])
    ground = QColor(pixels.most_common(1)[0][0])
    return max(contrast(QColor(pixel), ground) for pixel in pixels)


@pytest.mark.parametrize("is_dark", [False, True])
@pytest.mark.parametrize("name", ["new-wrong", "import-drops", "delete-running", "doctor-findings"])
def test_what_is_painted_can_be_read(
    qtbot: QtBot, parent: QWidget, set_palette: SetPalette, name: str, is_dark: bool
) -> None:
    set_palette(style.own_palette(is_dark=is_dark))
    style.refresh()
    parent.show()
    dialog = DIALOGS[name](parent)
    dialog.open()
    qtbot.waitExposed(dialog)
    for label in dialog.findChildren(QLabel):
        if label.isVisible() and label.text().strip() and label.isEnabled():
            assert painted_contrast(label.grab().toImage()) >= READABLE, label.text()
