"""Open everything in both directions, and print what is cut, stands wrong or has a key twice.

``layout_check LOCALE_FOLDER [PICTURES]`` takes its texts from the folder's catalogs; each dialog is
laid out in both directions. It is a program of its own, for texts are looked up as modules are
imported, and the language is the process's.
"""

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFont
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from vmdesk.core import resources

_own_folder = resources.folder
resources.folder = lambda name: Path(sys.argv[1]) if name == "locale" else _own_folder(name)

from tests.views.gallery import DIALOGS, Maker  # noqa: E402 - the words come from the folder above
from vmdesk.controller import Controller  # noqa: E402
from vmdesk.core import events  # noqa: E402
from vmdesk.core.folders import Folders  # noqa: E402
from vmdesk.settings import Settings  # noqa: E402
from vmdesk.views import style  # noqa: E402
from vmdesk.views.labels import ElidedLabel  # noqa: E402
from vmdesk.views.main_window import MainWindow  # noqa: E402

TOLERANCE = 2
"""Pixels."""
MARGINS = 8
"""Pixels by which the left and the right margin of a card may differ: Qt does not mirror them."""
LTR, RTL = Qt.LayoutDirection.LeftToRight, Qt.LayoutDirection.RightToLeft
SCREEN = (1600, 1000)
ATTEMPTS = 8
Places = list[tuple[str, QRect]]


def main() -> None:
    """Print one line for each fault."""
    application = QApplication(["vmdesk"])
    application.setFont(QFont("Inter", 10))
    style.prepare()
    parent = QWidget()
    parent.resize(900, 700)
    parent.show()
    for name, make in DIALOGS.items():
        look(name, partial(opened, make, parent))
    with main_window() as window:
        look("window", lambda: window, closes=False)


def opened(make: Maker, parent: QWidget) -> QWidget:
    """Open a dialog, and return it."""
    dialog = make(parent)
    dialog.open()
    QTest.qWaitForWindowExposed(dialog)
    return dialog


@contextmanager
def main_window() -> Iterator[MainWindow]:
    """Show the window with the one machine of libvirt's test driver."""
    events.register()
    events.start_thread()
    with TemporaryDirectory() as folder:
        place = Path(folder)
        controller = Controller(Folders(place, place))
        controller.add("test:///default")
        window = MainWindow(controller, Settings(place / "vmdesk.conf"))
        window.show()
        controller.reconnect()
        while not window.machines.view.selected_keys():
            QTest.qWait(20)
        yield window
        controller.shut_down_vmdesk()


def look(name: str, show: Callable[[], QWidget], *, closes: bool = True) -> None:
    """Print what is wrong with what ``show`` shows, in both directions."""
    for _attempt in range(ATTEMPTS):
        wrong, places = both_ways(name, show, closes=closes)
        # What comes by and by, such as statistics, may have come between the two looks.
        if parts(places[LTR]) == parts(places[RTL]):
            break
    for fault in (*wrong, *not_mirrored(places[LTR], places[RTL])):
        print(f"{name}: {fault}")


def both_ways(
    name: str, show: Callable[[], QWidget], *, closes: bool
) -> tuple[list[str], dict[Qt.LayoutDirection, Places]]:
    """Return the faults, and where everything stands from left to right and from right to left."""
    wrong: list[str] = []
    places: dict[Qt.LayoutDirection, Places] = {}
    for direction in (LTR, RTL):
        QApplication.setLayoutDirection(direction)
        shown = show()
        settle(shown)
        wrong += faults(shown)
        places[direction] = list(placed(shown))
        if len(sys.argv) > 2:
            kind = "rtl" if direction is RTL else "ltr"
            shown.grab().save(f"{sys.argv[2]}/{name}-{kind}.png")
        if closes:
            shown.hide()
            shown.deleteLater()
    return wrong, places


def settle(window: QWidget) -> None:
    """Wait until nothing moves any more."""
    before: Places = []
    while before != (now := list(placed(window))):
        before = now
        QTest.qWait(20)


def parts(places: Places) -> list[str]:
    """Return what there is, wherever it stands."""
    return [what for what, _at in places]


def faults(window: QWidget) -> Iterator[str]:
    """Yield what does not fit."""
    if window.width() > SCREEN[0] or window.height() > SCREEN[1]:
        yield f"larger than the screen: {window.size()}"
    for key, times in Counter(mnemonics(window)).items():
        if times > 1:
            yield f"Alt+{key.upper()} means {times} things"
    for widget in seen(window):
        text = words(widget)
        if text and is_cut(widget):
            yield f"cut: “{text}” has {widget.size()}, wants {widget.sizeHint()}"
        if isinstance(widget, QScrollArea) and too_wide(widget):
            yield f"too narrow for what it scrolls: {widget.accessibleName()}"
        around = widget.parentWidget()
        if around is not None and not around.rect().adjusted(-1, -1, 1, 1).contains(
            widget.geometry()
        ):
            yield f"outside of its {type(around).__name__}: “{text}” {type(widget).__name__}"


def mnemonics(window: QWidget) -> Iterator[str]:
    """Yield the key that is pressed with Alt for each control that has one."""
    for widget in window.findChildren(QLabel) + window.findChildren(QAbstractButton):
        text = widget.text().replace("&&", "") if widget.isVisible() else ""
        is_control = isinstance(widget, QAbstractButton) or widget.buddy() is not None
        if is_control and "&" in text[:-1]:
            yield text[text.index("&") + 1].casefold()


def seen(window: QWidget) -> Iterator[QWidget]:
    """Yield the widgets that a page lays out; what Qt puts into its own is Qt's."""
    for widget in window.findChildren(QWidget):
        around = widget.parentWidget()
        is_inner = isinstance(around, QAbstractSpinBox | QComboBox | QLineEdit)
        scrolls = isinstance(around, QAbstractScrollArea) or (
            around is not None and isinstance(around.parentWidget(), QAbstractScrollArea)
        )
        if widget.isVisible() and not is_inner and not scrolls:
            yield widget


def too_wide(area: QScrollArea) -> bool:
    """Tell whether something is cut off at the side of what scrolls upwards and downwards only."""
    inside: QWidget | None = area.widget()
    return inside is not None and inside.width() > area.viewport().width()


def words(widget: QWidget) -> str:
    """Return what a widget says."""
    if isinstance(widget, QLabel | QAbstractButton):
        return widget.text()
    return widget.currentText() if isinstance(widget, QComboBox) else ""


def is_cut(widget: QWidget) -> bool:
    """Tell whether a widget is smaller than its words."""
    if isinstance(widget, ElidedLabel):
        return False
    if isinstance(widget, QLabel) and widget.wordWrap():
        return widget.height() < widget.heightForWidth(widget.width()) - TOLERANCE
    hint = widget.minimumSizeHint() if isinstance(widget, QComboBox) else widget.sizeHint()
    return widget.width() < hint.width() - TOLERANCE or widget.height() < hint.height() - TOLERANCE


def placed(window: QWidget) -> Iterator[tuple[str, QRect]]:
    """Yield what each widget is and where it stands in the window, whose width comes with it."""
    for widget in seen(window):
        at = QRect(widget.mapTo(window, QPoint()), widget.size())
        yield f"{type(widget).__name__} “{words(widget)}” of {window.width()}", at


def not_mirrored(ltr: Places, rtl: Places) -> Iterator[str]:
    """Yield what does not stand at the opposite side where text runs from the right."""
    if parts(ltr) != parts(rtl):
        yield "has other parts from right to left"
        return
    for (what, left), (_what, right) in zip(ltr, rtl, strict=True):
        width = int(what.rpartition(" of ")[2])
        mirrored = width - left.right() - 1
        if abs(mirrored - right.left()) > MARGINS:
            yield f"not mirrored: {what} at {right.left()} instead of {mirrored}"


if __name__ == "__main__":
    main()
