"""The main job from first to last, through the window: the test proves it, the demo shows it."""

from collections.abc import Callable

from PySide6.QtGui import QImage

from tests.e2e import screen
from tests.e2e.person import Person
from vmdesk.controller import Controller
from vmdesk.core.formatting import MIB
from vmdesk.models.domain_list_model import DomainRole
from vmdesk.views.delete_dialog import DELETE, DeleteDialog
from vmdesk.views.message_dialog import MessageDialog
from vmdesk.views.new_domain.dialog import NewDomainDialog

NAME = "memtest"
MEMORY = 256
"""MiB."""


class MainJob:
    """The steps, in order. ``look`` is called with a caption whenever there is news to see."""

    def __init__(
        self,
        person: Person,
        controller: Controller,
        address: str,
        look: Callable[[str], object] = lambda _caption: None,
    ) -> None:
        self._person = person
        self._controller = controller
        self._address = address
        self._look = look

    def run(self) -> None:
        """Do all of it."""
        self.open()
        self.describe()
        self.follow_download()
        self.watch_boot()
        self.open_console()
        self.force_off()
        self.delete()

    def open(self) -> None:
        """See the window come up, connected and with nothing in it."""
        window = self._person.window
        self._person.wait(lambda: window.pages.currentWidget() is window.empty, "an empty list")
        self._look("vmdesk without a machine")

    def describe(self) -> None:
        """Describe a new machine by the address of an ISO."""
        person = self._person
        person.click(person.window.toolbar.new_button)
        dialog = person.dialog(NewDomainDialog)
        form = dialog.form
        person.fill_in(form.source.edit, self._address)
        person.wait(lambda: form.source.info is not None, "the address to be looked at")
        person.fill_in(form.name.edit, NAME)
        person.set_number(form.memory.spin, MEMORY)
        person.set_number(form.vcpus.spin, 1)
        person.set_number(form.disk.spin, 2)
        person.wait(lambda: form.memory.remark.text() != "", "the limits of this computer")
        self._look("A new machine, described on one page")
        person.click(dialog.create_button)
        assert not dialog.isVisible()

    def follow_download(self) -> None:
        """See the download in the machine's row."""
        person = self._person

        def is_downloading() -> bool:
            activity = person.row(NAME).data(DomainRole.ACTIVITY)
            return activity is not None and (activity.fraction or 0) > 0.5

        person.wait(is_downloading, "the download to be half done")
        self._look("The installation disc is downloaded")
        person.wait_for_state(NAME, "Running")

    def watch_boot(self) -> None:
        """See the guest's screen in the window, with something on it."""

        def is_drawn() -> bool:
            picture = self._person.row(NAME).data(DomainRole.PICTURE)
            return isinstance(picture, QImage) and not is_blank(picture)

        self._person.wait(is_drawn, "a picture on the guest's screen")
        self._look("It runs, and this is its screen")

    def open_console(self) -> None:
        """Open the console by a double-click; a second one opens no second window."""
        person = self._person
        person.double_click(NAME)
        person.wait(lambda: screen.viewers(NAME) == 1, "virt-viewer's window")
        self._look("Its console in virt-viewer")
        tasks = self._controller.tasks
        before = tasks.rowCount()
        person.double_click(NAME)
        person.wait(
            lambda: tasks.rowCount() > before and not tasks.running(), "the second to be answered"
        )
        with person.aside():
            assert screen.viewers(NAME) == 1

    def force_off(self) -> None:
        """Ask for a shutdown, which this guest ignores, and accept the offer to force it off."""
        person = self._person
        person.click(person.visible_button("Shut down"))
        offer = person.dialog(MessageDialog)
        self._look("The guest ignores the request, so force off is offered")
        person.click(person.visible_button("Force off", offer))
        person.wait_for_state(NAME, "Off")
        self._look("It is off")

    def delete(self) -> None:
        """Delete it; the dialog says what goes and what stays."""
        person = self._person
        person.click(person.visible_button("Delete…"))
        dialog = person.dialog(DeleteDialog)
        self._look("What a deletion takes along, and what stays")
        person.click(dialog.buttons[DELETE])
        person.wait(lambda: not person.row(NAME).isValid(), "the row to go")
        self._look("Nothing is left of it")


def is_blank(picture: QImage) -> bool:
    """Tell whether a picture has one colour only, looking at a grid of its points."""
    across = range(0, picture.width(), max(1, picture.width() // 64))
    down = range(0, picture.height(), max(1, picture.height() // 48))
    return len({picture.pixel(x, y) for x in across for y in down}) < 2


DISC_PACE = 4 * MIB
"""Bytes per second at which the disc is served: slow enough to see the download."""
