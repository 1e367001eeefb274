"""A yes of its own to what is not to be done by accident."""

from PySide6.QtWidgets import QCheckBox, QVBoxLayout, QWidget

from vmdesk.views.labels import label


class Consent(QWidget):
    """A box to tick, with what that means below."""

    def __init__(self, text: str, meaning: str) -> None:
        super().__init__()
        self.box = QCheckBox(text)
        self._words = label("", "secondary")
        self._words.setIndent(24)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.box)
        layout.addWidget(self._words)
        self.explain(meaning)

    def explain(self, meaning: str) -> None:
        """Say what a tick means."""
        self._words.setText(meaning)
        self.box.setAccessibleDescription(meaning)
