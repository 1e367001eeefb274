"""What the header row of a connection tells."""

from dataclasses import dataclass

from PySide6.QtCore import Qt

from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _, ngettext
from vmdesk.models.domain_list_model import DomainRole


@dataclass(frozen=True, slots=True)
class Section:
    """One connection: its name, how it stands, and how many machines it has."""

    key: DomainKey
    """With an empty UUID."""
    name: str
    status: ConnectionStatus
    count: int
    is_folded: bool

    @property
    def words(self) -> str:
        """What is said beside the name."""
        match self.status.state:
            case ConnectionState.LOST:
                return _("Not connected")
            case ConnectionState.CONNECTING if not self.count:
                return _("Connecting…")
        return ngettext("{count} machine", "{count} machines", self.count).format(count=self.count)

    @property
    def reason(self) -> str:
        """Why there is no connection, or nothing."""
        error = self.status.error
        is_lost = self.status.state is ConnectionState.LOST
        return error.summary if is_lost and error is not None else ""

    def data(self, role: int) -> object:
        """Return what Qt's views ask of the header."""
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return self.name
            case Qt.ItemDataRole.AccessibleTextRole:
                folded = _("folded") if self.is_folded else ""
                return ", ".join(filter(None, (self.name, self.words, self.reason, folded)))
            case Qt.ItemDataRole.ToolTipRole:
                return self.reason or None
            case DomainRole.KEY:
                return self.key
            case DomainRole.SECTION:
                return self
        return None
