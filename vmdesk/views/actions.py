"""The actions on the selected machines: in menus, on buttons and on keys, enabled as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMenu, QPushButton, QToolButton, QWidget

from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.models.domain_list_model import Machine
from vmdesk.views import icons
from vmdesk.views.action_rules import Act, why_no_eject, why_not

if TYPE_CHECKING:
    from vmdesk.core.details import DomainDetails

_LOOKS = {
    Act.CONSOLE: (_("&Console"), "machine", _("Show and use the machine’s screen")),
    Act.START: (_("&Start"), "play", _("Switch the machine on")),
    Act.RESUME: (_("Res&ume"), "play", _("Let the paused machine go on")),
    Act.SHUT_DOWN: (_("S&hut down"), "power", _("Ask the guest to shut down")),
    Act.REBOOT: (_("R&estart"), "reboot", _("Ask the guest to restart")),
    Act.PAUSE: (_("&Pause"), "pause", _("Stop the machine where it is; it keeps its memory")),
    Act.FORCE_OFF: (_("&Force off…"), "stop", _("Take the power away, without a shutdown")),
    Act.PROPERTIES: (_("P&roperties"), "sliders", _("See and change the machine’s settings")),
    Act.RENAME: (_("Re&name…"), "edit", _("Give the machine another name")),
    Act.INSERT: (_("&Insert a disc…"), "disc", _("Put a disc into the CD-ROM drive")),
    Act.EJECT: (_("E&ject the disc"), "eject", _("Take the disc out of the CD-ROM drive")),
    Act.EXPORT: (_("E&xport…"), "export", _("Write the machine into one file (Ctrl+E)")),
    Act.TRANSFER: (
        _("Cop&y or move to…"),
        "copy",
        _("Bring the machine to another connection"),
    ),
    Act.DELETE: (_("&Delete…"), "trash", _("Delete the machine and its disks")),
    Act.CANCEL: (_("C&ancel"), "close", _("Stop what is being done to the machine")),
}
_MENU = (
    (Act.CONSOLE, Act.START, Act.RESUME),
    (Act.SHUT_DOWN, Act.REBOOT, Act.PAUSE, Act.FORCE_OFF),
    (Act.EXPORT, Act.TRANSFER),
    (Act.INSERT, Act.EJECT),
    (Act.PROPERTIES, Act.RENAME, Act.CANCEL, Act.DELETE),
)
_FOR_ONE = {
    Act.CONSOLE: _("Select one machine to see its screen."),
    Act.RENAME: _("Select one machine to rename it."),
    Act.INSERT: _("Select one machine to put a disc into it."),
    Act.TRANSFER: _("Select one machine to bring it elsewhere."),
}
"""What is done to one machine at a time, and what to say when several are selected."""


@dataclass(frozen=True, slots=True)
class Request:
    """What the user wants to be done, and to which machines; ``target`` names a drive."""

    act: Act
    keys: tuple[DomainKey, ...]
    target: str = ""


class DomainActions(QObject):
    """One ``QAction`` for each ``Act``; those in ``menu`` order make the context menu."""

    requested = Signal(object)
    """A ``Request``."""
    folder_wanted = Signal(object)
    """The ``Path`` of a folder that is to be shown."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self._possible: dict[Act, tuple[DomainKey, ...]] = {}
        self._actions = {act: self._make(act) for act in Act}
        self[Act.DELETE].setShortcut(QKeySequence(QKeySequence.StandardKey.Delete))
        self[Act.EXPORT].setShortcut(QKeySequence("Ctrl+E"))
        parent.addAction(self[Act.EXPORT])
        self[Act.RENAME].setShortcut(QKeySequence("F2"))
        self[Act.PROPERTIES].setShortcut(QKeySequence("Alt+Return"))

    def __getitem__(self, act: Act) -> QAction:
        return self._actions[act]

    def set_machines(
        self, machines: Sequence[Machine], details: DomainDetails | None = None
    ) -> None:
        """Enable what can be done to any of ``machines``; a tooltip says why the rest can't.

        ``details`` has the equipment of the only one, once it is known.
        """
        for act, action in self._actions.items():
            reasons = {one.key: why_not(act, one.row, one.is_connected) for one in machines}
            possible = tuple(key for key, why in reasons.items() if why is None)
            reason = next(iter(reasons.values()), None) or _("Select a machine first.")
            if act in _FOR_ONE and len(machines) > 1:
                possible, reason = (), _FOR_ONE[act]
            if act is Act.EJECT and details is not None and (why := why_no_eject(details)):
                possible, reason = (), why
            self._possible[act] = possible
            action.setEnabled(bool(possible))
            action.setToolTip(_LOOKS[act][2] if possible else reason)

    def refusal(self, keys: QKeySequence) -> str:
        """Return what can't be done now that ``keys`` stand for, and why, or nothing."""
        for act, action in self._actions.items():
            if not action.isEnabled() and keys in action.shortcuts():
                what = _LOOKS[act][0].replace("&", "").removesuffix("…")
                return _("{action}: {reason}").format(action=what, reason=action.toolTip())
        return ""

    def main_button(self, act: Act, parent: QWidget) -> ActionButton:
        """Return a button that stands out as the next thing to do."""
        button = ActionButton(self[act], "primary", parent)
        button.setIcon(icons.icon(_LOOKS[act][1], icons.on_accent))
        return button

    def menu(self, parent: QWidget) -> QMenu:
        """Return a new menu of all actions that make sense for the selection."""
        menu = QMenu(parent)
        menu.setToolTipsVisible(True)
        for group in _MENU:
            menu.addSeparator()
            for act in group:
                if act not in (Act.CANCEL, Act.RESUME) or self[act].isEnabled():
                    menu.addAction(self[act])
        return menu

    def _make(self, act: Act) -> QAction:
        text, icon, tip = _LOOKS[act]
        action = QAction(icons.icon(icon), text, self)
        action.setToolTip(tip)
        action.triggered.connect(lambda: self.request(act))
        return action

    def request(self, act: Act, target: str = "") -> None:
        """Ask for ``act`` on the machines of the selection that allow it."""
        if self._possible.get(act):
            self.requested.emit(Request(act, self._possible[act], target))


class ActionButton(QPushButton):
    """A push button that does what an action does."""

    def __init__(self, action: QAction, kind: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._action = action
        self.setAutoDefault(False)
        self.setProperty("kind", kind)
        self.clicked.connect(action.trigger)
        action.changed.connect(self._follow)
        self._follow()

    def _follow(self) -> None:
        self.setText(self._action.text())
        self.setEnabled(self._action.isEnabled())
        self.setToolTip(self._action.toolTip())
        self.setAccessibleDescription(self._action.toolTip())


def split_button(action: QAction, more: list[QAction], parent: QWidget) -> QToolButton:
    """Return a button for ``action`` with an arrow that shows ``more`` of its kind."""
    button = QToolButton(parent)
    button.setObjectName("shaped")
    button.setDefaultAction(action)
    button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextOnly)
    button.setPopupMode(QToolButton.ToolButtonPopupMode.MenuButtonPopup)
    menu = QMenu(button)
    menu.setToolTipsVisible(True)
    menu.addActions(more)
    button.setMenu(menu)
    return button
