"""What the window asks and opens, and vmdesk on the desktop beside it, joined to each other."""

from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller
from vmdesk.settings import Settings
from vmdesk.views.bundles.export_flow import ExportFlow
from vmdesk.views.connections.flow import ConnectionsFlow
from vmdesk.views.conversations import Conversations
from vmdesk.views.doctor.flow import DoctorFlow
from vmdesk.views.presence import Presence
from vmdesk.views.settings.flow import SettingsFlow
from vmdesk.views.transfers.flow import TransferFlow


class Flows:
    """Everything between a wish and its deed; none of it is in the window's first picture."""

    def __init__(self, controller: Controller, settings: Settings, window: QWidget) -> None:
        self.conversations = Conversations(controller, window)
        self.exports = ExportFlow(settings, window)
        self.preferences = SettingsFlow(controller, settings, window)
        self.doctor = DoctorFlow(controller, window)
        self.connections = ConnectionsFlow(controller, settings, window)
        self.transfers = TransferFlow(controller, self.connections.ask_add, window)
        self.presence = Presence(controller, settings, self.conversations, window)
        self.conversations.export_wanted.connect(self.exports.begin)
        self.conversations.transfer_wanted.connect(self.transfers.begin)
        self.preferences.applied.connect(self.presence.apply)
