"""A choice between a few things that are all seen at once, each with what speaks for it."""

from collections.abc import Mapping
from typing import Generic, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QButtonGroup, QGridLayout, QLabel, QRadioButton, QWidget

from vmdesk.views.labels import label

Value = TypeVar("Value")


class RadioField(QWidget, Generic[Value]):
    """One of a few values, each with its name and a remark."""

    changed = Signal()
    """The user has chosen another one."""

    def __init__(self, name: str, words: Mapping[Value, tuple[str, str]], value: Value) -> None:
        super().__init__()
        self.name = QLabel(name)
        self.setAccessibleName(name.replace("&", ""))
        self.buttons = {value: QRadioButton(text) for value, (text, _remark) in words.items()}
        group = QButtonGroup(self)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(16)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(1, 1)
        for row, (button, (_text, remark)) in enumerate(
            zip(self.buttons.values(), words.values(), strict=True)
        ):
            button.setAccessibleDescription(remark)
            group.addButton(button)
            grid.addWidget(button, row, 0)
            grid.addWidget(label(remark, "secondary"), row, 1)
        self.name.setFixedHeight(next(iter(self.buttons.values())).sizeHint().height())
        self.choose(value)
        group.buttonClicked.connect(self.changed)

    @property
    def value(self) -> Value:
        """What is chosen."""
        return next(value for value, button in self.buttons.items() if button.isChecked())

    def choose(self, value: Value) -> None:
        """Choose a value."""
        self.buttons[value].setChecked(True)
