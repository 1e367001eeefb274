"""A page for when there is nothing to list: an icon, what is so, and what to do."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from vmdesk.views import icons
from vmdesk.views.labels import label, title

_TEXT_WIDTH = 420


class PlaceholderPage(QWidget):
    """Centred in whatever room there is."""

    def __init__(
        self,
        icon: str,
        heading: str,
        text: str,
        buttons: tuple[QPushButton, ...] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        picture = icons.IconLabel(icon, 56, icons.secondary)
        self.heading = title(heading)
        self.text = label(text, "secondary")
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(8)
        layout.addStretch(2)
        layout.addWidget(picture, 0, Qt.AlignmentFlag.AlignHCenter)
        layout.addSpacing(8)
        for words in (self.heading, self.text):
            words.setAlignment(Qt.AlignmentFlag.AlignHCenter)
            words.setMaximumWidth(_TEXT_WIDTH)
            words.setMinimumWidth(200)
            line = QHBoxLayout()
            line.addStretch(1)
            line.addWidget(words, 1000)
            line.addStretch(1)
            layout.addLayout(line)
        layout.addSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(8)
        row.addStretch(1)
        for button in buttons:
            row.addWidget(button)
        if buttons:
            self.setFocusProxy(buttons[0])
        row.addStretch(1)
        layout.addLayout(row)
        layout.addStretch(3)

    def set_text(self, heading: str, text: str) -> None:
        """Say something else."""
        self.heading.setText(heading)
        self.text.setText(text)
