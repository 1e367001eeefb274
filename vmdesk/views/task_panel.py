"""The foot of the window: what is being done, and on demand everything that was done."""

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.i18n import _, ngettext
from vmdesk.models.task_list_model import TaskEntry, TaskListModel, TaskRole
from vmdesk.tasks import TaskState
from vmdesk.views import icons
from vmdesk.views.follow_up import follow_up_of
from vmdesk.views.labels import hairline, label
from vmdesk.views.task_line import TaskLine

_PATIENCE = 400
"""Milliseconds that an operation runs before the strip unfolds for it: most are over by then."""
_LINGER = 8000
"""Milliseconds for which the strip tells how the last operation ended."""
_HISTORY_HEIGHT = 200


class TaskPanel(QFrame):
    """A strip while something runs; unfolded, the history of all operations."""

    details_wanted = Signal(object)
    """The ``Task`` that failed."""
    start_wanted = Signal(object)
    """The UUID of a machine that was made and is off."""
    folder_wanted = Signal(object)
    """The ``Path`` of a folder that is to be shown."""
    unfolded = Signal(object)
    """Whether the history is shown."""
    left = Signal()
    """The history was folded away together with the focus."""

    def __init__(self, tasks: TaskListModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self._tasks = tasks
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(self._show_strip)
        self._ended: TaskEntry | None = None
        self._linger = QTimer(self)
        self._linger.setSingleShot(True)
        self._linger.setInterval(_LINGER)
        self._linger.timeout.connect(self._forget_ended)
        self._lines: list[TaskLine] = []
        self._line = self._make_line(is_of_history=False)
        self._more = QPushButton()
        self._more.setProperty("kind", "link")
        self._more.clicked.connect(lambda: self.set_unfolded(True))
        self._strip = self._make_strip()
        self._history, self._list = _history_area()
        self._nothing = label(_("Nothing since vmdesk was started."), "secondary")
        self._nothing.setContentsMargins(16, 8, 16, 8)
        self._list.insertWidget(0, self._nothing)
        self._fold = QToolButton()
        self._heading = self._make_heading()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for part in (hairline(), self._heading, self._history, self._strip):
            layout.addWidget(part)
        tasks.rowsInserted.connect(self._insert)
        tasks.rowsRemoved.connect(self._remove)
        tasks.dataChanged.connect(self._change)
        for part in (self._heading, self._history, self._strip, self):
            part.hide()
        if tasks.rowCount():
            self._insert(QModelIndex(), 0, tasks.rowCount() - 1)

    @property
    def is_unfolded(self) -> bool:
        """Whether the history is shown."""
        return not self._history.isHidden()

    def set_unfolded(self, is_unfolded: bool) -> None:
        """Show or hide the history."""
        had_focus = self.isAncestorOf(self.window().focusWidget() or self.window())
        self._history.setVisible(is_unfolded)
        self._heading.setVisible(is_unfolded)
        self._show_strip()
        self.unfolded.emit(is_unfolded)
        if had_focus and not is_unfolded:
            self.left.emit()

    def take_focus(self) -> None:
        """Let the keys be for the history, if it is shown."""
        if self.is_unfolded:
            self._fold.setFocus()

    def _make_line(self, *, is_of_history: bool) -> TaskLine:
        line = TaskLine(is_of_history=is_of_history)
        line.details_wanted.connect(self.details_wanted)
        line.start_wanted.connect(self.start_wanted)
        line.folder_wanted.connect(self.folder_wanted)
        line.retry_wanted.connect(self._tasks.try_again)
        return line

    def _make_strip(self) -> QWidget:
        strip = QWidget()
        layout = QHBoxLayout(strip)
        layout.setContentsMargins(0, 4, 0, 4)
        layout.setSpacing(0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._more)
        layout.addSpacing(8)
        return strip

    def _make_heading(self) -> QWidget:
        heading = QWidget()
        self._fold.setIcon(icons.icon("chevron-down"))
        self._fold.setToolTip(_("Hide the activity (Esc)"))
        self._fold.setAccessibleName(_("Hide the activity"))
        self._fold.clicked.connect(lambda: self.set_unfolded(False))
        layout = QHBoxLayout(heading)
        layout.setContentsMargins(16, 8, 12, 0)
        layout.addWidget(label(_("Activity"), "strong"))
        layout.addWidget(self._fold)
        return heading

    def _insert(self, _parent: QModelIndex, first: int, last: int) -> None:
        for row in range(first, last + 1):
            line = self._make_line(is_of_history=True)
            self._lines.insert(row, line)
            self._list.insertWidget(row, line)
            self._fill(line, row)
        self._nothing.hide()
        self._patience.start(_PATIENCE)

    def _remove(self, _parent: QModelIndex, first: int, last: int) -> None:
        for line in self._lines[first : last + 1]:
            line.hide()
            line.deleteLater()
        del self._lines[first : last + 1]

    def _change(self, first: QModelIndex, last: QModelIndex) -> None:
        for row in range(first.row(), last.row() + 1):
            self._fill(self._lines[row], row)
            self._keep_in_sight(self._tasks.index(row).data(TaskRole.ENTRY))
        if not self._patience.isActive():
            self._show_strip()

    def _fill(self, line: TaskLine, row: int) -> None:
        line.show_entry(self._tasks.index(row).data(TaskRole.ENTRY))

    def _keep_in_sight(self, entry: TaskEntry) -> None:
        """Tell for a while how an operation ended that was in sight, or made something."""
        state = entry.task.state
        # A failure has a dialog of its own.
        if state in (TaskState.SUCCEEDED, TaskState.CANCELLED) and entry is not self._ended:
            was_in_sight = self._strip.isVisible() and self._line.task is entry.task
            if was_in_sight or follow_up_of(entry.task, str, str) is not None:
                self._ended = entry
                self._linger.start()

    def _forget_ended(self) -> None:
        self._ended = None
        self._show_strip()

    def _show_strip(self) -> None:
        running = self._tasks.running()
        shown = running or ([self._ended] if self._ended is not None else [])
        self._strip.setVisible(bool(shown) and not self.is_unfolded)
        self.setVisible(bool(shown) or self.is_unfolded)
        if not shown:
            return
        self._line.show_entry(shown[0])
        others = len(shown) - 1
        self._more.setVisible(others > 0)
        text = ngettext("{count} more", "{count} more", others)
        self._more.setText(text.format(count=others))


def _history_area() -> tuple[QScrollArea, QVBoxLayout]:
    area = QScrollArea()
    area.setObjectName("bar")
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setFixedHeight(_HISTORY_HEIGHT)
    area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
    area.setAccessibleName(_("Activity"))
    ground = QWidget()
    ground.setObjectName("ground")
    lines = QVBoxLayout(ground)
    lines.setContentsMargins(0, 4, 0, 8)
    lines.setSpacing(0)
    lines.addStretch(1)
    area.setWidget(ground)
    return area, lines
