"""The order in which Tab goes through a window: as things are laid out, not as they were made."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QLayout, QScrollArea, QSplitter, QWidget


def arrange(window: QWidget) -> None:
    """Have Tab follow the layouts of ``window`` as they are now.

    Called whenever Tab is pressed: a card that was added since then has its place, too.
    """
    for before, after in pairwise(_stops(window)):
        QWidget.setTabOrder(before, after)


def _stops(widget: QWidget) -> Iterator[QWidget]:
    if widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield widget
    for part in _parts(widget):
        yield from _stops(part)


def _parts(widget: QWidget) -> Iterator[QWidget]:
    if isinstance(widget, QSplitter):
        yield from (widget.widget(at) for at in range(widget.count()))
    elif isinstance(widget, QScrollArea):
        # There may be nothing in it yet.
        yield from (part for part in [widget.widget()] if part is not None)
    elif (layout := widget.layout()) is not None:
        yield from _widgets(layout)


def _widgets(layout: QLayout) -> Iterator[QWidget]:
    places: Sequence[int] = range(layout.count())
    if isinstance(layout, QGridLayout):
        places = _by_rows(layout)
    for at in places:
        item = layout.itemAt(at)
        if isinstance(item, QLayout):
            yield from _widgets(item)
        elif item is not None and not item.isEmpty():  # neither room that is left nor hidden
            yield item.widget()


def _by_rows(grid: QGridLayout) -> list[int]:
    # Row, column and what they span; Qt's stubs call it an object.
    cells: list[Any] = [grid.getItemPosition(at) for at in range(grid.count())]
    return sorted(range(grid.count()), key=cells.__getitem__)
