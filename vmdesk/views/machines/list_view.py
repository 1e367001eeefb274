"""The list of machines: keyboard, mouse, selection; what it shows is the delegate's."""

from collections.abc import Sequence

from PySide6 import QtGui
from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QContextMenuEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPalette,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QAbstractItemView, QFrame, QListView, QWidget

from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.views.machines.delegate import DomainDelegate
from vmdesk.views.machines.dragging import dragged_machine
from vmdesk.views.machines.header import FOLD_WIDTH
from vmdesk.views.machines.proxy import DomainProxy
from vmdesk.views.palette import roles

Index = QModelIndex | QPersistentModelIndex

_PAINTED = {DomainRole.PICTURE, DomainRole.CPU_HISTORY}
"""What changes each second, and is not read out."""


class DomainListView(QListView):
    """Every machine as a row; several can be selected."""

    opened = Signal(object)
    """The ``DomainKey`` of the machine that Return or a double-click was for."""
    selected = Signal(object)
    """A list of the selected ``DomainKey``s, in the order of the list."""
    moved = Signal()
    """Other rows may be in sight now."""
    painted = Signal()
    """The list is on the screen, for the first time."""
    menu_wanted = Signal(object)
    """The global position of the context menu."""
    dropped = Signal(object, str)
    """The ``DomainKey`` of a machine, and the URI of the section that it was dropped on."""
    fold_wanted = Signal(str, bool)
    """The URI of a connection whose machines are to be hidden or shown."""

    def __init__(self, proxy: DomainProxy, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._proxy = proxy
        self._take_viewport()
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
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragDrop)
        self.has_painted = False
        """Whether the list has been on the screen."""
        self._target: str | None = None
        """The connection whose section a machine is held over."""
        self.verticalScrollBar().setSingleStep(24)
        self.selectionModel().selectionChanged.connect(self._tell_selection)
        self.verticalScrollBar().valueChanged.connect(lambda _value: self.moved.emit())
        self.doubleClicked.connect(self._open)
        proxy.counted.connect(self._follow_headers)
        self._follow_headers()

    def _take_viewport(self) -> None:
        """Have a viewport that Python has made.

        For one that Qt has made, PySide looks which of Qt's widgets it is, and gives each of them a
        class of Python to do so: 40 that a list has no use for, and a megabyte.
        """
        viewport = QWidget()
        viewport.setObjectName("qt_scrollarea_viewport")
        viewport.setBackgroundRole(QPalette.ColorRole.Base)
        viewport.setAutoFillBackground(True)
        self.setViewport(viewport)

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
        """Paint machines anew, which keep their height; Qt would lay all rows out anew."""
        rows = range(first.row(), last.row() + 1)
        is_header = any(self._proxy.header_at(row) is not None for row in rows)
        # Qt tells those who have rows read out as well; its class is made when it is asked for.
        is_only_painted = bool(roles) and _PAINTED.issuperset(roles)
        is_told = not is_only_painted and QtGui.QAccessible.isActive()
        if is_header or is_told:
            super().dataChanged(first, last, roles)
        else:
            self.viewport().update(self.visualRect(first).united(self.visualRect(last)))

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

    def startDrag(self, actions: Qt.DropAction) -> None:  # noqa: N802 (Qt's name)
        """Drag one machine; of several each has a question of its own to answer."""
        if len(self.selected_keys()) == 1:
            super().startDrag(actions)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take machines; files are for the window."""
        if dragged_machine(event.mimeData()) is None:
            event.ignore()
        else:
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Mark the section that the machine would go to."""
        self._hold_over(self._target_of(event))
        event.setAccepted(self._target is not None)

    def dragLeaveEvent(self, _event: QDragLeaveEvent) -> None:
        """The machine stays where it is."""
        self._hold_over(None)

    def dropEvent(self, event: QDropEvent) -> None:
        """Tell where a machine is to go; nothing is done without a question."""
        target, key = self._target_of(event), dragged_machine(event.mimeData())
        self._hold_over(None)
        # Qt would take a move for one of rows, and remove it here.
        event.setDropAction(Qt.DropAction.CopyAction)
        event.accept()
        if key is not None and target is not None:
            self.dropped.emit(key, target)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the rows, and a frame around the section that a machine is held over."""
        super().paintEvent(event)
        if not self.has_painted:
            self.has_painted = True
            self.painted.emit()
        if self._target is None:
            return
        frame = self._section_rect(self._target).adjusted(3, 1, -4, -2)
        painter = QPainter(self.viewport())
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(roles().accent, 2))
        painter.drawRoundedRect(frame, 6, 6)
        painter.end()

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

    def _target_of(self, event: QDropEvent) -> str | None:
        """Return the connection under the pointer, if it is another one than the machine's."""
        key, index = dragged_machine(event.mimeData()), self.indexAt(event.position().toPoint())
        target = _key(index).connection if index.isValid() else None
        return target if key is not None and target != key.connection else None

    def _hold_over(self, target: str | None) -> None:
        if target != self._target:
            self._target = target
            self.viewport().update()

    def _section_rect(self, connection: str) -> QRect:
        rect = QRect()
        for row in range(self._proxy.rowCount()):
            index = self._proxy.index(row)
            if _key(index).connection == connection:
                rect = rect.united(self.visualRect(index))
        return rect

    def _follow_headers(self) -> None:
        # Rows of one height are laid out without asking for each.
        self.setUniformItemSizes(not self._proxy.has_headers)

    def _tell_selection(self) -> None:
        self.selected.emit(self.selected_keys())


def _key(index: QModelIndex) -> DomainKey:
    key: DomainKey = index.data(DomainRole.KEY)
    return key
