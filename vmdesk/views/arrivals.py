"""Files and addresses that were dropped, chosen or named at the start: each gets its page."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QUrl
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from vmdesk.controller import Controller
from vmdesk.core.bundle import content
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.i18n import _
from vmdesk.settings import Settings
from vmdesk.views.bundles import import_flow
from vmdesk.views.drop_overlay import Use, use_of
from vmdesk.views.file_dialog import file_dialog

if TYPE_CHECKING:
    from vmdesk.core.bundle.content import Content

_CHOICE = _(
    "Machines and disks (*.tar *.tar.gz *.tgz *.tar.zst *.ova *.qcow2 *.img *.raw *.vmdk *.vdi "
    "*.vhdx)"
)

ASK_NEW = ""
"""In place of a file or an address: ask for a new machine, from whatever the user says."""


class Arrivals(QObject):
    """Opens one page at a time; the rest waits, and all wait for a connection."""

    def __init__(
        self,
        controller: Controller,
        settings: Settings,
        window: QWidget,
        ask_new: Callable[[str], QDialog],
        made: Callable[[DomainKey], object],
    ) -> None:
        super().__init__(window)
        self._controller = controller
        self._settings = settings
        self._window = window
        self._ask_new = ask_new
        self._made = made
        self._waiting: deque[str] = deque()
        self._is_busy = False
        controller.connection_changed.connect(self._go_on)

    def add(self, sources: Iterable[str]) -> None:
        """Take in paths and addresses."""
        self._waiting.extend(sources)
        self._go_on()

    def look(self, sources: Iterable[str], tell: Callable[[str, Use], object]) -> None:
        """Look into files that are over the window, and tell what would become of each."""
        for source in sources:
            path = local_path(source)
            if path is not None:
                self._look(source, path, tell)

    def choose(self) -> None:
        """Ask for files of this computer."""
        folders = self._settings.import_folder, self._settings.export_folder
        dialog = file_dialog(self._window, _("Choose what to import"), *folders)
        dialog.setNameFilters([_CHOICE, _("All files (*)")])
        dialog.setFileMode(QFileDialog.FileMode.ExistingFiles)
        dialog.filesSelected.connect(self._take_chosen)
        dialog.open()

    def _take_chosen(self, files: list[str]) -> None:
        self._settings.import_folder = str(Path(files[0]).parent)
        self.add(files)

    def _look(self, source: str, path: Path, tell: Callable[[str, Use], object]) -> None:
        task = self._controller.home.bundles.identify(path)
        task.succeeded.connect(lambda held: tell(source, use_of(held)))
        task.failed.connect(lambda _error: tell(source, Use.NOTHING))

    def _go_on(self) -> None:
        if self._is_busy or not self._waiting or not self._controller.open_sites:
            return
        self._is_busy = True
        source = self._waiting.popleft()
        path = local_path(source)
        if path is None:
            self._ask_new(source).finished.connect(self._end)
            return
        task = self._controller.home.bundles.identify(path)
        task.succeeded.connect(lambda held: self._open(path, held))
        task.failed.connect(lambda error: self._refuse(path, error))

    def _open(self, path: Path, held: Content) -> None:
        if held is content.Content.DISC:
            self._ask_new(str(path)).finished.connect(self._end)
        else:
            flow = import_flow.ImportFlow(
                self._controller.open_sites, self._window, path, self._made
            )
            flow.ended.connect(self._end)

    def _refuse(self, path: Path, error: Exception) -> None:
        import_flow.show_refusal(self._window, path, error).finished.connect(self._end)

    def _end(self) -> None:
        self._is_busy = False
        self._go_on()


def local_path(source: str) -> Path | None:
    """Return the file that an address or a path means; ``None`` for one of the web, or for none."""
    url = QUrl(source)
    if source == ASK_NEW or url.scheme() in ("http", "https"):
        return None
    return Path(url.toLocalFile()) if url.isLocalFile() else Path(source).absolute()
