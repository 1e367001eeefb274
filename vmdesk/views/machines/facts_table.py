"""A card of facts: what it is, its value, and the one thing to do with it."""

from collections.abc import Callable
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QPushButton, QWidget

from vmdesk.views.labels import ElidedLabel


@dataclass(frozen=True, slots=True)
class Fact:
    """One line; ``action`` is the text of its link, and ``run`` what the link does.

    ``hindrance`` is why the link can do nothing now.
    """

    name: str
    value: str
    action: str = ""
    run: Callable[[], object] | None = None
    elide: Qt.TextElideMode = Qt.TextElideMode.ElideRight
    hindrance: str = ""


class FactsTable(QFrame):
    """Facts in three columns."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self._shown: tuple[tuple[str, ...], ...] | None = None
        self._facts: list[Fact] = []
        self._layout = QGridLayout(self)
        self._layout.setContentsMargins(14, 8, 14, 8)
        self._layout.setHorizontalSpacing(16)
        self._layout.setVerticalSpacing(4)
        self._layout.setColumnStretch(1, 1)

    def show_facts(self, facts: list[Fact]) -> None:
        """Show these facts instead of the present ones."""
        # Equal words of another machine have another deed behind their link.
        self._facts = facts
        shown = tuple((fact.name, fact.value, fact.action, fact.hindrance) for fact in facts)
        if shown == self._shown:
            return
        self._shown = shown
        while self._layout.count():
            old = self._layout.takeAt(0).widget()
            old.hide()
            old.deleteLater()
        for row in range(len(facts), self._layout.rowCount()):
            self._layout.setRowMinimumHeight(row, 0)
        for row, fact in enumerate(facts):
            self._add(row, fact)

    def _add(self, row: int, fact: Fact) -> None:
        name = ElidedLabel(fact.name)
        name.setProperty("role", "secondary")
        value = ElidedLabel(fact.value, mode=fact.elide, fills=True)
        value.setAccessibleName(f"{fact.name}: {fact.value}")
        self._layout.setRowMinimumHeight(row, 32)
        self._layout.addWidget(name, row, 0)
        self._layout.addWidget(value, row, 1, 1, 1 if fact.run is not None else 2)
        if fact.run is not None:
            link = QPushButton(fact.action)
            link.setProperty("kind", "link")
            link.setAutoDefault(False)
            link.setEnabled(not fact.hindrance)
            link.setToolTip(fact.hindrance)
            link.setAccessibleDescription(fact.hindrance or f"{fact.name}: {fact.value}")
            link.clicked.connect(lambda: self._run(row))
            self._layout.addWidget(link, row, 2, Qt.AlignmentFlag.AlignRight)
            link.show()
        # Qt would show them by and by, and paint all twice.
        name.show()
        value.show()

    def _run(self, row: int) -> None:
        run = self._facts[row].run
        if run is not None:
            run()
