"""The page of a machine's properties for its earlier versions, and the way back to one."""

from PySide6.QtCore import QDateTime, QLocale, Qt
from PySide6.QtGui import QFontDatabase, QSyntaxHighlighter, QTextCharFormat, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QPlainTextEdit,
    QPushButton,
    QSizePolicy,
    QWidget,
)

from vmdesk.core.domain.difference import Line, LineKind
from vmdesk.core.i18n import _
from vmdesk.hardware import Settings, Version
from vmdesk.views.labels import label, plain_tip
from vmdesk.views.palette import roles
from vmdesk.views.properties.page import Page


class HistoryPage(Page):
    """A list of versions, and what the chosen one would change: in words, and folded, in XML."""

    def __init__(self) -> None:
        super().__init__(_("Earlier versions"))
        self._versions: tuple[Version, ...] = ()
        self._meaning = label(
            _("Only settings come back. What is on the disks stays as it is."), "secondary"
        )
        self._none = label(
            _("Nothing was changed here yet. Each change keeps the version before it."),
            "secondary",
        )
        self.list = _version_list()
        self.list.currentRowChanged.connect(self._show_version)
        self.words = label()
        self.unfold = QPushButton(_("&Details"))
        self.unfold.setAutoDefault(False)
        self.unfold.setCheckable(True)
        self.unfold.setToolTip(_("Show the difference in XML"))
        self.unfold.setAccessibleDescription(self.unfold.toolTip())
        self.lines = _line_view()
        self._colours = _Colours(self.lines.document())
        self.bring_back = QPushButton(_("&Bring back"))
        self.bring_back.setAutoDefault(False)
        self.bring_back.clicked.connect(self._revert)
        self.later = label(_("It has effect from the next start."), "secondary")
        self._lay_out()
        self.lines.hide()
        self.unfold.toggled.connect(self.lines.setVisible)

    def _lay_out(self) -> None:
        foot = QHBoxLayout()
        foot.setSpacing(12)
        foot.addWidget(self.bring_back)
        foot.addWidget(self.unfold)
        foot.addWidget(self.later, 1)
        foot.addStretch(0)
        self.body.addWidget(self._meaning)
        self.body.addWidget(self._none)
        self.body.addWidget(self.list, 1)
        self.body.addWidget(self.words)
        self.body.addWidget(self.lines, 2)
        self.body.addLayout(foot)

    def show_settings(self, settings: Settings, _discard: bool) -> None:
        """Show the versions; nothing here waits to be saved."""
        chosen = self._chosen()
        self._versions = settings.versions
        self.list.blockSignals(True)
        self.list.clear()
        for version in settings.versions:
            item = QListWidgetItem(_row_text(version))
            item.setToolTip(plain_tip("\n".join(version.changed_then)))
            self.list.addItem(item)
        self.list.blockSignals(False)
        has_any = bool(settings.versions)
        self._none.setVisible(not has_any)
        shown = (self._meaning, self.list, self.words, self.bring_back, self.unfold, self.later)
        for part in shown:
            part.setVisible(has_any)
        self.lines.setVisible(has_any and self.unfold.isChecked())
        self.later.setVisible(has_any and settings.properties.is_active)
        numbers = [version.number for version in settings.versions]
        row = numbers.index(chosen.number) if chosen and chosen.number in numbers else 0
        self.list.setCurrentRow(row if has_any else -1)
        self._show_version()

    def _chosen(self) -> Version | None:
        row = self.list.currentRow()
        return self._versions[row] if 0 <= row < len(self._versions) else None

    def _show_version(self) -> None:
        version = self._chosen()
        if version is None:
            return
        self.words.setText(_difference_text(version))
        self.lines.setPlainText("\n".join(_line_text(line) for line in version.lines))
        self.bring_back.setEnabled(bool(version.lines))
        why_not = "" if version.lines else _("The machine is as it was then.")
        self.bring_back.setToolTip(why_not)
        self.bring_back.setAccessibleDescription(why_not)
        self.unfold.setVisible(bool(version.lines))

    def _revert(self) -> None:
        version = self._chosen()
        if version is not None:
            number = version.number
            self.deed_wanted.emit(lambda hardware, uuid: hardware.revert(uuid, number))


class _Colours(QSyntaxHighlighter):
    """Shows added and removed lines in colour beside their signs."""

    def __init__(self, document: QTextDocument) -> None:
        super().__init__(document)

    def highlightBlock(self, text: str) -> None:  # noqa: N802 (Qt's name)
        """Colour one line."""
        colors = roles()
        shade = {"+": colors.running, "-": colors.failed}.get(text[:1], colors.secondary)
        look = QTextCharFormat()
        look.setForeground(shade)
        self.setFormat(0, len(text), look)


def _version_list() -> QListWidget:
    made = QListWidget()
    made.setObjectName("choices")
    made.setAccessibleName(_("Earlier versions"))
    made.setAccessibleDescription(_("Choose one to see what it would change."))
    made.setTextElideMode(Qt.TextElideMode.ElideRight)
    made.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    _let_shrink(made, 96)
    return made


def _line_view() -> QPlainTextEdit:
    made = QPlainTextEdit()
    made.setReadOnly(True)
    made.setTabChangesFocus(True)
    made.setAccessibleName(_("Difference in XML"))
    made.setAccessibleDescription(_("Lines with a plus come, those with a minus go."))
    made.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
    made.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
    _let_shrink(made, 112)
    return made


def _let_shrink(widget: QWidget, least: int) -> None:
    """Have a list take the room that is left, instead of as much as Qt would like."""
    widget.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Ignored)
    widget.setMinimumHeight(least)


def _row_text(version: Version) -> str:
    when = QDateTime.fromSecsSinceEpoch(round(version.saved_at))
    shown = QLocale().toString(when, QLocale.FormatType.ShortFormat)
    changed = "; ".join(version.changed_then) or _("details of the XML")
    return _("Before {when}   {changed}").format(when=shown, changed=changed)


def _difference_text(version: Version) -> str:
    if not version.lines:
        return _("The machine is as it was then.")
    if not version.changes:
        return _("Bringing it back changes details that only the XML shows.")
    return "\n".join([_("Bringing it back changes:"), *(f"•  {word}" for word in version.changes)])


def _line_text(line: Line) -> str:
    return "…" if line.kind is LineKind.GAP else f"{line.kind.value} {line.text}"
