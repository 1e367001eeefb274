"""What the window says below its tool bar, each thing on a line of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from vmdesk.connection import ConnectionState
from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.settings import Settings
from vmdesk.views.banner import Banner
from vmdesk.views.machines.proxy import DomainProxy
from vmdesk.views.notice_bar import NoticeBar

if TYPE_CHECKING:
    from vmdesk.core.capabilities import Capabilities


class Notices(QWidget):
    """What the controller has to tell that asks nothing of the user, or not at once."""

    doctor_wanted = Signal()
    """The user wants to know why machines are slow."""
    eject_wanted = Signal(object)
    """The ``DomainKey`` of a machine whose disc is to come out."""

    def __init__(self, controller: Controller, settings: Settings, proxy: DomainProxy) -> None:
        super().__init__()
        self._controller = controller
        self._settings = settings
        self._proxy = proxy
        self.banner = Banner()
        self.kvm = NoticeBar()
        self.events = NoticeBar()
        self.disc = NoticeBar()
        self.key = NoticeBar()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        for bar in (self.banner, self.kvm, self.events, self.disc, self.key):
            layout.addWidget(bar)
        self.banner.reconnect_wanted.connect(controller.reconnect)
        self.kvm.closed.connect(self._forget_kvm)
        controller.connection_changed.connect(self._show_connection)
        proxy.counted.connect(self._show_connection)
        self._show_connection()

    def show_host(self, host: Capabilities) -> None:
        """Say once that machines will be slow; each of them says so among its facts."""
        if host.has_kvm or self._settings.knows_no_kvm:
            self.kvm.hide()
        else:
            self.kvm.offer(
                _("KVM does not work on this computer: machines run, but slowly."),
                _("Find out why"),
                self.doctor_wanted.emit,
            )

    def offer_eject(self, key: DomainKey) -> None:
        """Offer it quietly: whoever installs a guest is at its console, which holds the keys."""
        for machine in self._controller.machines([key]):
            text = _("“{name}” has restarted. If its installation is done, eject the disc.")
            self.disc.offer(
                text.format(name=machine.row.domain.name),
                _("Eject"),
                lambda: self.eject_wanted.emit(key),
            )

    def _show_connection(self) -> None:
        """Say that the connection is lost while its machines are still listed."""
        status = self._controller.home.status
        self.banner.show_status(status)
        # Of several connections, each says in its section what is wrong with it.
        is_alone = self._proxy.count > 0 and len(self._controller.sites) == 1
        self.banner.setVisible(status.state is ConnectionState.LOST and is_alone)

    def _forget_kvm(self) -> None:
        self._settings.knows_no_kvm = True
