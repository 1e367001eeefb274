"""What all dialogs share: they open above the window, never cut text, and go when closed."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLayout, QPushButton, QVBoxLayout, QWidget

from vmdesk.core.i18n import _
from vmdesk.views.labels import title


class Dialog(QDialog):
    """A dialog that is always high enough for its wrapped text, which Qt's layouts forget."""

    def __init__(self, parent: QWidget | None, heading: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(heading)

    def lay_out(self, body: QWidget | QLayout, yes: str) -> tuple[QPushButton, QPushButton]:
        """Put the title above ``body``, and below it two buttons: return ``yes``, then Cancel."""
        agree = QPushButton(yes)
        agree.setProperty("kind", "primary")
        agree.setDefault(True)
        agree.clicked.connect(self.accept)
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
        return is_done

    def _fit(self) -> None:
        layout = self.layout()
        if layout is None:
            return
        width = max(self.width(), self.minimumWidth(), layout.minimumSize().width())
        height = layout.totalHeightForWidth(width)
        if height > 0:
            self.resize(width, height)
