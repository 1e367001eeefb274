"""What this program is, and the versions of all that it stands on."""

from PySide6.QtCore import qVersion
from PySide6.QtWidgets import QApplication, QWidget

from vmdesk.core.i18n import _
from vmdesk.core.versions import Versions
from vmdesk.views.message_dialog import Choice, MessageDialog


class AboutDialog(MessageDialog):
    """Name, purpose, versions and licence. Those of libvirt and QEMU come when they are known."""

    def __init__(self, parent: QWidget) -> None:
        name = f"vmdesk {QApplication.applicationVersion()}".strip()
        choices = (Choice("close", _("&Close"), "primary"),)
        super().__init__(parent, "vmdesk", name, _text(""), choices)

    @property
    def text(self) -> str:
        """What is told beside the name."""
        return self._text.text()

    def show_versions(self, versions: Versions) -> None:
        """Show what runs the machines."""
        self._text.setText(
            _text(
                f"libvirt {versions.libvirt} · "
                f"{versions.hypervisor} {versions.hypervisor_version} · "
            )
        )
        self.setAccessibleDescription(self.text)


def _text(versions: str) -> str:
    purpose = _("Manages the virtual machines of this computer.")
    rest = _("Qt {version}").format(version=qVersion())
    return "\n".join((purpose, versions + rest, _("MIT licence")))
