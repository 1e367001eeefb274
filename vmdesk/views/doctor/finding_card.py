"""One finding of the doctor: a sign and a word for its state, what it means, and what mends it."""

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.i18n import _
from vmdesk.core.mend import Deed, Mend
from vmdesk.views import icons
from vmdesk.views.labels import ElidedLabel, label

SIGNS: dict[State, tuple[str, icons.Tint]] = {
    State.GOOD: ("check", icons.running),
    State.WARNING: ("warning", icons.paused),
    State.BROKEN: ("error", icons.failed),
    State.UNNEEDED: ("dash", icons.secondary),
    State.UNCHECKED: ("question", icons.secondary),
}
_WORDS = {
    State.GOOD: _("Good"),
    State.WARNING: _("Could be better"),
    State.BROKEN: _("Broken"),
    State.UNNEEDED: _("Not needed"),
    State.UNCHECKED: _("Not checked"),
}
_COPIED_FOR = 2000
"""Milliseconds for which a button says that it has copied."""


class MendLine(QFrame):
    """A command as it will run, and the button that runs or copies it."""

    wanted = Signal(object)
    """The ``Mend``, which the user has read."""

    def __init__(self, mend: Mend, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.mend = mend
        self.setObjectName("command")
        self.command = label(mend.shown)
        self.command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.command.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.command.setAccessibleName(_("Command: {command}").format(command=mend.shown))
        self.copy = QPushButton(_("Copy"))
        self.copy.setAutoDefault(False)
        self.copy.setProperty("kind", "link")
        self.copy.setAccessibleDescription(mend.shown)
        self.copy.clicked.connect(self._copy)
        row = QHBoxLayout(self)
        row.setContentsMargins(12, 4, 8, 4)
        row.setSpacing(8)
        row.addWidget(self.command, 1)
        row.addWidget(self.copy, 0, Qt.AlignmentFlag.AlignTop)

    def _copy(self) -> None:
        QGuiApplication.clipboard().setText(self.mend.shown)
        self.copy.setText(_("Copied"))
        QTimer.singleShot(_COPIED_FOR, self.copy, lambda: self.copy.setText(_("Copy")))


class FindingCard(QFrame):
    """A finding of something that is wrong: all of it can be seen."""

    mend_wanted = Signal(object)
    """A ``Mend`` that a button is to carry out."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("card")
        self.finding = finding
        self.buttons: list[QPushButton] = []
        self.lines: list[MendLine] = []
        self.setAccessibleName(f"{finding.title}: {_WORDS[finding.state]}. {finding.meaning}")
        sign, tint = SIGNS[finding.state]
        words = QVBoxLayout()
        words.setSpacing(4)
        head = QHBoxLayout()
        head.setSpacing(8)
        head.addWidget(_strong(finding.title))
        state = label(_WORDS[finding.state], _role(finding.state))
        state.setWordWrap(False)
        head.addWidget(state)
        head.addStretch(1)
        words.addLayout(head)
        words.addWidget(label(finding.meaning, "secondary"))
        if finding.advice:
            words.addWidget(label(finding.advice, "secondary"))
        if finding.details:
            words.addWidget(_quoted(finding.details))
        for mend in finding.mends:
            words.addSpacing(4)
            words.addLayout(self._mend(mend))
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 12, 12, 12)
        row.setSpacing(12)
        row.addWidget(icons.IconLabel(sign, 20, tint), 0, Qt.AlignmentFlag.AlignTop)
        row.addLayout(words, 1)

    def set_busy(self, is_busy: bool) -> None:
        """Let nothing be mended while something is."""
        for button in self.buttons:
            button.setEnabled(not is_busy)

    def _mend(self, mend: Mend) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        line = MendLine(mend)
        self.lines.append(line)
        row.addWidget(line, 1)
        if mend.deed is Deed.RUN:
            button = QPushButton(mend.text)
            button.setAutoDefault(False)
            button.setAccessibleDescription(_("Runs {command}").format(command=mend.shown))
            button.clicked.connect(lambda: self.mend_wanted.emit(mend))
            self.buttons.append(button)
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return row


class FindingLine(QWidget):
    """A finding with which nothing is wrong: one quiet line."""

    def __init__(self, finding: Finding, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.finding = finding
        self.setAccessibleName(f"{finding.title}: {_WORDS[finding.state]}. {finding.meaning}")
        name = _strong(finding.title)
        name.setFixedWidth(_NAME_WIDTH)
        row = QHBoxLayout(self)
        row.setContentsMargins(18, 6, 16, 6)
        row.setSpacing(14)
        sign, tint = SIGNS[finding.state]
        top = Qt.AlignmentFlag.AlignTop
        shown = icons.IconLabel(sign, 16, tint)
        shown.setToolTip(_WORDS[finding.state])
        row.addWidget(shown, 0, top)
        row.addWidget(name, 0, top)
        row.addWidget(label(finding.meaning, "secondary"), 1, top)


_NAME_WIDTH = 168


def _strong(text: str) -> ElidedLabel:
    made = ElidedLabel(text)
    made.setProperty("role", "strong")
    return made


def _quoted(details: str) -> QLabel:
    made = label(details, "secondary")
    made.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    made.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    made.setAccessibleName(_("Details"))
    return made


def _role(state: State) -> str:
    return "problem" if state is State.BROKEN else "warning"
