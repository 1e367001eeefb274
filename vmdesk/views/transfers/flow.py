"""Join the page for a machine that goes to another connection to the controller."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.core.operations import migrate, transfer_plan
from vmdesk.site import Site
from vmdesk.tasks import Task
from vmdesk.views import latest_question, message_dialog
from vmdesk.views.transfers import dialog as transfer_dialog
from vmdesk.views.transfers import form as transfer_form
from vmdesk.work import in_words

if TYPE_CHECKING:
    from vmdesk.core.operations.migrate import MigrationOptions
    from vmdesk.core.operations.migration_survey import MigrationSurvey
    from vmdesk.core.operations.transfer_plan import TransferPlan
    from vmdesk.views.transfers.form import TransferForm

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
        dialog = transfer_dialog.TransferDialog(
            row.domain.name, others, self._window, is_running=is_running
        )
        form = dialog.form
        question = latest_question.LatestQuestion(dialog)
        question.answered.connect(lambda found: _show(found, form))
        question.failed.connect(lambda error: _show_failure(error, form))
        form.place_changed.connect(lambda: question.ask(_survey(site, key.uuid, form)))
        dialog.agreed.connect(lambda: _send(site, key.uuid, form))
        question.ask(_survey(site, key.uuid, form))
        form.place.ask_for_pools()
        dialog.open()

    def _offer_connection(self) -> None:
        dialog = message_dialog.MessageDialog(
            self._window,
            "plug",
            _("There is no other connection yet"),
            _("Machines go to another libvirt: the system’s on this computer, or another one’s."),
            (
                message_dialog.Choice("no", _("&Not now")),
                message_dialog.Choice(ADD, _("&Connect to…"), "primary"),
            ),
        )
        dialog.chosen.connect(lambda key: self._add_connection() if key == ADD else None)
        dialog.open()


def _survey(site: Site, uuid: str, form: TransferForm) -> Task:
    here, there = site.transfers, form.place.value.site.transfers
    if form.way is transfer_form.Way.LIVE:
        return here.survey_live(uuid, there, _live(form))
    return here.survey(uuid, there)


def _show(found: TransferPlan | MigrationSurvey, form: TransferForm) -> None:
    if isinstance(found, transfer_plan.TransferPlan):
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
        case transfer_form.Way.COPY:
            site.transfers.copy(uuid, there, form.wish())
        case transfer_form.Way.MOVE:
            site.transfers.move(uuid, there, form.wish())
        case transfer_form.Way.LIVE:
            site.transfers.migrate(uuid, there, _live(form))


def _live(form: TransferForm) -> MigrationOptions:
    return migrate.MigrationOptions(
        pool=form.place.value.pool, max_downtime_ms=form.max_downtime_ms
    )
