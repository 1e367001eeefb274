"""Take a picture of each page in one theme and at one scale; ``screenshots`` prepares for it."""

import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PySide6.QtGui import QFont, QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from tests.e2e import state_pictures
from tests.e2e.main_job import is_blank
from tests.e2e.person import Person
from tests.e2e.session import URI
from vmdesk.connection import ConnectionState, drive_events
from vmdesk.controller import Controller
from vmdesk.core import events, paths
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.folders import Folders
from vmdesk.core.operations.create import NewDomain
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.settings import Settings
from vmdesk.views import style
from vmdesk.views.action_rules import Act
from vmdesk.views.bundles.export_dialog import ExportDialog
from vmdesk.views.bundles.import_dialog import ImportDialog
from vmdesk.views.delete_dialog import DeleteDialog
from vmdesk.views.main_window import MainWindow
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.properties.dialog import PropertiesDialog

SHOWN, CHANGED = "memory-test", "build-server"
"""The machine in the picture of the window, and the one that the dialogs are about."""
HISTORY = 40
"""Seconds of statistics before the window's picture is taken."""
DOWNLOADED = 0.43
"""The part of a download in the window's picture."""
SIZE = (1120, 820)
"""Pixels of the window: all of the details fit in."""
SETTLE = 400
"""Milliseconds in which a window is drawn before its picture is taken."""
EMPTY_NODE = "<node/>"


class Photographer:
    """Saves pictures of one theme and scale."""

    def __init__(self, folder: Path, theme: str) -> None:
        self._folder = folder
        self._theme = theme

    def take(self, widget: QWidget, name: str) -> None:
        """Save a picture of a window as it is after a moment."""
        QTest.qWait(SETTLE)
        picture = _with_palette(widget.grab().toImage())
        scale = round(picture.devicePixelRatio())
        density = f"@{scale}x" if scale > 1 else ""
        # Qt's “quality” of a PNG: 0 is the smallest file.
        assert picture.save(str(self._folder / f"{name}-{self._theme}{density}.png"), quality=0)


def _with_palette(picture: QImage) -> QImage:
    """Reduce a picture to 256 colours, for a file of less than half the size."""
    pixels = memoryview(picture.convertToFormat(QImage.Format.Format_RGB32).constBits()).cast("I")
    colors = [color | 0xFF000000 for color, _count in Counter(pixels).most_common()]
    # A rare one that differs from all others, as in a dot, is worth more than a shade of text.
    different = {color & 0xE0E0E0: color for color in reversed(colors)}
    table = list(dict.fromkeys([*different.values(), *colors]))[:256]
    return picture.convertToFormat(QImage.Format.Format_Indexed8, table)


def main() -> None:
    """``pictures FOLDER light|dark ADDRESS BUNDLE``."""
    folder, theme, address, bundle = sys.argv[1:]
    _application = make_application()
    photographer = Photographer(Path(folder), theme)
    node = Path(bundle).with_name("empty.xml")
    node.write_text(EMPTY_NODE)
    for uri, show in (
        (f"test://{node}", lambda person, _: _show_empty(person, photographer)),
        (URI, lambda person, made: _show_machines(person, made, photographer, address, bundle)),
    ):
        with_window(uri, theme, show)


def make_application() -> QApplication:
    """Return what every picture needs, with a font that every picture has."""
    events.register()
    application = QApplication(["vmdesk"])
    application.setFont(QFont("Inter", 10))
    drive_events(application)
    return application


def with_window(uri: str, theme: str, show: Callable[[Person, Controller], object]) -> None:
    """Open vmdesk's window in a theme for as long as ``show`` takes."""
    controller = Controller(Folders(paths.isos_dir(), paths.disks_dir()))
    controller.add(uri)
    window = MainWindow(controller, Settings())
    # Where no desktop gives a palette, a new window takes the light one.
    QApplication.setPalette(style.own_palette(is_dark=theme == "dark"))
    window.setGeometry(0, 0, *SIZE)
    window.show()
    window.activateWindow()
    controller.reconnect()
    person = Person(window)
    status = ConnectionState.CONNECTED
    try:
        person.wait(lambda: controller.home.status.state is status, "the connection")
        show(person, controller)
    finally:
        window.hide()
        controller.shut_down_vmdesk()


def _show_empty(person: Person, photographer: Photographer) -> None:
    window = person.window
    person.wait(lambda: window.pages.currentWidget() is window.empty, "an empty list")
    photographer.take(window, "empty")


def _show_machines(
    person: Person, controller: Controller, photographer: Photographer, address: str, bundle: str
) -> None:
    uuid = _select(person, SHOWN)
    person.wait(lambda: len(controller.home.monitor.usages(uuid)) >= HISTORY, "some statistics")
    task = controller.home.create(NewDomain(address, "debian-13"))
    person.wait(lambda: _progress(person) > DOWNLOADED, "a part of the download")
    person.wait(lambda: _is_drawn(person, SHOWN), "the guest's screen")
    photographer.take(person.window, "window")
    task.cancel()
    person.wait(lambda: task.state.is_final, "the end of the download")
    _show_new(person, photographer, address)
    _select(person, CHANGED)
    actions = person.window.domain_actions
    actions.request(Act.PROPERTIES)
    _show_dialog(person, photographer, person.dialog(PropertiesDialog), "properties")
    actions.request(Act.EXPORT)
    _show_dialog(person, photographer, person.dialog(ExportDialog), "export")
    actions.request(Act.DELETE)
    _show_dialog(person, photographer, person.dialog(DeleteDialog), "delete")
    person.window.open_files([bundle])
    dialog = person.dialog(ImportDialog)
    person.wait(lambda: dialog.form is not None, "the preview")
    _show_dialog(person, photographer, dialog, "import")
    state_pictures.take_window(person, photographer.take)
    lab = Path(bundle).parent
    state_pictures.take_sections(person, controller, lab, photographer.take)
    state_pictures.take_dialogs(person, photographer.take)
    state_pictures.take_without_libvirt(Settings(), photographer.take)
    state_pictures.take_lost(person, controller, photographer.take)


def _show_new(person: Person, photographer: Photographer, address: str) -> None:
    person.window.ask_new(address)
    dialog = person.dialog(NewDomainDialog)
    form = dialog.form
    person.wait(lambda: form.source.info is not None, "the address to be looked at")
    person.wait(lambda: form.memory.remark.text() != "", "the limits of this computer")
    _show_dialog(person, photographer, dialog, "new")


def _show_dialog(person: Person, photographer: Photographer, dialog: QWidget, name: str) -> None:
    photographer.take(dialog, name)
    dialog.close()
    person.wait(lambda: not dialog.isVisible(), "the dialog to go")


def _select(person: Person, name: str) -> str:
    """Select a machine and wait until its equipment is known."""
    person.wait(lambda: person.row(name).isValid(), f"a row “{name}”")
    key = person.row(name).data(DomainRole.KEY)
    assert isinstance(key, DomainKey)
    person.window.machines.select(key)
    QTest.qWait(SETTLE)
    return key.uuid


def _progress(person: Person) -> float:
    activity = person.row("debian-13").data(DomainRole.ACTIVITY)
    return (activity.fraction if activity is not None else None) or 0.0


def _is_drawn(person: Person, name: str) -> bool:
    picture = person.row(name).data(DomainRole.PICTURE)
    return isinstance(picture, QImage) and not is_blank(picture)


if __name__ == "__main__":
    main()
