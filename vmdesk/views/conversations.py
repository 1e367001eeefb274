"""What is said between a wish and its deed: questions, offers and bad news."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from vmdesk.controller import Controller, Failure
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.job import OperationError, WrongFileError
from vmdesk.site import Site
from vmdesk.tasks import Task
from vmdesk.views import delete_dialog, error_dialog, message_dialog
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import Request
from vmdesk.views.bundles import export_flow
from vmdesk.views.hardware_conversations import HardwareConversations
from vmdesk.work import in_words

if TYPE_CHECKING:
    from vmdesk.core.operations.delete import DeletionPlan
    from vmdesk.views.delete_dialog import Deletion
    from vmdesk.views.message_dialog import Choice

NO = "no"
YES = "yes"


class Conversations(QObject):
    """Carries requests to the controller, and asks first where something could be lost."""

    history_wanted = Signal()
    """More has failed than one dialog can tell."""
    export_wanted = Signal(object)
    """An ``ExportRequest``: how is asked elsewhere."""
    transfer_wanted = Signal(object)
    """The ``DomainKey`` of a machine that is to go to another connection."""

    def __init__(self, controller: Controller, window: QWidget) -> None:
        super().__init__(window)
        self._controller = controller
        self._window = window
        self._hardware = HardwareConversations(window)
        self._is_telling = False
        controller.failed.connect(self._show_failure)
        controller.kvm_failed.connect(self._offer_emulation)
        controller.shutdown_ignored.connect(self._offer_force_off)
        controller.start_needed.connect(self._offer_start)

    def carry_out(self, request: Request) -> None:
        """Do what the user wants, or ask about it first."""
        for site, uuids in self._controller.by_site(request.keys):
            self._carry_out(request, site, uuids)

    def _carry_out(self, request: Request, site: Site, uuids: tuple[str, ...]) -> None:
        match request.act:
            case Act.FORCE_OFF:
                self._ask_force_off(site, uuids)
            case Act.EXPORT:
                self.export_wanted.emit(export_flow.ExportRequest(site, uuids))
            case Act.TRANSFER:
                self.transfer_wanted.emit(site.domains.key(uuids[0]))
            case Act.DELETE:
                self._plan_deletion(site, uuids)
            case Act.PROPERTIES | Act.RENAME | Act.EJECT | Act.INSERT as act:
                self._hardware.carry_out(act, site, uuids, request.target)
            case Act.CANCEL:
                for task in site.operations.tasks:
                    if task.key in uuids:
                        task.cancel()
            case act:
                for uuid in uuids:
                    _DEEDS[act](site, uuid)

    def show_folder(self, folder: Path) -> None:
        """Show a folder, or say where it is."""
        heading = _("Show in folder")
        shown = self._controller.home.show_folder(folder)
        shown.failed.connect(
            lambda error: error_dialog.ErrorDialog(self._window, heading, in_words(error)).open()
        )

    def show_error(self, task: Task) -> None:
        """Show why a task of the history failed."""
        if task.error is not None:
            error_dialog.ErrorDialog(self._window, task.title, in_words(task.error)).open()

    def _ask(
        self, icon: str, heading: str, text: str, yes: Choice, deed: Callable[[], object]
    ) -> None:
        choices = (message_dialog.Choice(NO, _("&Not now"), ""), yes)
        dialog = message_dialog.MessageDialog(self._window, icon, heading, text, choices)
        dialog.chosen.connect(lambda key: deed() if key == yes.key else None)
        dialog.open()

    def _ask_force_off(self, site: Site, uuids: tuple[str, ...]) -> None:
        count = len(uuids)
        names = ", ".join(_name(site, uuid) for uuid in uuids)
        lost = _("What is not saved inside is lost, as when the power fails.")
        text = ngettext("Force off “{name}”?", "Force off {count} machines?", count)
        self._ask(
            "warning",
            text.format(name=_name(site, uuids[0]), count=count),
            f"{names}\n{lost}" if count > 1 else lost,
            message_dialog.Choice(YES, _("&Force off"), "danger"),
            lambda: [site.force_off(uuid) for uuid in uuids],
        )

    def _offer_force_off(self, key: DomainKey) -> None:
        site = self._controller.site(key)
        if site is None:
            return
        self._ask(
            "warning",
            _("“{name}” did not shut down").format(name=_name(site, key.uuid)),
            _(
                "Its guest ignored the request for a minute. You can wait, or force it off: then "
                "what is not saved inside is lost."
            ),
            message_dialog.Choice(YES, _("&Force off"), "danger"),
            lambda: site.force_off(key.uuid),
        )

    def _offer_start(self, key: DomainKey) -> None:
        site = self._controller.site(key)
        if site is None:
            return
        self._ask(
            "machine",
            _("“{name}” is off").format(name=_name(site, key.uuid)),
            _("It has no screen until it is started."),
            message_dialog.Choice(YES, _("&Start"), "primary"),
            lambda: _start_and_open(site, key.uuid),
        )

    def _offer_emulation(self, failure: Failure) -> None:
        site = self._controller.site(failure.key)
        if site is None:
            return
        self._ask(
            "warning",
            failure.error.summary,
            _("The machine can be started without KVM. It runs then, but slowly."),
            message_dialog.Choice(YES, _("&Start without KVM"), "primary"),
            lambda: site.start(failure.key.uuid, without_kvm=True),
        )

    def _show_failure(self, failure: Failure) -> None:
        self._window.show()
        if self._is_telling:
            # When ten machines fail at once, nobody wants to close ten dialogs.
            self.history_wanted.emit()
            return
        can_retry = not isinstance(failure.error, WrongFileError)
        dialog = error_dialog.ErrorDialog(self._window, failure.title, failure.error, can_retry)
        self._is_telling = True

        def close(key: str) -> None:
            self._is_telling = False
            if key == error_dialog.AGAIN:
                failure.retry()

        dialog.chosen.connect(close)
        dialog.open()

    def _plan_deletion(self, site: Site, uuids: tuple[str, ...]) -> None:
        plans: list[DeletionPlan] = []

        def add(plan: DeletionPlan) -> None:
            plans.append(plan)
            if len(plans) == len(uuids):
                self._ask_deletion(site, plans)

        for uuid in uuids:
            task = site.deletion_plan(uuid)
            task.succeeded.connect(add)
            task.failed.connect(self._refuse_deletion)

    def _refuse_deletion(self, error: Exception) -> None:
        if isinstance(error, OperationError):
            error_dialog.ErrorDialog(self._window, _("Delete"), error).open()

    def _ask_deletion(self, site: Site, plans: list[DeletionPlan]) -> None:
        dialog = delete_dialog.DeleteDialog(self._window, plans)
        dialog.agreed.connect(lambda deletion: _delete(site, deletion))
        dialog.open()


def _name(site: Site, uuid: str) -> str:
    row = site.domains.row(uuid)
    return row.domain.name if row is not None else uuid


def _start_and_open(site: Site, uuid: str) -> None:
    started = site.start(uuid)
    started.succeeded.connect(lambda _nothing: site.open_console(uuid))


def _delete(site: Site, deletion: Deletion) -> None:
    for plan in deletion.plans:
        site.delete(plan, deletion.delete_disks, deletion.force_off)


_DEEDS: dict[Act, Callable[[Site, str], object]] = {
    Act.CONSOLE: Site.open_console,
    Act.START: Site.start,
    Act.RESUME: Site.resume,
    Act.SHUT_DOWN: Site.shut_down,
    Act.REBOOT: Site.reboot,
    Act.PAUSE: Site.pause,
}
