"""The picture of the selected machine's screen; a click opens the console."""

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QImage, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from vmdesk.core.host import DomainState
from vmdesk.core.i18n import _
from vmdesk.views.machines.screen_picture import is_live, paint_placeholder, paint_screen
from vmdesk.views.palette import roles

_FOCUS_ROOM = 4
"""Pixels from the edge to the picture while it has the focus."""


class ScreenWidget(QWidget):
    """A guest's screen, live, dimmed, or an icon and a word where there is none."""

    activated = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._picture: QImage | None = None
        self._state: DomainState | None = None
        self._icon = "machine"
        self._words = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAccessibleName(_("Screen of the machine"))
        self.setAccessibleDescription(_("Return opens the console."))

    def show_screen(
        self, picture: QImage | None, state: DomainState | None, icon: str, words: str
    ) -> None:
        """Show ``picture``, or ``icon`` and ``words`` if there is none."""
        shown = (self._picture, self._state, self._icon, self._words)
        if (picture, state, icon, words) != shown:
            self._picture, self._state, self._icon, self._words = picture, state, icon, words
            self.update()

    def sizeHint(self) -> QSize:
        """Return a size in which text on a screen can be read."""
        return QSize(640, 300)

    def minimumSizeHint(self) -> QSize:
        """Return the least size that still shows what goes on."""
        return QSize(240, 160)

    def paintEvent(self, _event: QPaintEvent) -> None:
        """Paint the picture, and the focus around it."""
        painter = QPainter(self)
        rect = QRectF(self.rect())
        if self.hasFocus():
            # Around the picture, not over it: the first row of a console is right at its edge.
            self._paint_focus(painter, rect)
            rect.adjust(_FOCUS_ROOM, _FOCUS_ROOM, -_FOCUS_ROOM, -_FOCUS_ROOM)
        if self._picture is not None:
            paint_screen(painter, rect, self._picture, is_live(self._state))
        else:
            paint_placeholder(painter, rect, self._icon, 48)
            painter.setPen(roles().secondary)
            below = rect.adjusted(16, rect.height() / 2 + 32, -16, 0)
            painter.drawText(
                below, Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignTop, self._words
            )
        painter.end()

    def _paint_focus(self, painter: QPainter, rect: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(roles().accent, 2))
        painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 10, 10)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Take the press, so that its release comes here too."""
        event.accept()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """Open the console when the button is let go inside."""
        is_inside = self.rect().contains(event.position().toPoint())
        if event.button() is Qt.MouseButton.LeftButton and is_inside:
            self.activated.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the console with Return or Space."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self.activated.emit()
        else:
            super().keyPressEvent(event)
