"""Progress on the icon in the task bar or dock, where the desktop shows it."""

import os
from functools import cache
from itertools import count
from pathlib import Path

from PySide6.QtCore import QModelIndex, QObject

from vmdesk.models.task_list_model import TaskListModel

_INTERFACE = "com.canonical.Unity.LauncherEntry"
"""What Plasma, Ubuntu's dock, Cairo-Dock and others listen to; nobody has to answer."""
_APPLICATION = "application://vmdesk.desktop"
_STEP = 0.01
_numbers = count(1)


class Launcher(QObject):
    """Shows how far all the work under way is together."""

    def __init__(self, tasks: TaskListModel, parent: QObject) -> None:
        super().__init__(parent)
        self._tasks = tasks
        self._path = f"/com/canonical/unity/launcherentry/{next(_numbers)}"
        self._shown: float | None = None
        tasks.dataChanged.connect(self._follow)
        tasks.rowsInserted.connect(self._follow)

    def _follow(self, _first: QModelIndex, _last: object, _roles: object = None) -> None:
        running = [entry.activity.fraction for entry in self._tasks.running()]
        known = [fraction for fraction in running if fraction is not None]
        progress = sum(known) / len(known) if known else None
        if progress == self._shown:
            return
        if progress is None or self._shown is None or abs(progress - self._shown) >= _STEP:
            self._shown = progress
            self._tell(progress)

    def _tell(self, progress: float | None) -> None:
        if not _has_bus():
            return
        # The first picture of the window doesn't need it.
        from PySide6.QtDBus import QDBusConnection, QDBusMessage

        message = QDBusMessage.createSignal(self._path, _INTERFACE, "Update")
        shown = {"progress": progress or 0.0, "progress-visible": progress is not None}
        message.setArguments([_APPLICATION, shown])
        QDBusConnection.sessionBus().send(message)


@cache
def _has_bus() -> bool:
    """Tell whether this session has a bus; asking Qt for one would start one where X is."""
    runtime = os.environ.get("XDG_RUNTIME_DIR", "/nowhere")
    return "DBUS_SESSION_BUS_ADDRESS" in os.environ or Path(runtime, "bus").exists()
