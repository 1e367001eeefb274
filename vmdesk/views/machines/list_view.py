"""The list of machines: keyboard, mouse, selection; what it shows is the delegate's."""

from collections.abc import Sequence

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QKeyEvent, QMouseEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.views.machines.delegate import DomainDelegate
from vmdesk.views.machines.header import FOLD_WIDTH
from vmdesk.views.machines.proxy import DomainProxy

Index = QModelIndex | QPersistentModelIndex

_PAINTED = {DomainRole.PICTURE, DomainRole.CPU_HISTORY}
"""What changes each second, and no row's size."""


class DomainListView(QListView):
    """Every machine as a row; several can be selected."""

    opened = Signal(object)
    """The ``DomainKey`` of the machine that Return or a double-click was for."""
    selected = Signal(object)
    """A list of the selected ``DomainKey``s, in the order of the list."""
    moved = Signal()
    """Other rows may be in sight now."""
    menu_wanted = Signal(object)
    """The global position of the context menu."""
    fold_wanted = Signal(str, bool)
    """The URI of a connection whose machines are to be hidden or shown."""

    def __init__(self, proxy: DomainProxy, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proxy = proxy
        self.setModel(proxy)
        self.setItemDelegate(DomainDelegate(proxy, self))
        self.setAccessibleName(_("Virtual machines"))
        self.setAccessibleDescription(
            _("Return opens the console, the menu key shows what can be done.")
        )
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setObjectName("domains")
        self.setViewportMargins(0, 6, 0, 6)
        self.setMouseTracking(True)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setMinimumWidth(240)
        self.verticalScrollBar().setSingleStep(24)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self.selectionModel().currentChanged.connect(self._tell_selection)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self.moved.emit())
        self.doubleClicked.connect(self._open)
        proxy.counted.connect(self._follow_headers)
        self._follow_headers()

    def selected_keys(self) -> list[DomainKey]:
        """Return the selected machines in the order of the list."""
        indexes = sorted(self.selectionModel().selectedIndexes(), key=QModelIndex.row)
        return [key for key in map(_key, indexes) if key.uuid]

    @property
    def current_key(self) -> DomainKey | None:
        """The row that the arrow keys go on from; of one that goes, it is the neighbour."""
        index = self.currentIndex()
        return _key(index) if index.isValid() else None

    @property
    def selected_connection(self) -> str | None:
        """The connection whose header alone is selected."""
        indexes = self.selectionModel().selectedIndexes()
        key = _key(indexes[0]) if len(indexes) == 1 else None
        return key.connection if key is not None and not key.uuid else None

    def select(self, keys: list[DomainKey]) -> None:
        """Select these machines as far as they are shown; the first becomes the current one."""
        indexes = (self._proxy.index_of(key) for key in keys)
        found = [index for index in indexes if index.isValid()]
        selection = self.selectionModel()
        flag = selection.SelectionFlag.ClearAndSelect
        for index in found:
            selection.select(index, flag)
            flag = selection.SelectionFlag.Select
        if found:
            selection.setCurrentIndex(found[0], selection.SelectionFlag.NoUpdate)
            self.scrollTo(found[0])

    def in_sight(self) -> list[DomainKey]:
        """Return the machines whose rows can be seen, even if only a part of them."""
        visible = self.viewport().rect()
        first = self.indexAt(visible.topLeft())
        last = self.indexAt(visible.bottomLeft())
        if not first.isValid():
            return []
        end = last.row() if last.isValid() else self._proxy.rowCount() - 1
        rows = range(first.row(), end + 1)
        keys = (_key(self._proxy.index(row, 0)) for row in rows)
        return [key for key in keys if key.uuid]

    def dataChanged(self, first: Index, last: Index, roles: Sequence[int] = ()) -> None:
        """Paint rows anew whose picture or graph is another; Qt would lay all of them out anew."""
        if roles and _PAINTED.issuperset(roles):
            for row in range(first.row(), last.row() + 1):
                self.update(self.model().index(row, 0))
        else:
            super().dataChanged(first, last, roles)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Tell that more or fewer rows fit."""
        super().resizeEvent(event)
        self.moved.emit()

    def sizeHint(self) -> QSize:
        """Return the size that shows a name of usual length and a handful of machines."""
        return QSize(332, 480)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Open the console with Return, fold with the arrows; all else is Qt's."""
        section = self.currentIndex().data(DomainRole.SECTION)
        if section is not None and event.key() in (Qt.Key.Key_Left, Qt.Key.Key_Right):
            folds = (event.key() == Qt.Key.Key_Left) is not self.isRightToLeft()
            self.fold_wanted.emit(section.key.connection, folds)
        elif event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and not event.modifiers() & (
            Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier
        ):
            self._open(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Fold a section at its sign; all else is Qt's."""
        index = self.indexAt(event.position().toPoint())
        section = index.data(DomainRole.SECTION)
        if section is not None and event.button() is Qt.MouseButton.LeftButton:
            row, x = self.visualRect(index), round(event.position().x())
            at = row.right() - x if self.isRightToLeft() else x - row.left()
            if at < FOLD_WIDTH:
                self.fold_wanted.emit(section.key.connection, not section.is_folded)
                return
        super().mousePressEvent(event)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Ask for the menu at the pointer, or at the row when a key asked."""
        position = event.globalPos()
        if event.reason() is QContextMenuEvent.Reason.Keyboard and self.currentIndex().isValid():
            row = self.visualRect(self.currentIndex())
            position = self.viewport().mapToGlobal(row.topLeft() + QPoint(24, row.height() // 2))
        if self.selectionModel().hasSelection():
            self.menu_wanted.emit(position)

    def _open(self, index: QModelIndex) -> None:
        section = index.data(DomainRole.SECTION)
        if section is not None:
            self.fold_wanted.emit(section.key.connection, not section.is_folded)
        elif index.isValid():
            self.opened.emit(_key(index))

    def _follow_headers(self) -> None:
        # Rows of one height are laid out without asking for each.
        self.setUniformItemSizes(not self._proxy.has_headers)

    def _tell_selection(self) -> None:
        self.selected.emit(self.selected_keys())


def _key(index: QModelIndex) -> DomainKey:
    key: DomainKey = index.data(DomainRole.KEY)
    return key
