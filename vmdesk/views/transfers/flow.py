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
from vmdesk.views.latest_question import LatestQuestion
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
        form = dialog.form
        question = LatestQuestion(dialog)
        question.answered.connect(lambda found: _show(found, form))
        question.failed.connect(lambda error: _show_failure(error, form))
        form.place_changed.connect(lambda: question.ask(_survey(site, key.uuid, form)))
        dialog.agreed.connect(lambda: _send(site, key.uuid, form))
        question.ask(_survey(site, key.uuid, form))
        form.place.ask_for_pools()
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


def _survey(site: Site, uuid: str, form: TransferForm) -> Task:
    here, there = site.transfers, form.place.value.site.transfers
    if form.way is Way.LIVE:
        return here.survey_live(uuid, there, _live(form))
    return here.survey(uuid, there)


def _show(found: TransferPlan | MigrationSurvey, form: TransferForm) -> None:
    if isinstance(found, TransferPlan):
        form.show_plan(found.losses, found.changed)
    else:
        obstacles = [f"{one.what} {one.hint}".strip() for one in found.obstacles]
        form.show_obstacles(obstacles, found.notes)


def _show_failure(error: Exception, form: TransferForm) -> None:
    told = in_words(error)
    form.show_failure(f"{told.summary} {told.hint}".strip())


def _send(site: Site, uuid: str, form: TransferForm) -> None:
    there = form.place.value.site.transfers
    match form.way:
        case Way.COPY:
            site.transfers.copy(uuid, there, form.wish())
        case Way.MOVE:
            site.transfers.move(uuid, there, form.wish())
        case Way.LIVE:
            site.transfers.migrate(uuid, there, _live(form))


def _live(form: TransferForm) -> MigrationOptions:
    return MigrationOptions(pool=form.place.value.pool)
