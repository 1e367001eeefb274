"""The pages that fill the window when there is no machine to show."""

from collections.abc import Callable

from PySide6.QtGui import QAction
from PySide6.QtWidgets import QPushButton

from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.views import icons
from vmdesk.views.placeholder_page import PlaceholderPage


class BrokenPage(PlaceholderPage):
    """Says why there is no connection, and mends it."""

    def show_error(self, error: OperationError | None) -> None:
        """Show what went wrong and what to do about it."""
        if error is None:
            self.set_text(_("There is no connection to libvirt"), "")
        else:
            self.set_text(error.summary, error.hint)


def loading_page() -> PlaceholderPage:
    """Return the page for the time until libvirt has answered."""
    return PlaceholderPage("plug", _("Connecting to libvirt…"), "")


def empty_page(new: QAction, import_: QAction) -> PlaceholderPage:
    """Return the page for somebody who has no machine yet."""
    button = _button(_("New &machine"), new.trigger)
    button.setIcon(icons.icon("add", icons.on_accent))
    other = _button(_("Import a &file"), import_.trigger)
    other.setProperty("kind", "")
    other.setIcon(icons.icon("import"))
    for one, action in ((button, new), (other, import_)):
        action.changed.connect(lambda one=one, action=action: one.setEnabled(action.isEnabled()))
    text = _(
        "Make one from the address of an ISO image, import one from a file, or drop a file or a "
        "link here."
    )
    return PlaceholderPage("machine", _("No virtual machines yet"), text, (button, other))


def broken_page(reconnect: Callable[[], object]) -> BrokenPage:
    """Return the page for a libvirt that can't be reached."""
    return BrokenPage("plug", "", "", (_button(_("&Try again"), reconnect),))


def _button(text: str, deed: Callable[[], object]) -> QPushButton:
    button = QPushButton(text)
    button.setProperty("kind", "primary")
    button.clicked.connect(lambda: deed())
    return button
