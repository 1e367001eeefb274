"""Join the page for a machine that goes to another connection to the controller."""

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.core.operations.migrate import MigrationOptions
from vmdesk.core.operations.migration_survey import MigrationSurvey
from vmdesk.core.operations.transfer_plan import TransferPlan
from vmdesk.site import Site
from vmdesk.tasks import Task
from vmdesk.views.message_dialog import Choice, MessageDialog
from vmdesk.views.transfers.dialog import TransferDialog
from vmdesk.views.transfers.form import TransferForm, Way
from vmdesk.work import in_words

ADD = "add"


class TransferFlow(QObject):
    """Asks where a machine is to go, then both connections, then the user, then the controller."""

    def __init__(
        self, controller: Controller, add_connection: Callable[[], object], window: QWidget
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._add_connection = add_connection
        self._window = window

    def begin(self, key: DomainKey, target: str = "") -> None:
        """Ask how a machine is to go to the connection ``target``, or to which one."""
        site, row = self._controller.site(key), self._controller.row(key)
        if site is None or row is None or row.info is None:
            return
        others = [one for one in self._controller.open_sites if one is not site]
        others.sort(key=lambda one: one.uri != target)
        if not others:
            self._offer_connection()
            return
        is_running = row.is_active
        dialog = TransferDialog(row.domain.name, others, self._window, is_running=is_running)
        looking = _Looking(site, key.uuid, dialog)
        dialog.form.place_changed.connect(looking.begin)
        dialog.agreed.connect(lambda: _send(site, key.uuid, dialog))
        looking.begin()
        dialog.form.place.ask_for_pools()
        dialog.open()

    def _offer_connection(self) -> None:
        dialog = MessageDialog(
            self._window,
            "plug",
            _("There is no other connection yet"),
            _("Machines go to another libvirt: the system’s on this computer, or another one’s."),
            (Choice("no", _("&Not now")), Choice(ADD, _("&Connect to…"), "primary")),
        )
        dialog.chosen.connect(lambda key: self._add_connection() if key == ADD else None)
        dialog.open()


class _Looking(QObject):
    """Asks both connections; an answer about one that was chosen before is not heard."""

    def __init__(self, site: Site, uuid: str, dialog: TransferDialog) -> None:
        super().__init__(dialog)
        self._site = site
        self._uuid = uuid
        self._form = dialog.form
        self._task: Task | None = None

    def begin(self) -> None:
        """Ask about the connection that is chosen now."""
        if self._task is not None:
            self._task.succeeded.disconnect(self._show)
            self._task.failed.disconnect(self._show_failure)
        here, there = self._site.transfers, self._form.place.value.site.transfers
        if self._form.way is Way.LIVE:
            self._task = here.survey_live(self._uuid, there, _live(self._form))
        else:
            self._task = here.survey(self._uuid, there)
        self._task.succeeded.connect(self._show)
        self._task.failed.connect(self._show_failure)

    def _show(self, found: TransferPlan | MigrationSurvey) -> None:
        if isinstance(found, TransferPlan):
            self._form.show_plan(found.losses, found.changed)
        else:
            obstacles = [f"{one.what} {one.hint}".strip() for one in found.obstacles]
            self._form.show_obstacles(obstacles, found.notes)

    def _show_failure(self, error: Exception) -> None:
        told = in_words(error)
        self._form.show_failure(f"{told.summary} {told.hint}".strip())


def _send(site: Site, uuid: str, dialog: TransferDialog) -> None:
    form, there = dialog.form, dialog.form.place.value.site.transfers
    match form.way:
        case Way.COPY:
            site.transfers.copy(uuid, there, form.wish())
        case Way.MOVE:
            site.transfers.move(uuid, there, form.wish())
        case Way.LIVE:
            site.transfers.migrate(uuid, there, _live(form))


def _live(form: TransferForm) -> MigrationOptions:
    return MigrationOptions(pool=form.place.value.pool)
