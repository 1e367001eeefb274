"""vmdesk on the desktop beside its window: tray, messages, and what closing the window means."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication, QWidget

from vmdesk.controller import Controller
from vmdesk.settings import Closing, Settings
from vmdesk.views import closing
from vmdesk.views.conversations import Conversations
from vmdesk.views.launcher import Launcher
from vmdesk.views.notifier import Notifier
from vmdesk.views.tray import Tray


class Presence(QObject):
    """Knows whether vmdesk ends with its window."""

    def __init__(
        self,
        controller: Controller,
        settings: Settings,
        conversations: Conversations,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self._may_close = False
        self._is_quitting = False
        self.tray = Tray(controller, window, conversations.carry_out, self.quit)
        Launcher(controller.tasks, self)
        Notifier(controller.operations, _is_away, self._tell, self)
        self.apply()

    def apply(self) -> None:
        """Follow the settings."""
        self.tray.set_shown(self._settings.has_tray)

    def may_close(self) -> bool:
        """Tell whether the window may close. If not, what is set happens instead, or is asked."""
        way = self._settings.closing
        operations = self._controller.operations
        if way is Closing.TRAY and self.tray.is_shown and not self._is_quitting:
            self._window.hide()
            return False
        if self._may_close or not operations.tasks:
            return True
        if way is Closing.FINISH:
            closing.finish_unseen(self._window, operations, self._close_now)
        else:
            self._window.show()
            closing.ask(self._window, operations, self._close_now)
        return False

    def quit(self) -> None:
        """End vmdesk, whatever closing the window does; with work under way, ask first."""
        self._is_quitting = True
        # Qt ends with the last window that is closed, but not with one that can't be seen.
        is_hidden = not self._window.isVisible()
        if self._window.close() and is_hidden:
            QApplication.quit()
        self._is_quitting = False

    def _close_now(self) -> None:
        self._may_close = True
        self.quit()

    def _tell(self, summary: str, text: str) -> None:
        if self.tray.is_shown:
            self.tray.tell(summary, text)
        else:
            self._controller.home.notify(summary, text)


def _is_away() -> bool:
    return QGuiApplication.applicationState() is not Qt.ApplicationState.ApplicationActive
