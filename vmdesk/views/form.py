"""Fields of a page below each other, each beside its name."""

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QWidget

from vmdesk.views.field import Field

_LINE = 32
"""The height of an input of one line."""


class _WheelGuard(QObject):
    """Who scrolls a page does not change the figures that pass under the pointer."""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Leave the wheel to the page unless the control has the focus."""
        is_wheel = event.type() is QEvent.Type.Wheel
        if is_wheel and isinstance(watched, QWidget) and not watched.hasFocus():
            event.ignore()
            return True
        return False


class Form(QGridLayout):
    """Fields below each other: name, input, and a badge where it waits for the next start."""

    def __init__(self) -> None:
        super().__init__()
        self.setContentsMargins(0, 0, 0, 0)
        self.setHorizontalSpacing(16)
        self.setVerticalSpacing(12)
        self.setColumnStretch(1, 1)
        self._wheel = _WheelGuard(self)

    def add(self, field: Field, badge: QLabel | None = None) -> None:
        """Add a field."""
        # The label stands at the height of the input's first line, whatever is below it.
        field.name.setFixedHeight(_LINE)
        field.control.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        field.control.installEventFilter(self._wheel)
        self.add_named(field.name, field)
        if badge is not None:
            field.add_aside(badge)

    def add_named(self, name: QLabel, part: QWidget) -> None:
        """Add what is no field, beside its name."""
        row = self.rowCount()
        self.addWidget(name, row, 0, Qt.AlignmentFlag.AlignTop)
        self.addWidget(part, row, 1)

    def add_wide(self, part: QWidget) -> None:
        """Add what has no name beside it, and as much room as the inputs."""
        self.addWidget(part, self.rowCount(), 1)

    def add_widget(self, widget: QWidget, badge: QLabel | None = None) -> None:
        """Add what has no name beside it, such as a check box."""
        row = QHBoxLayout()
        row.setSpacing(8)
        # A check box no wider than its text: what can't be pressed must not look as if it could.
        row.addWidget(widget, 1 if isinstance(widget, QLabel) else 0)
        if badge is not None:
            row.addWidget(badge)
        row.addStretch(0)
        self.addLayout(row, self.rowCount(), 1)
