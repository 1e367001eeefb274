"""Join a dialog of properties to the machine: read, save, and tell of what others change."""

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from vmdesk.connection import ConnectionState, ConnectionStatus
from vmdesk.core.domain import difference
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.operations.disks import AddedDisk, RemovedDisk
from vmdesk.core.operations.edit import Edit
from vmdesk.core.operations.modify import Applied
from vmdesk.hardware import Settings
from vmdesk.site import Site
from vmdesk.views.error_dialog import ErrorDialog
from vmdesk.views.insert_disc_dialog import open_insert_dialog
from vmdesk.views.message_dialog import Choice
from vmdesk.views.properties.dialog import PropertiesDialog
from vmdesk.views.properties.page import Deed

PRESENT = "present"
KEEP = "keep"


class PropertiesFlow(QObject):
    """Lives as long as its dialog, which it opens when the settings are known."""

    def __init__(self, site: Site, window: QWidget, uuid: str, rename: bool) -> None:
        super().__init__(window)
        self._site = site
        self._hardware = site.hardware
        self._window = window
        self._uuid = uuid
        self._rename = rename
        self._dialog: PropertiesDialog | None = None
        self._later: Settings | None = None
        self._deeds = 0
        self._is_own = False
        self._discards = False
        self._is_reading = False
        self._read_again = False
        self._read()

    def _read(self) -> None:
        """Look at the machine; of several looks that are wanted meanwhile, one is taken."""
        if self._is_reading:
            self._read_again = True
            return
        self._is_reading = True
        task = self._hardware.settings(self._uuid)
        task.succeeded.connect(self._take)
        task.failed.connect(self._give_up)

    def _give_up(self, error: Exception) -> None:
        self._is_reading = self._read_again = False
        is_gone = isinstance(error, OperationError) and error.cause is Cause.NOT_FOUND
        if self._dialog is not None and not is_gone:
            return  # the connection is lost: with the next one comes the next look
        if isinstance(error, OperationError):
            ErrorDialog(self._window, _("Properties"), error).open()
        if self._dialog is not None:
            self._dialog.done(0)
        else:
            self.deleteLater()

    def _take(self, settings: Settings) -> None:
        self._is_reading = False
        if self._read_again:
            self._read_again = False
            self._read()
        elif self._dialog is None:
            self._open(settings)
        elif self._deeds == 0:
            self._show(self._dialog, settings)

    def _open(self, settings: Settings) -> None:
        dialog = PropertiesDialog(settings, self._site.domains.names, self._window)
        self._dialog = dialog
        self.setParent(dialog)
        dialog.save_wanted.connect(self._save)
        dialog.deed_wanted.connect(self._do)
        dialog.disc_wanted.connect(self._insert)
        dialog.notice.chosen.connect(self._decide)
        self._site.domain_changed.connect(self._follow)
        self._site.connection_changed.connect(self._follow_connection)
        dialog.open()
        if self._rename:
            dialog.general.focus_name()

    def _follow(self, uuid: str) -> None:
        if uuid == self._uuid and self._deeds == 0:
            self._read()

    def _follow_connection(self, status: ConnectionStatus) -> None:
        if status.state is ConnectionState.CONNECTED and self._deeds == 0:
            self._read()

    def _show(self, dialog: PropertiesDialog, settings: Settings) -> None:
        """Show the present settings; those that others have changed never without a word."""
        is_own, self._is_own = self._is_own, False
        before, now = dialog.settings.properties.base, settings.properties.base
        is_asking = self._later is not None
        if before == now or (is_own and not is_asking):
            self._later = None
            dialog.notice.withdraw()
            dialog.show_settings(settings, discard=self._discards)
            self._discards = False
            return
        words = difference.in_words(before, now) or [_("details that only the XML shows")]
        text = _("Another program changed this machine meanwhile. {changes}").format(
            changes=" · ".join(words)
        )
        if not dialog.is_changed:
            dialog.show_settings(settings, discard=True)
            dialog.notice.tell(text)
            return
        self._later = settings
        dialog.ask(
            text,
            (
                Choice(KEEP, _("&Keep my changes")),
                Choice(PRESENT, _("Show the p&resent settings")),
            ),
        )

    def _decide(self, key: str) -> None:
        if self._later is not None and self._dialog is not None:
            self._dialog.show_settings(self._later, discard=key == PRESENT)
        self._later = None

    def _save(self, edit: Edit) -> None:
        if self._dialog is None:
            return
        self._begin()
        self._dialog.set_busy(True)
        task = self._hardware.edit(self._uuid, edit)
        task.succeeded.connect(self._close)
        task.failed.connect(self._end_unsaved)
        task.cancelled.connect(self._end_unsaved)

    def _close(self, applied: Applied) -> None:
        if self._dialog is None:
            return
        if not applied.refusals:
            self._dialog.done(1)
            return
        self._dialog.notice.tell(
            _("Saved, but the running machine has it from its next start only. {reasons}").format(
                reasons=" ".join(applied.refusals)
            )
        )
        self._discards = True
        self._end_unsaved()

    def _end_unsaved(self, error: object = None) -> None:
        self._deeds -= 1
        # A refusal has written nothing: what is different now, others have changed.
        refusals = (Cause.WRONG_STATE, Cause.INVALID_VALUE)
        self._is_own = not (isinstance(error, OperationError) and error.cause in refusals)
        if self._dialog is not None:
            self._dialog.set_busy(False)
        self._read()

    def _do(self, deed: Deed) -> None:
        self._begin()
        task = deed(self._hardware, self._uuid)
        task.succeeded.connect(self._tell)
        task.finished.connect(self._end_deed)

    def _begin(self) -> None:
        self._deeds += 1
        if self._dialog is not None:
            self._dialog.notice.tell("")

    def _end_deed(self) -> None:
        self._deeds -= 1
        self._read()

    def _tell(self, result: object) -> None:
        self._is_own = True
        if self._dialog is not None:
            self._dialog.notice.tell(outcome(result))

    def _insert(self, target: str) -> None:
        if self._dialog is None:
            return
        dialog = open_insert_dialog(self._site, self._dialog)
        dialog.agreed.connect(
            lambda source: self._do(lambda hardware, uuid: hardware.insert(uuid, source, target))
        )


def outcome(result: object) -> str:
    """Say what of a result the user can't see: what was kept, and what waits."""
    match result:
        case RemovedDisk(kept_because=reason) if reason:
            return _("The disk is removed, but its file stays: {reason}.").format(reason=reason)
        case RemovedDisk(is_now=False):
            return _("The running machine has not let go of the disk; its next start has it not.")
        case AddedDisk(is_now=False):
            return _("The running machine has the disk from its next start.")
    return ""
