"""What went wrong, what to do about it, and details that can be copied."""

from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QPlainTextEdit, QPushButton, QWidget

from vmdesk.core.causes import KnownError
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.mend import Mend
from vmdesk.views.doctor.finding_card import MendLine
from vmdesk.views.message_dialog import Choice, MessageDialog

CLOSE = "close"
AGAIN = "again"


class ErrorDialog(MessageDialog):
    """One sentence of what happened, one of what to do; never a traceback."""

    def __init__(
        self, parent: QWidget | None, title: str, error: OperationError, can_retry: bool = False
    ) -> None:
        choices = [Choice(CLOSE, _("&Close"), "primary")]
        if can_retry:
            choices.append(Choice(AGAIN, _("&Try again")))
        super().__init__(parent, "error", error.summary, error.hint, tuple(choices))
        self.setWindowTitle(title)
        self.commands = [MendLine(mend) for mend in _mends(error)]
        for line in self.commands:
            self.body.addWidget(line)
        self.details = QPlainTextEdit(error.details)
        self.copy = QPushButton(_("C&opy"), self)
        self.copy.hide()
        if error.details:
            self._add_details(f"{title}\n{error.summary}\n{error.hint}\n\n{error.details}\n")

    def _add_details(self, report: str) -> None:
        self.details.setReadOnly(True)
        self.details.setTabChangesFocus(True)
        self.details.setAccessibleName(_("Details"))
        self.details.setAccessibleDescription(_("What libvirt and QEMU have said."))
        self.details.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.details.setFixedHeight(120)
        self.details.hide()
        self.body.addWidget(self.details)
        self.copy.setAutoDefault(False)
        self.copy.setToolTip(_("Copy the message and its details"))
        self.copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(report))
        self.unfold = QPushButton(_("&Details"), self)
        self.unfold.setAutoDefault(False)
        self.unfold.setCheckable(True)
        self.unfold.toggled.connect(self._show_details)
        self.foot.insertWidget(0, self.unfold)
        self.foot.insertWidget(1, self.copy)

    def _show_details(self, is_shown: bool) -> None:
        self.details.setVisible(is_shown)
        self.copy.setVisible(is_shown)


def _mends(error: OperationError) -> tuple[Mend, ...]:
    return error.mends if isinstance(error, KnownError) else ()
