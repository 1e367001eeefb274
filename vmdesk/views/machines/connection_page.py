"""The right side of the window for a selected connection: how it stands, and what mends it."""

import enum

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QPushButton, QWidget

from vmdesk.connection import ConnectionState
from vmdesk.core.i18n import _
from vmdesk.site import Site
from vmdesk.views.placeholder_page import PlaceholderPage


class SiteAct(enum.Enum):
    """Something that a user does to a connection."""

    RECONNECT = "reconnect"
    RENAME = "rename"
    REMOVE = "remove"


class ConnectionPage(PlaceholderPage):
    """Shows one connection."""

    wanted = Signal(object)
    """A ``SiteAct`` for the connection that is shown."""

    def __init__(self, parent: QWidget | None = None) -> None:
        self.buttons = {
            SiteAct.RECONNECT: QPushButton(_("Re&connect now")),
            SiteAct.RENAME: QPushButton(_("Re&name…")),
            SiteAct.REMOVE: QPushButton(_("Re&move…")),
        }
        super().__init__("plug", "", "", tuple(self.buttons.values()), parent)
        for act, button in self.buttons.items():
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, act=act: self.wanted.emit(act))
        self.buttons[SiteAct.RECONNECT].setProperty("kind", "primary")

    def show_site(self, site: Site) -> None:
        """Show a connection as it is now."""
        self.set_text(site.name, f"{site.uri}\n\n{_words(site)}")
        is_lost = site.status.state is ConnectionState.LOST
        self.buttons[SiteAct.RECONNECT].setVisible(is_lost)
        self.buttons[SiteAct.REMOVE].setEnabled(site.is_added)
        tip = "" if site.is_added else _("It is there without being added.")
        self.buttons[SiteAct.REMOVE].setToolTip(tip)


def _words(site: Site) -> str:
    status = site.status
    match status.state:
        case ConnectionState.CONNECTED:
            return _("Connected.")
        case ConnectionState.CONNECTING:
            return _("Connecting…")
    error = status.error
    if error is None:
        return _("Not connected.")
    retry = _("vmdesk tries again by itself.") if status.retry_in is not None else ""
    return "\n".join(filter(None, (error.summary, error.hint, retry)))
