"""The head of the window: what makes a machine, what finds one, and the menu."""

from PySide6.QtCore import QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QActionGroup, QCursor, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QPushButton,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from vmdesk.core.i18n import _
from vmdesk.views import icons
from vmdesk.views.labels import hairline
from vmdesk.views.machines.order import SortBy

_FILTER_WIDTH = 240


class Toolbar(QFrame):
    """Buttons on the left, filter and menu on the right."""

    filter_changed = Signal(object)
    """The text to look for."""
    list_wanted = Signal()
    """The user is done with the filter and wants to go through what it found."""

    def __init__(
        self, new: QAction, import_: QAction, menu: QMenu, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setObjectName("bar")
        self.new_button = _button(new)
        self.new_button.setProperty("kind", "primary")
        self.new_button.setIcon(icons.icon("add", icons.on_accent))
        self.import_button = _button(import_)
        self.filter = self._make_filter()
        self.menu_button = self._make_menu_button(menu)
        self._lay_out()

    def _make_filter(self) -> QLineEdit:
        made = QLineEdit()
        made.setPlaceholderText(_("Filter machines"))
        made.setAccessibleName(_("Filter machines"))
        made.setAccessibleDescription(_("Finds words in names, states and notes"))
        made.setFixedWidth(_FILTER_WIDTH)
        # Qt shows it with a text, and looks through the desktop's themes for its icon: 4 ms.
        made.textChanged.connect(
            lambda: made.setClearButtonEnabled(True), Qt.ConnectionType.SingleShotConnection
        )
        made.textChanged.connect(self.filter_changed.emit)
        made.returnPressed.connect(self.list_wanted)
        return made

    def _make_menu_button(self, menu: QMenu) -> QToolButton:
        made = QToolButton()
        made.setIcon(icons.icon("menu"))
        made.setIconSize(QSize(20, 20))
        made.setToolTip(_("Menu"))
        made.setAccessibleName(_("Menu"))
        made.setMenu(menu)
        made.setShortcut(QKeySequence("F10"))
        made.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        menu.aboutToShow.connect(self._mark_first)
        menu.aboutToHide.connect(self._let_go)
        return made

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(12, 8, 12, 8)
        row.setSpacing(8)
        row.addWidget(self.new_button)
        row.addWidget(self.import_button)
        row.addStretch(1)
        row.addWidget(self.filter)
        row.addSpacing(4)
        row.addWidget(self.menu_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(hairline())

    def _mark_first(self) -> None:
        """Let the arrow keys begin at the first entry if a key has opened the menu."""
        if not self.menu_button.underMouse():
            menu = self.menu_button.menu()
            QTimer.singleShot(0, menu, lambda: menu.setActiveAction(menu.actions()[0]))

    def _let_go(self) -> None:
        """Look no longer as if the pointer were there: the menu has kept that it left."""
        at = self.menu_button.mapFromGlobal(QCursor.pos())
        if not self.menu_button.rect().contains(at):
            self.menu_button.setAttribute(Qt.WidgetAttribute.WA_UnderMouse, False)
            self.menu_button.update()


class WindowActions:
    """The actions of the window itself, and its menu."""

    def __init__(self, parent: QWidget) -> None:
        self.new = _action(parent, _("&New…"), "add", "Ctrl+N", _("Make a new virtual machine"))
        self.import_ = _action(
            parent, _("&Import…"), "import", "Ctrl+I", _("Make a virtual machine from a file")
        )
        self.connect = _action(
            parent, _("&Connect to…"), "plug", "", _("Show the machines of another libvirt, too")
        )
        self.find = _action(parent, _("&Filter"), "search", "Ctrl+F", _("Look for a machine"))
        self.reload = _action(parent, _("&Refresh"), "reboot", "F5", _("Look again what there is"))
        self.activity = _action(
            parent, _("&Activity"), "history", "Ctrl+J", _("Show what is being done and was done")
        )
        self.activity.setCheckable(True)
        self.settings = _action(
            parent, _("S&ettings…"), "sliders", "Ctrl+,", _("Folders, defaults, window, connection")
        )
        self.shortcuts = _action(
            parent, _("&Keyboard shortcuts"), "keyboard", "Ctrl+?", _("Show what the keys do")
        )
        self.doctor = _action(
            parent, _("&Doctor…"), "doctor", "", _("Find what stands in the way, and mend it")
        )
        self.report = _action(
            parent, _("Copy a &report"), "copy", "", _("What a bug report needs, without secrets")
        )
        self.about = _action(parent, _("A&bout vmdesk"), "info", "", _("Versions"))
        self.quit = _action(parent, _("&Quit"), "close", "Ctrl+Q", _("Close vmdesk"))
        self._group = QActionGroup(parent)
        self.sort_by = {
            SortBy.NAME: _choice(self._group, _("By &name")),
            SortBy.STATE: _choice(self._group, _("By &state")),
            SortBy.CPU: _choice(self._group, _("By &CPU")),
            SortBy.USE: _choice(self._group, _("By last &use")),
        }

    @property
    def all(self) -> list[QAction]:
        """The actions that may have a key, in the order of the menu."""
        return [
            self.new, self.import_, self.find, self.reload, self.activity, self.settings,
            self.shortcuts, self.quit,
        ]  # fmt: skip

    def menu(self, parent: QWidget) -> QMenu:
        """Return the window's menu."""
        menu = QMenu(parent)
        menu.addActions([self.new, self.import_, self.connect, self.find, self.reload])
        sort = menu.addMenu(_("&Sort"))
        sort.addActions(list(self.sort_by.values()))
        menu.addSeparator()
        menu.addActions([self.activity, self.settings])
        menu.addSeparator()
        help_ = menu.addMenu(_("&Help"))
        help_.addActions([self.doctor, self.report, self.shortcuts, self.about])
        menu.addSeparator()
        menu.addAction(self.quit)
        return menu


def _button(action: QAction) -> QPushButton:
    button = QPushButton(action.icon(), action.text().replace("…", ""))
    button.setToolTip(action.toolTip())
    button.setAccessibleDescription(action.toolTip())
    button.clicked.connect(action.trigger)
    action.changed.connect(lambda: button.setEnabled(action.isEnabled()))
    return button


def _action(parent: QWidget, text: str, icon: str, key: str, tip: str) -> QAction:
    action = QAction(icons.icon(icon), text, parent)
    action.setShortcut(QKeySequence(key))
    action.setToolTip(f"{tip} ({key})" if key else tip)
    parent.addAction(action)
    return action


def _choice(group: QActionGroup, text: str) -> QAction:
    action = QAction(text, group)
    action.setCheckable(True)
    return action
