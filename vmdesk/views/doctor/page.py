"""What the doctor found: what it all means, then what is wrong, the worst first, then the rest."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.doctor.finding import Finding, State
from vmdesk.core.doctor.verdict import verdict
from vmdesk.core.i18n import _, ngettext
from vmdesk.views import icons
from vmdesk.views.dialog import Dialog
from vmdesk.views.doctor.finding_card import SIGNS, FindingCard, FindingLine
from vmdesk.views.labels import hairline, label, title

_COPIED_FOR = 2000
"""Milliseconds for which the button says that the report is copied."""


class DoctorPage(Dialog):
    """Shows findings and tells what the user wants; it examines and mends nothing itself."""

    mend_wanted = Signal(object)
    """A ``Mend``, whose command the user has seen."""
    again_wanted = Signal()
    report_wanted = Signal()

    def __init__(self, parent: QWidget | None) -> None:
        super().__init__(parent, _("Doctor"))
        # It may come up by itself: whoever has something else to do goes on with it.
        self.setWindowModality(Qt.WindowModality.NonModal)
        self.sign = icons.IconLabel("doctor", 32, icons.accent)
        self.heading = title("")
        self.text = label("", "secondary")
        self.cards: list[FindingCard] = []
        self.lines: list[FindingLine] = []
        self.report_button = _button(_("Copy a &report"), self.report_wanted.emit)
        self.report_button.setIcon(icons.icon("copy"))
        self.report_button.setToolTip(_("Versions, findings and the last errors, for a bug report"))
        self.again_button = _button(_("Look &again"), self.again_wanted.emit)
        self.close_button = _button(_("&Close"), self.accept)
        self.close_button.setProperty("kind", "primary")
        self.close_button.setDefault(True)
        self._scroll = QScrollArea()
        self._lay_out()
        self.show_looking()

    def show_looking(self) -> None:
        """Say that the examination is under way; what was found before stays."""
        if not self.cards and not self.lines:
            self.heading.setText(_("Looking at this computer…"))
            self.text.setText(_("libvirt, KVM, programs, networks and folders."))
        self.set_busy(True)

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show these findings instead of those before."""
        ground = QWidget()
        ground.setObjectName("ground")
        layout = QVBoxLayout(ground)
        layout.setContentsMargins(24, 16, 24, 16)
        layout.setSpacing(8)
        self.cards = []
        for state in (State.BROKEN, State.WARNING):
            for finding in findings:
                if finding.state is state:
                    self._add_card(finding, layout)
        self.lines = [
            FindingLine(finding)
            for state in (State.GOOD, State.UNNEEDED, State.UNCHECKED)
            for finding in findings
            if finding.state is state
        ]
        if self.lines:
            layout.addWidget(self._quiet())
        layout.addStretch(1)
        self._scroll.setWidget(ground)
        self._summarize(findings)
        self.set_busy(False)

    def set_busy(self, is_busy: bool) -> None:
        """Let nothing be asked for while something is examined or mended."""
        self.again_button.setEnabled(not is_busy)
        why = _("Wait until this is done.") if is_busy else ""
        self.again_button.setToolTip(why)
        self.again_button.setAccessibleDescription(why)
        for card in self.cards:
            card.set_busy(is_busy)

    def show_copied(self) -> None:
        """Say for a moment that the report is on the clipboard."""
        self.report_button.setText(_("Copied"))
        restore = lambda: self.report_button.setText(_("Copy a &report"))  # noqa: E731
        QTimer.singleShot(_COPIED_FOR, self.report_button, restore)

    def _fit(self) -> None:
        """Keep the size: the findings scroll."""

    def _add_card(self, finding: Finding, layout: QVBoxLayout) -> None:
        card = FindingCard(finding)
        card.mend_wanted.connect(self.mend_wanted)
        self.cards.append(card)
        layout.addWidget(card)

    def _quiet(self) -> QFrame:
        frame = QFrame()
        frame.setObjectName("card")
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, 6, 0, 6)
        column.setSpacing(0)
        for line in self.lines:
            column.addWidget(line)
        return frame

    def _summarize(self, findings: Sequence[Finding]) -> None:
        states = [finding.state for finding in findings]
        meant = verdict(findings)
        self.heading.setText(meant.text)
        self.text.setText(_counted(states))
        self.sign.set_icon(*SIGNS[meant.state])

    def _lay_out(self) -> None:
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.heading)
        words.addWidget(self.text)
        head = QHBoxLayout()
        head.setContentsMargins(24, 20, 24, 16)
        head.setSpacing(16)
        head.addWidget(self.sign)
        head.addLayout(words, 1)
        foot = QHBoxLayout()
        foot.setContentsMargins(24, 12, 24, 12)
        foot.setSpacing(8)
        foot.addWidget(self.report_button)
        foot.addStretch(1)
        foot.addWidget(self.again_button)
        foot.addWidget(self.close_button)
        self._scroll.setWidgetResizable(True)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(hairline())
        layout.addWidget(self._scroll, 1)
        layout.addWidget(hairline())
        layout.addLayout(foot)
        self.resize(760, 640)
        self.setMinimumSize(560, 400)


def _counted(states: Sequence[State]) -> str:
    total, good = len(states), states.count(State.GOOD)
    broken, warnings = states.count(State.BROKEN), states.count(State.WARNING)
    if good == total:
        return _("All {total} checks are good.").format(total=total)
    text = _("{good} of {total} checks are good; the others are not needed or could not be made.")
    if warnings:
        text = _("{good} of {total} checks are good, {warnings} could be better.")
    if broken:
        text = ngettext(
            "{good} of {total} checks are good, {broken} thing is broken.",
            "{good} of {total} checks are good, {broken} things are broken.",
            broken,
        )
    return text.format(good=good, total=total, warnings=warnings, broken=broken)


def _button(text: str, deed: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setAutoDefault(False)
    button.clicked.connect(lambda: deed())
    return button
