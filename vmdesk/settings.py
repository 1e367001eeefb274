"""What the user has set, as typed properties over QSettings."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSettings

from vmdesk.core import paths


class Settings:
    """The settings file. What is not in it has a default; what makes no sense there too."""

    def __init__(self, file: Path | None = None) -> None:
        file = file or paths.config_dir() / "vmdesk.conf"
        self._store = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def uri(self) -> str:
        """The libvirt connection, or empty for the default one."""
        return self._text("connection/uri")

    @uri.setter
    def uri(self, value: str) -> None:
        self._store.setValue("connection/uri", value)

    @property
    def window_geometry(self) -> bytes:
        """The window's place and size, as Qt saves them; empty at first."""
        return self._bytes("window/geometry")

    @window_geometry.setter
    def window_geometry(self, value: bytes) -> None:
        self._store.setValue("window/geometry", QByteArray(value))

    @property
    def splitter(self) -> bytes:
        """How the window is divided, as Qt saves it; empty at first."""
        return self._bytes("window/splitter")

    @splitter.setter
    def splitter(self, value: bytes) -> None:
        self._store.setValue("window/splitter", QByteArray(value))

    @property
    def sort(self) -> str:
        """What the list is sorted by: ``name`` or ``state``."""
        return self._text("window/sort") or "name"

    @sort.setter
    def sort(self, value: str) -> None:
        self._store.setValue("window/sort", value)

    @property
    def selection(self) -> str:
        """The UUID of the machine that was selected last, or empty."""
        return self._text("window/selection")

    @selection.setter
    def selection(self, value: str) -> None:
        self._store.setValue("window/selection", value)

    @property
    def export_folder(self) -> str:
        """The folder that the last export went to, or empty."""
        return self._text("folders/export")

    @export_folder.setter
    def export_folder(self, value: str) -> None:
        self._store.setValue("folders/export", value)

    @property
    def import_folder(self) -> str:
        """The folder that the last imported file was chosen in, or empty."""
        return self._text("folders/import")

    @import_folder.setter
    def import_folder(self, value: str) -> None:
        self._store.setValue("folders/import", value)

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _bytes(self, key: str) -> bytes:
        value = self._store.value(key)
        return bytes(value.data()) if isinstance(value, QByteArray) else b""
