"""A card of facts: what it is, its value, and the one thing to do with it."""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import zip_longest

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QWidget

from vmdesk.views.labels import ElidedLabel


@dataclass(frozen=True, slots=True)
class Fact:
    """One line; ``action`` is the text of its link, and ``run`` what the link does.

    ``hindrance`` is why the link can do nothing now, ``subject`` what it does something to, where
    that is not to be mistaken.
    """

    name: str
    value: str
    action: str = ""
    run: Callable[[], object] | None = None
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    hindrance: str = ""
    subject: str = ""


class FactsTable(QFrame):
    """Facts in three columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._lines: list[_Line] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(14, 8, 14, 8)
        self._layout.setHorizontalSpacing(16)
        self._layout.setVerticalSpacing(4)
        self._layout.setColumnStretch(1, 1)

    def show_facts(self, facts: list[Fact]) -> None:
        """Show these facts instead of the present ones."""
        for _missing in range(len(self._lines), len(facts)):
            self._lines.append(_Line(self._layout, len(self._lines)))
        for line, fact in zip_longest(self._lines, facts):
            line.show_fact(fact)


class _Line:
    """One fact. Its labels stay for the next one: of a click, to make new ones is a third."""

    def __init__(self, layout: QGridLayout, row: int) -> None:
        self._layout = layout
        self._row = row
        self._fact: Fact | None = None
        self._name = ElidedLabel()
        self._name.setProperty("role", "secondary")
        self._value = ElidedLabel(fills=True)
        self._link: QPushButton | None = None
        layout.addWidget(self._name, row, 0)

    def show_fact(self, fact: Fact | None) -> None:
        """Show a fact, or none."""
        before, self._fact = self._fact, fact
        # Equal words of another machine have another deed behind their link.
        if _words(before) == _words(fact):
            return
        if fact is not None:
            self._show_words(fact)
        self._show_link(before, fact)
        self._layout.setRowMinimumHeight(self._row, 0 if fact is None else 32)
        # Qt would show them by and by, and paint all twice.
        for part in (self._name, self._value):
            part.setVisible(fact is not None)

    def _show_words(self, fact: Fact) -> None:
        self._name.setText(fact.name)
        self._value.mode = fact.elide
        self._value.setText(fact.value)
        self._value.setAccessibleName(f"{fact.name}: {fact.value}")
        self._layout.removeWidget(self._value)
        self._layout.addWidget(self._value, self._row, 1, 1, 1 if fact.run is not None else 2)

    def _show_link(self, before: Fact | None, fact: Fact | None) -> None:
        action = fact.action if fact is not None and fact.run is not None else None
        # One that does something else is another one: nobody presses it who meant the first.
        if self._link is not None and (
            self._link.text() != action or _subject(before) != _subject(fact)
        ):
            self._link.hide()
            self._link.deleteLater()
            self._link = None
        if fact is None or action is None:
            return
        if self._link is None:
            self._link = self._make_link(action)
        self._link.setEnabled(not fact.hindrance)
        self._link.setToolTip(fact.hindrance)
        self._link.setAccessibleDescription(fact.hindrance or f"{fact.name}: {fact.value}")

    def _make_link(self, action: str) -> QPushButton:
        link = QPushButton(action)
        link.setProperty("kind", "link")
        link.setAutoDefault(False)
        link.clicked.connect(self._run)
        self._layout.addWidget(link, self._row, 2, Qt.AlignmentFlag.AlignRight)
        link.show()
        return link

    def _run(self) -> None:
        if self._fact is not None and self._fact.run is not None:
            self._fact.run()


def _words(fact: Fact | None) -> tuple[str, ...] | None:
    if fact is None:
        return None
    return (fact.name, fact.value, fact.action, fact.hindrance, fact.subject)


def _subject(fact: Fact | None) -> str:
    return "" if fact is None else fact.subject
