"""What this program is, and its versions."""

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication, QWidget

from vmdesk.core.i18n import _
from vmdesk.views.message_dialog import Choice, MessageDialog


class AboutDialog(MessageDialog):
    """Name, purpose, versions and licence."""

    def __init__(self, parent: QWidget) -> None:
        lines = (
            _("Manages the virtual machines of this computer, through libvirt."),
            _("Qt {version} · MIT licence").format(version=qVersion()),
        )
        name = f"vmdesk {QApplication.applicationVersion()}".strip()
        choices = (Choice("close", _("&Close"), "primary"),)
        super().__init__(parent, "vmdesk", name, "\n".join(lines), choices)
