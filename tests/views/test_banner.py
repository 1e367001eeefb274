"""The bar for a lost connection."""

from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.core.job import OperationError
from vmdesk.views.banner import Banner

ERROR = OperationError("The connection to libvirt was lost.", "Your machines go on.")


def test_a_lost_connection_says_what_it_means_and_counts_down(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_status(ConnectionStatus(ConnectionState.LOST, ERROR, 2.0))
    assert banner.isVisible()
    assert banner.heading.text() == ERROR.summary
    assert banner.text.text() == "Your machines go on. Next attempt in 2 s."
    qtbot.waitUntil(lambda: banner.text.text().endswith("in 1 s."))
    qtbot.waitUntil(lambda: banner.text.text().endswith("Connecting…"))
    with qtbot.waitSignal(banner.reconnect_wanted):
        qtbot.mouseClick(banner.button, Qt.MouseButton.LeftButton)
    banner.show_status(ConnectionStatus(ConnectionState.CONNECTED))
    assert not banner.isVisible()


def test_a_loss_without_a_reason_is_told_too(qtbot: QtBot) -> None:
    banner = Banner()
    qtbot.addWidget(banner)
    banner.show_status(ConnectionStatus(ConnectionState.LOST, retry_in=0.4))
    assert banner.heading.text() == "No connection to libvirt."
    assert banner.text.text() == "Connecting…"
