"""A yes of its own to what is not to be done by accident."""

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QVBoxLayout, QWidget

from vmdesk.views.labels import label

_INDENT = 26
"""Pixels: as far as the text of the box stands from its left."""


class Consent(QWidget):
    """A box to tick, with what that means below."""

    def __init__(self, text: str, meaning: str) -> None:
        super().__init__()
        self.box = QCheckBox(text)
        self.words = label("", "secondary")
        # No indent of the label: from right to left Qt would cut its lines.
        below = QHBoxLayout()
        below.addSpacing(_INDENT)
        below.addWidget(self.words)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.box)
        layout.addLayout(below)
        self.explain(meaning)

    def explain(self, meaning: str) -> None:
        """Say what a tick means."""
        self.words.setText(meaning)
        self.box.setAccessibleDescription(meaning)
