"""What all dialogs share: they open above the window, never cut text, and go when closed."""

from PySide6.QtCore import QEvent, QRect, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QDialog,
    QHBoxLayout,
    QLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.i18n import _
from vmdesk.views import focus_order
from vmdesk.views.labels import title
from vmdesk.views.window_keys import RETURN, press_focused


class Dialog(QDialog):
    """A dialog that is always high enough for its wrapped text, which Qt's layouts forget."""

    def __init__(self, parent: QWidget | None, heading: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(heading)
        self._agree_button: QPushButton | None = None
        self._is_checking = False
        self._wish: str | None = None

    def lay_out(self, body: QWidget | QLayout, yes: str) -> tuple[QPushButton, QPushButton]:
        """Put the title above ``body``, and below it two buttons: return ``yes``, then Cancel."""
        agree = QPushButton(yes)
        agree.setProperty("kind", "primary")
        agree.setDefault(True)
        agree.clicked.connect(self.accept)
        self._agree_button = agree
        cancel = QPushButton(_("Cancel"))
        cancel.setAutoDefault(False)
        cancel.clicked.connect(self.reject)
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(agree)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 20)
        layout.setSpacing(16)
        layout.addWidget(title(self.windowTitle()))
        if isinstance(body, QWidget):
            layout.addWidget(body)
        else:
            layout.addLayout(body)
        layout.addLayout(foot)
        return agree, cancel

    def show_checked(self, is_right: bool, is_checking: bool, missing: str) -> None:
        """Let the user agree if all ``is_right``; ``missing`` is the hint while it is not.

        Return that is pressed while something ``is_checking`` counts as soon as it is found right,
        unless more was typed in between.
        """
        if self._agree_button is None:
            return
        self._agree_button.setEnabled(is_right)
        self._agree_button.setToolTip("" if is_right else missing)
        self._is_checking = is_checking
        if not is_checking:
            wish, self._wish = self._wish, None
            if is_right and wish is not None and wish == self._typed():
                self.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Press what has the focus, or remember Return for the end of the check under way."""
        if press_focused(self, event):
            return
        if event.key() in RETURN and self._is_checking:
            self._wish = self._typed()
        else:
            super().keyPressEvent(event)

    def _typed(self) -> str:
        field = self.focusWidget()
        return field.text() if isinstance(field, QLineEdit) else ""

    def widen(self, least: int) -> None:
        """Be ``least`` pixels wide or more: as much as the longest words need."""
        layout = self.layout()
        if layout is not None:
            self.setMinimumWidth(max(least, layout.minimumSize().width()))

    def event(self, event: QEvent) -> bool:
        """Fit the height whenever a part has changed its size."""
        is_done = super().event(event)
        if event.type() in (QEvent.Type.LayoutRequest, QEvent.Type.Show):
            self._fit()
        if event.type() is QEvent.Type.Show and not event.spontaneous():
            self._center()
        return is_done

    def focusNextPrevChild(self, is_next: bool) -> bool:  # noqa: N802 (Qt's name)
        """Go on to what is laid out next."""
        focus_order.arrange(self)
        return super().focusNextPrevChild(is_next)

    def _fit(self) -> None:
        layout = self.layout()
        if layout is None:
            return
        width = max(self.width(), self.minimumWidth(), layout.minimumSize().width())
        height = layout.totalHeightForWidth(width)
        if height > 0:
            self.resize(width, height)

    def _center(self) -> None:
        """Stand in the middle of the window, whatever size the fields have come to by now."""
        parent = self.parentWidget()
        if parent is None:
            return
        window = parent.window().frameGeometry()
        place = QRect(self.frameGeometry())
        place.moveCenter(window.center())
        room = parent.screen().availableGeometry()
        left = min(place.left(), room.right() - place.width())
        top = min(place.top(), room.bottom() - place.height())
        self.move(max(room.left(), left), max(room.top(), top))
