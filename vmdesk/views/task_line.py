"""One operation as a line: what, how far, and the button that goes with it."""

from collections.abc import Callable

from PySide6.QtCore import QDateTime, QLocale, Signal
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QPushButton, QToolButton, QWidget

from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.models.task_list_model import TaskEntry
from vmdesk.tasks import Task, TaskState
from vmdesk.views import icons
from vmdesk.views.follow_up import follow_up_of, outcome_of
from vmdesk.views.labels import ElidedLabel
from vmdesk.views.progress_text import strip_label

_STEPS = 1000
_TITLE_WIDTH = 240
_TIME_WIDTH = 64
"""Pixels of the columns in the history."""


class TaskLine(QWidget):
    """Shows one task; it may show another one later. In the history all lines have columns."""

    details_wanted = Signal(object)
    """The ``Task`` that failed."""
    start_wanted = Signal(object)
    """The ``DomainKey`` of a machine that was made and is off."""
    folder_wanted = Signal(object)
    """The ``Path`` of a folder that is to be shown."""
    retry_wanted = Signal(object)
    """The ``TaskEntry`` of what is to be tried again."""

    def __init__(self, *, is_of_history: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._entry: TaskEntry | None = None
        self._icon = icons.IconLabel("progress", 18, icons.accent)
        self._time = ElidedLabel()
        self._time.setProperty("role", "secondary")
        self._time.setFixedWidth(_TIME_WIDTH)
        self._title = ElidedLabel()
        if is_of_history:
            self._title.setFixedWidth(_TITLE_WIDTH)
        else:
            self._time.hide()
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setFixedHeight(6)
        self._text = ElidedLabel(fills=is_of_history)
        self._text.setProperty("role", "secondary")
        self._details = _link(_("Details"), lambda: self.details_wanted.emit(self.task))
        self._retry = _link(_("Try again"), lambda: self.retry_wanted.emit(self._entry))
        self._next = _link("", self._follow_up)
        self._cancel = QToolButton()
        self._cancel.setIcon(icons.icon("close"))
        self._cancel.setToolTip(_("Cancel"))
        self._cancel.clicked.connect(self._cancel_task)
        self._lay_out(is_of_history)

    def _lay_out(self, is_of_history: bool) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(16, 4, 12, 4)
        layout.setSpacing(12)
        layout.addWidget(self._icon)
        layout.addWidget(self._time)
        layout.addWidget(self._title)
        layout.addWidget(self._bar, 1)
        if not is_of_history:
            layout.addStretch(0)
        for part in (self._text, self._details, self._retry, self._next, self._cancel):
            layout.addWidget(part)
        self.setMinimumHeight(40)

    @property
    def task(self) -> Task | None:
        """The task that is shown."""
        return self._entry.task if self._entry is not None else None

    @property
    def words(self) -> str:
        """What is said of the task beside its title."""
        return self._text.text()

    def show_entry(self, entry: TaskEntry) -> None:
        """Show an operation as it is now."""
        self._entry = entry
        task, activity = entry.task, entry.activity
        is_over = task.state.is_final
        name, tint = _ICONS.get(task.state, ("progress", icons.accent))
        self._icon.set_icon(name, tint)
        self._title.setText(task.title)
        self._show_time(entry.began_at)
        self._bar.setVisible(task.state is TaskState.RUNNING)
        self._bar.setRange(0, 0 if activity.fraction is None else _STEPS)
        self._bar.setValue(round((activity.fraction or 0) * _STEPS))
        figures = strip_label(activity, task.progress)
        doing = activity.text if activity.text != task.title else ""
        words = (doing, outcome_of(task) if is_over else figures)
        self._text.setText(" · ".join(word for word in words if word))
        self._details.setVisible(task.state is TaskState.FAILED)
        self._retry.setVisible(entry.can_retry)
        self._retry.setAccessibleName(_("Try again: {title}").format(title=task.title))
        follow_up = follow_up_of(task, self._start, self.folder_wanted.emit)
        self._next.setVisible(follow_up is not None)
        if follow_up is not None:
            self._next.setText(follow_up.text)
            self._next.setToolTip(follow_up.tip)
            self._next.setAccessibleName(f"{follow_up.text}: {task.title}")
        self._cancel.setVisible(not is_over)
        self._cancel.setEnabled(not is_over)
        self._cancel.setAccessibleName(_("Cancel: {title}").format(title=task.title))
        self._details.setAccessibleName(_("Details: {title}").format(title=task.title))
        self._bar.setAccessibleName(task.title)
        self._bar.setAccessibleDescription(self._text.text())

    def _show_time(self, seconds: float) -> None:
        """Show when it began: the hour, and the whole of it as a tip."""
        when, locale = QDateTime.fromSecsSinceEpoch(round(seconds)), QLocale()
        self._time.setText(locale.toString(when.time(), QLocale.FormatType.ShortFormat))
        whole = locale.toString(when, QLocale.FormatType.ShortFormat)
        self._time.setAccessibleName(_("Begun {when}").format(when=whole))

    def _follow_up(self) -> None:
        if self._entry is None:
            return
        task = self._entry.task
        if follow_up := follow_up_of(task, self._start, self.folder_wanted.emit):
            follow_up.run()

    def _start(self, uuid: str) -> None:
        if self._entry is not None:
            self.start_wanted.emit(DomainKey(self._entry.connection, uuid))

    def _cancel_task(self) -> None:
        if self.task is not None:
            self._cancel.setEnabled(False)
            self.task.cancel()


_ICONS: dict[TaskState, tuple[str, icons.Tint]] = {
    TaskState.WAITING: ("history", icons.secondary),
    TaskState.SUCCEEDED: ("check", icons.running),
    TaskState.FAILED: ("error", icons.failed),
    TaskState.CANCELLED: ("close", icons.secondary),
}


def _link(text: str, follow: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("kind", "link")
    button.clicked.connect(lambda: follow())
    return button
