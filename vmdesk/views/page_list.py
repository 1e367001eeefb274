"""The list of pages at the side of a dialog."""

from collections.abc import Iterable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QListWidget

from vmdesk.core.i18n import _

_ROOM_FOR_MARK = 24
"""Pixels for what tells that a page was changed or is wrong."""


class PageList(QListWidget):
    """As wide as its longest heading, so that none is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("pages")
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setAccessibleName(_("Pages"))
        self.setAccessibleDescription(_("The arrow keys show another page."))

    def show_pages(self, headings: Iterable[str], least: int) -> None:
        """List these pages in a column of ``least`` pixels or more."""
        # Or the rows would be laid out with the size that they have without the style.
        self.ensurePolished()
        self.addItems(list(headings))
        self.setFixedWidth(max(least, self.sizeHintForColumn(0) + _ROOM_FOR_MARK))
