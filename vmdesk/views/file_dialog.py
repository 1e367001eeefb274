"""The dialog that asks for a file or a folder: it begins where that likely is."""

from pathlib import Path

from PySide6.QtCore import QStandardPaths, QUrl
from PySide6.QtWidgets import QFileDialog, QWidget

_SIZE = (860, 520)
"""Pixels in which Qt's own dialog cuts no column; a desktop's dialog has a size of its own."""
_PLACES = (
    QStandardPaths.StandardLocation.HomeLocation,
    QStandardPaths.StandardLocation.DesktopLocation,
    QStandardPaths.StandardLocation.DownloadLocation,
)


def file_dialog(parent: QWidget, heading: str, *folders: str) -> QFileDialog:
    """Return a dialog that begins in the first of ``folders`` that is there, or else in Downloads.

    It goes when it is closed; what is asked for is set by the caller.
    """
    dialog = QFileDialog(parent, heading, start_folder(*folders))
    dialog.setSidebarUrls([QUrl.fromLocalFile(str(place)) for place in _places()])
    dialog.resize(*_SIZE)
    dialog.finished.connect(dialog.deleteLater)
    return dialog


def start_folder(*folders: str) -> str:
    """Return the first of ``folders`` that is one, or the place where downloads are kept."""
    wanted = [Path(folder) for folder in folders if folder]
    return str(next(filter(Path.is_dir, [*wanted, *reversed(_places())]), Path.home()))


def _places() -> list[Path]:
    found = [Path(QStandardPaths.writableLocation(place)) for place in _PLACES]
    return [place for place in dict.fromkeys(found) if place.is_dir()]
