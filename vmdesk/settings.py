"""What the user has set, as typed properties over QSettings."""

from __future__ import annotations

import enum
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from PySide6.QtCore import QByteArray, QSettings

from vmdesk.core import configuration, connections
from vmdesk.core.bundle import layout
from vmdesk.core.connections import KnownConnection
from vmdesk.core.domain_key import DomainKey

if TYPE_CHECKING:
    from vmdesk.core.bundle.layout import ArchiveForm

LARGEST = 2**24
"""What a number may be: more than any computer has of anything."""
PICTURE_SECONDS = range(1, 61)
_Member = TypeVar("_Member", bound=enum.Enum)


class Closing(enum.Enum):
    """What closing the window does; the value is what the file keeps."""

    ASK = "ask"
    """Quit, but ask first where work is under way."""
    FINISH = "finish"
    """Quit, but finish first what is under way, without a window."""
    TRAY = "tray"
    """Go on in the tray."""


class Settings:
    """The settings file. What is not in it has a default; what makes no sense there too."""

    def __init__(self, file: Path | None = None) -> None:
        file = file or configuration.file_path()
        self._store = QSettings(str(file), QSettings.Format.IniFormat)

    @property
    def uri(self) -> str:
        """The libvirt connection, or empty for the default one."""
        return self._text("connection/uri")

    @uri.setter
    def uri(self, value: str) -> None:
        self._store.setValue("connection/uri", value)

    @property
    def added_connections(self) -> tuple[KnownConnection, ...]:
        """The connections that were added by hand, and those found that have another name."""
        return connections.parse(self._text("connection/added"))

    @added_connections.setter
    def added_connections(self, value: tuple[KnownConnection, ...]) -> None:
        self._store.setValue("connection/added", connections.write(value))

    @property
    def folded(self) -> frozenset[str]:
        """The URIs of the connections whose machines are not shown."""
        return frozenset(filter(connections.is_uri, self._text("window/folded").split(" ")))

    @folded.setter
    def folded(self, value: frozenset[str]) -> None:
        self._store.setValue("window/folded", " ".join(sorted(value)))

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
        """What the list is sorted by: ``name``, ``state``, ``cpu`` or ``use``."""
        return self._text("window/sort") or "name"

    @sort.setter
    def sort(self, value: str) -> None:
        self._store.setValue("window/sort", value)

    @property
    def selection(self) -> DomainKey | None:
        """The machine that was selected last."""
        uuid, _space, connection = self._text("window/selection").partition(" ")
        return DomainKey(connection, uuid) if uuid else None

    @selection.setter
    def selection(self, value: DomainKey | None) -> None:
        text = f"{value.uuid} {value.connection}" if value is not None else ""
        self._store.setValue("window/selection", text)

    @property
    def export_folder(self) -> str:
        """The folder that the last export went to, or empty."""
        return self._text("folders/export")

    @export_folder.setter
    def export_folder(self, value: str) -> None:
        self._store.setValue("folders/export", value)

    @property
    def isos_folder(self) -> str:
        """Where installation discs are kept, or empty for the default."""
        return self._text("folders/isos")

    @isos_folder.setter
    def isos_folder(self, value: str) -> None:
        self._store.setValue("folders/isos", value)

    @property
    def disks_folder(self) -> str:
        """Where the disks of new machines are made, or empty for the default."""
        return self._text("folders/disks")

    @disks_folder.setter
    def disks_folder(self, value: str) -> None:
        self._store.setValue("folders/disks", value)

    @property
    def exports_folder(self) -> str:
        """The folder that exports are to go to, or empty for that of the last one."""
        return self._text("folders/exports")

    @exports_folder.setter
    def exports_folder(self, value: str) -> None:
        self._store.setValue("folders/exports", value)

    @property
    def new_memory(self) -> int:
        """The memory that a new machine is offered, in MiB."""
        return self._number("new/memory", 4096, range(16, LARGEST))

    @new_memory.setter
    def new_memory(self, value: int) -> None:
        self._store.setValue("new/memory", value)

    @property
    def new_vcpus(self) -> int:
        """The CPUs that a new machine is offered."""
        return self._number("new/vcpus", 2, range(1, LARGEST))

    @new_vcpus.setter
    def new_vcpus(self, value: int) -> None:
        self._store.setValue("new/vcpus", value)

    @property
    def new_disk_size(self) -> int:
        """The size of the disk that a new machine is offered, in GiB."""
        return self._number("new/disk", 30, range(1, LARGEST))

    @new_disk_size.setter
    def new_disk_size(self, value: int) -> None:
        self._store.setValue("new/disk", value)

    @property
    def export_form(self) -> ArchiveForm:
        """The form of file that an export is offered in."""
        return _member(layout.ArchiveForm, self._text("export/form"), layout.ArchiveForm.TAR_GZ)

    @export_form.setter
    def export_form(self, value: ArchiveForm) -> None:
        self._store.setValue("export/form", value.value)

    @property
    def closing(self) -> Closing:
        """What closing the window does."""
        return _member(Closing, self._text("window/closing"), Closing.ASK)

    @closing.setter
    def closing(self, value: Closing) -> None:
        self._store.setValue("window/closing", value.value)

    @property
    def has_tray(self) -> bool:
        """Whether there is an icon in the tray."""
        return self._text("window/tray") == "yes"

    @has_tray.setter
    def has_tray(self, value: bool) -> None:
        self._store.setValue("window/tray", "yes" if value else "no")

    @property
    def knows_no_kvm(self) -> bool:
        """Whether the user has read that KVM does not work here."""
        return self._text("window/no-kvm") == "read"

    @knows_no_kvm.setter
    def knows_no_kvm(self, value: bool) -> None:
        self._store.setValue("window/no-kvm", "read" if value else "")

    @property
    def picture_interval(self) -> int:
        """Seconds after which the pictures of guests' screens in the list are taken anew."""
        return self._number("window/pictures", 4, PICTURE_SECONDS)

    @picture_interval.setter
    def picture_interval(self, value: int) -> None:
        self._store.setValue("window/pictures", value)

    @property
    def import_folder(self) -> str:
        """The folder that the last imported file was chosen in, or empty."""
        return self._text("folders/import")

    @import_folder.setter
    def import_folder(self, value: str) -> None:
        self._store.setValue("folders/import", value)

    def write(self) -> None:
        """Write the file now: Qt's loop, which would do it soon, may run no more."""
        self._store.sync()

    def _text(self, key: str) -> str:
        value = self._store.value(key, "")
        return value if isinstance(value, str) else ""

    def _number(self, key: str, default: int, allowed: range) -> int:
        value = str(self._store.value(key, default))
        return int(value) if value.isdecimal() and int(value) in allowed else default

    def _bytes(self, key: str) -> bytes:
        value = self._store.value(key)
        return bytes(value.data()) if isinstance(value, QByteArray) else b""


def _member(kind: type[_Member], value: str, default: _Member) -> _Member:
    return next((member for member in kind if member.value == value), default)
