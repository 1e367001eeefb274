"""A field of a form with what explains it below: a hint, or the reason why it is wrong."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from vmdesk.views import style
from vmdesk.views.labels import label

_LARGEST = 2**24
"""What a spin box takes: more than any computer has, so that its field can say what is wrong."""


class Field(QWidget):
    """Wraps an input widget; beside it stands a remark, below it a hint or a problem."""

    def __init__(self, name: str, control: QWidget, aside: QWidget | None = None) -> None:
        super().__init__()
        self.control = control
        self.problem = ""
        self._meaning = ""
        self.name = QLabel(name)
        self.name.setBuddy(control)
        plain = name.replace("&", "")
        control.setAccessibleName(plain)
        self.remark = label(role="secondary")
        self.remark.setWordWrap(False)
        self._note = label(role="secondary")
        self._note.hide()
        self._row = row = QHBoxLayout()
        row.setSpacing(8)
        row.addWidget(control, 0 if isinstance(control, QSpinBox) else 1)
        if aside is not None:
            row.addWidget(aside)
        if isinstance(control, QSpinBox):
            row.addWidget(self.remark, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(row)
        layout.addWidget(self._note)

    def explain(self, meaning: str) -> None:
        """Say to those who don't see the field among the others what it is for."""
        self._meaning = meaning
        self._describe()

    def add_aside(self, widget: QWidget) -> None:
        """Put a widget at the end of the row."""
        # Aligned, or its own height would be the most that the row has: the input would shrink.
        self._row.addWidget(widget, 0, Qt.AlignmentFlag.AlignVCenter)

    @property
    def note(self) -> str:
        """What stands below the field."""
        return self._note.text()

    def show_hint(self, text: str) -> None:
        """Explain the field, which is right."""
        self.problem = ""
        self._show(text, "secondary")

    def show_warning(self, text: str) -> None:
        """Say what may become a problem."""
        self.problem = ""
        self._show(text, "warning")

    def show_problem(self, text: str) -> None:
        """Mark the field as wrong, with the reason."""
        self.problem = text
        self._show(text, "problem")

    def mark(self, problem: str) -> None:
        """Mark the field as wrong, or as right where there is no problem."""
        if problem:
            self.show_problem(problem)
        else:
            self.show_hint("")

    def _show(self, text: str, role: str) -> None:
        self._note.setText(text)
        self._note.setVisible(bool(text))
        style.set_property(self._note, "role", role)
        style.set_property(self.control, "invalid", role == "problem")
        self._describe()

    def _describe(self) -> None:
        parts = (self._meaning, self._note.text() or self.remark.text())
        self.control.setAccessibleDescription(" ".join(part for part in parts if part))


class TextField(Field):
    """A field for a line of text."""

    def __init__(self, name: str) -> None:
        self.edit = QLineEdit()
        super().__init__(name, self.edit)


class NumberField(Field):
    """A field for a whole number with its unit."""

    def __init__(self, name: str, value: int, unit: str, step: int) -> None:
        self.spin = QSpinBox()
        super().__init__(name, self.spin)
        self.spin.setRange(1, _LARGEST)
        self.spin.setSingleStep(step)
        self.spin.setSuffix(f" {unit}" if unit else "")
        self.spin.setValue(value)
        self.spin.setFixedWidth(128)
        self.spin.setGroupSeparatorShown(False)
        self.spin.setAccelerated(True)

    @property
    def value(self) -> int:
        """The number in the field."""
        return self.spin.value()
