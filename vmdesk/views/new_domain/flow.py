"""Join the page for a new machine to the controller, which knows hosts and addresses."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError
from vmdesk.core.kept_discs import SourceInfo
from vmdesk.core.operations.create import NewDomain
from vmdesk.settings import Settings
from vmdesk.site import Site
from vmdesk.tasks import Task
from vmdesk.views.connections.place_field import PlaceField
from vmdesk.views.latest_question import LatestQuestion
from vmdesk.views.new_domain.dialog import NewDomainDialog
from vmdesk.views.new_domain.source_field import SourceField


def open_new_dialog(
    sites: Sequence[Site],
    settings: Settings,
    window: QWidget,
    source: str,
    made: Callable[[DomainKey], object],
) -> NewDomainDialog:
    """Open the page, with ``source`` filled in; ``made`` is told the key when the user agrees.

    The machine can be made on any of ``sites``, of which the first is offered.
    """
    place = PlaceField(sites)
    dialog = NewDomainDialog(lambda: place.value.site.domains.names(), window, place)
    dialog.form.show_defaults(settings.new_memory, settings.new_vcpus, settings.new_disk_size)
    field = dialog.form.source

    def create(new: NewDomain) -> None:
        chosen = place.value
        chosen.site.create(replace(new, pool=chosen.pool))
        made(chosen.site.domains.key(new.uuid))

    dialog.described.connect(create)
    answer_probes(lambda: place.value.site, field)
    limits = LatestQuestion(dialog)
    limits.answered.connect(dialog.form.show_limits)

    def ask_limits() -> None:
        chosen = place.value
        limits.ask(chosen.site.limits(chosen.pool))

    ask_limits()
    place.follow(ask_limits)
    # Another place has other names.
    place.follow(dialog.form.check)
    field.edit.setText(source)
    field.edit.setCursorPosition(0)
    place.ask_for_pools()
    dialog.open()
    return dialog


def answer_probes(site: Callable[[], Site], field: SourceField) -> None:
    """Tell a field what is at the addresses that it asks about."""
    field.wanted.connect(lambda address: _Probe(address, site().probe(address), field))


class _Probe(QObject):
    """One question about an address; it goes with the field that asked."""

    def __init__(self, address: str, task: Task, field: SourceField) -> None:
        super().__init__(field)
        self._address = address
        self._field = field
        task.succeeded.connect(self._show)
        task.failed.connect(self._show_failure)
        task.finished.connect(self.deleteLater)

    def _show(self, info: SourceInfo) -> None:
        self._field.show_info(self._address, info)

    def _show_failure(self, error: Exception) -> None:
        if not isinstance(error, OperationError):
            error = OperationError(_("vmdesk could not look at this address."))
        self._field.show_failure(self._address, error)
