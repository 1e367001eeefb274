"""A notice above the pages: what has happened, and a question where it asks for a decision."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QPushButton, QVBoxLayout, QWidget

from vmdesk.views.flow_layout import FlowLayout
from vmdesk.views.labels import label
from vmdesk.views.message_dialog import Choice


class Notice(QWidget):
    """Hidden while there is nothing to tell."""

    chosen = Signal(object)
    """The key of the choice that answers the question."""

    def __init__(self) -> None:
        super().__init__()
        self.is_question = False
        self.text = label()
        self.buttons: dict[str, QPushButton] = {}
        self._row = FlowLayout(8)
        frame = QFrame()
        frame.setObjectName("notice")
        inside = QVBoxLayout(frame)
        inside.setContentsMargins(16, 12, 16, 12)
        inside.setSpacing(8)
        inside.addWidget(self.text)
        inside.addLayout(self._row)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 16, 24, 0)
        layout.addWidget(frame)
        self.hide()

    def tell(self, text: str) -> None:
        """Say what has happened; an empty text clears the notice. A question stays."""
        if not self.is_question:
            self._show(text, ())

    def ask(self, text: str, choices: tuple[Choice, ...]) -> None:
        """Ask for a decision, in place of an earlier question."""
        self.is_question = True
        self._show(text, choices)

    def withdraw(self) -> None:
        """Take back a question that has become idle."""
        if self.is_question:
            self.is_question = False
            self.tell("")

    def _show(self, text: str, choices: tuple[Choice, ...]) -> None:
        while self._row.count():
            item = self._row.takeAt(0)
            old = item.widget() if item is not None else None
            if old is not None:
                old.hide()
                old.deleteLater()
        self.buttons = {choice.key: self._button(choice) for choice in choices}
        for button in self.buttons.values():
            self._row.addWidget(button)
        self.text.setText(text)
        self.setVisible(bool(text))

    def _button(self, choice: Choice) -> QPushButton:
        button = QPushButton(choice.text)
        button.setProperty("kind", choice.kind)
        button.setAutoDefault(False)
        button.clicked.connect(lambda: self._answer(choice.key))
        return button

    def _answer(self, key: str) -> None:
        self.withdraw()
        self.chosen.emit(key)
