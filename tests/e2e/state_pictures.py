"""Take a picture of each state of the window, and of every dialog in the gallery."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QApplication, QMenu, QWidget

from tests.e2e.person import Person
from tests.e2e.session import URI
from tests.views.gallery import DIALOGS
from vmdesk.connection import ConnectionState
from vmdesk.controller import Controller
from vmdesk.core import paths
from vmdesk.core.folders import Folders
from vmdesk.settings import Settings
from vmdesk.views.drop_overlay import Use
from vmdesk.views.main_window import MainWindow

Take = Callable[[QWidget, str], None]

NOWHERE = "qemu:///session?socket=/run/nobody/listens-here"
LAB_MACHINE = """
<domain type='test'><name>{name}</name><memory unit='GiB'>2</memory><vcpu>2</vcpu>
<os><type>hvm</type></os></domain>"""
DROPS = {
    "machine": {"/home/ann/web.tar.gz": Use.MACHINE},
    "machines": {"/home/ann/web.tar.gz": Use.MACHINE, "/home/ann/mail.ova": Use.MACHINE},
    "disc": {"/home/ann/debian-13.iso": Use.DISC},
    "mixed": {"/a.tar": Use.MACHINE, "/b.iso": Use.DISC, "/c.txt": Use.NOTHING},
    "looking": {"/home/ann/unknown": Use.UNKNOWN},
    "nothing": {"/home/ann/holiday.jpg": Use.NOTHING},
}


def take_window(person: Person, take: Take) -> None:
    """Show a window with machines in each of its states."""
    window = person.window
    window.machines.view.selectAll()
    take(window, "window-several")
    window.toolbar.filter.setText("nothing like this")
    take(window, "window-no-match")
    window.toolbar.filter.clear()
    window.tasks.set_unfolded(True)
    take(window, "window-history")
    window.tasks.set_unfolded(False)
    for name, uses in DROPS.items():
        window.overlay.show_for(tuple(uses))
        for source, use in uses.items():
            window.overlay.set_use(source, use)
        take(window, f"drop-{name}")
    window.overlay.hide()
    window.flows.presence.tray.fill()
    _take_menu(window.flows.presence.tray.menu, "tray-menu", take)
    _take_menu(window.actions_of_window.menu(window), "menu", take)


def take_sections(person: Person, controller: Controller, folder: Path, take: Take) -> None:
    """Show further connections: one that stands, and one that fails."""
    node = folder / "lab.xml"
    machines = "".join(LAB_MACHINE.format(name=name) for name in ("database", "web-1", "web-2"))
    node.write_text(f"<node>{machines}</node>")
    sites = [controller.add(f"test://{node}", "lab-server"), controller.add(NOWHERE, "attic")]
    for site in sites:
        site.reconnect()
    person.wait(lambda: person.row("web-2").isValid(), "the machines of the lab")
    person.wait(lambda: sites[1].status.error is not None, "the failure of the other")
    take(person.window, "window-sections")
    for site in sites:
        controller.remove(site)


def _take_menu(menu: QMenu, name: str, take: Take) -> None:
    menu.popup(QPoint(40, 40))
    take(menu, name)
    menu.close()


def take_dialogs(person: Person, take: Take) -> None:
    """Show every dialog in every state that the gallery has."""
    for name, make in DIALOGS.items():
        dialog = make(person.window)
        dialog.open()
        take(dialog, name)
        dialog.done(0)


def take_lost(person: Person, controller: Controller, take: Take) -> None:
    """Show what becomes of the window when libvirt goes, and wait until it is back."""
    daemon = int(Path(os.environ["XDG_RUNTIME_DIR"], "libvirt/libvirtd.pid").read_text())
    os.kill(daemon, signal.SIGKILL)
    _await_loss(person, controller)
    take(person.window, "window-disconnected")
    controller.reconnect()
    person.wait(lambda: controller.home.is_connected, "the connection to be back")


def _await_loss(person: Person, controller: Controller) -> None:
    lost = ConnectionState.LOST
    person.wait(lambda: controller.home.status.state is lost, "the connection to be lost")


def take_without_libvirt(settings: Settings, take: Take) -> None:
    """Show a window before libvirt has answered, and one that it never answers."""
    for uri, name in ((URI, "window-loading"), (NOWHERE, "window-broken")):
        controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()))
        controller.add(uri)
        # Where no desktop gives a palette, a new window takes the light one.
        palette = QApplication.palette()
        window = MainWindow(controller, settings)
        QApplication.setPalette(palette)
        window.resize(1120, 820)
        window.show()
        if uri == NOWHERE:
            controller.reconnect()
            _await_loss(Person(window), controller)
        take(window, name)
        window.hide()
        controller.shut_down_vmdesk()
