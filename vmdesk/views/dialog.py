"""What all dialogs share: they open above the window, never cut text, and go when closed."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QDialog, QWidget


class Dialog(QDialog):
    """A dialog that is always high enough for its wrapped text, which Qt's layouts forget."""

    def __init__(self, parent: QWidget | None, title: str) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowModality(Qt.WindowModality.WindowModal)
        self.setWindowTitle(title)

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
