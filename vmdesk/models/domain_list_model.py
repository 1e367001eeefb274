"""Every domain as a row: what libvirt says of it, and what vmdesk is doing to it."""

import enum
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    QUuid,
)
from PySide6.QtGui import QImage

from vmdesk.core import formatting
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.core.i18n import _
from vmdesk.core.statistics import levels

Index = QModelIndex | QPersistentModelIndex


class DomainRole(enum.IntEnum):
    """What a row tells beside its name, which is the display role."""

    KEY = Qt.ItemDataRole.UserRole
    """The ``DomainKey``."""
    INFO = enum.auto()
    """The ``DomainInfo``, or ``None`` while the domain is being made."""
    STATE = enum.auto()
    """The ``DomainState``, or ``None`` while it isn't known."""
    STATE_TEXT = enum.auto()
    HARDWARE_TEXT = enum.auto()
    """``2 CPUs · 4 GiB``"""
    ACTIVITY = enum.auto()
    """The ``Activity`` of the operation under way, or ``None``."""
    PICTURE = enum.auto()
    """The last picture of the guest's screen as ``QImage``, or ``None``."""
    CPU_HISTORY = enum.auto()
    """A tuple of the share of the domain's CPUs that was used, 0 to 1, newest last."""
    SECTION = enum.auto()
    """Of the row above the domains of a connection: what it tells. ``None`` for a domain."""


@dataclass(frozen=True, slots=True)
class Activity:
    """What is being done to a domain. ``fraction`` is 0 to 1, or ``None`` if it isn't known."""

    text: str
    fraction: float | None = None
    pace: str = ""


@dataclass(frozen=True, slots=True)
class PendingDomain:
    """A domain that is being made: its row is there before libvirt knows it. Memory in KiB."""

    uuid: str
    name: str
    memory: int
    vcpus: int


def new_uuid() -> str:
    """Return a UUID for a domain that is made. Python's looks first what computer this is."""
    return QUuid.createUuid().toString(QUuid.StringFormat.WithoutBraces)


@dataclass(frozen=True, slots=True)
class DomainRow:
    """All that one row shows."""

    domain: DomainInfo | PendingDomain
    activity: Activity | None = None
    picture: QImage | None = None
    cpu_history: tuple[float, ...] = ()
    is_asked_off: bool = False
    """Whether its guest was asked to shut down and has not done so yet."""

    @property
    def info(self) -> DomainInfo | None:
        """What libvirt says of the domain, or ``None`` while it is being made."""
        return self.domain if isinstance(self.domain, DomainInfo) else None

    @property
    def is_active(self) -> bool:
        """Whether the domain is on, in whatever way."""
        return isinstance(self.domain, DomainInfo) and self.domain.state.is_active


@dataclass(frozen=True, slots=True)
class Machine:
    """A row among those of all connections; without a connection its state is not known."""

    key: DomainKey
    row: DomainRow
    is_connected: bool


def state_text(state: DomainState | None) -> str:
    """Return the word for a state that a user reads."""
    match state:
        case DomainState.RUNNING | DomainState.BLOCKED:
            return _("Running")
        case DomainState.PAUSED:
            return _("Paused")
        case DomainState.SHUTDOWN:
            return _("Shutting down")
        case DomainState.SHUTOFF:
            return _("Off")
        case DomainState.CRASHED:
            return _("Crashed")
        case DomainState.SUSPENDED:
            return _("Asleep")
        case _:
            return _("Unknown")


def row_text(row: DomainRow, is_current: bool) -> str:
    """Return the words for the state of a row; without ``is_current`` it is not known."""
    if row.info is None:
        return _("Being made")
    if row.is_asked_off and is_current:
        return state_text(DomainState.SHUTDOWN)
    return state_text(row.info.state if is_current else None)


class DomainListModel(QAbstractListModel):
    """The domains of one connection, in the order in which they became known."""

    def __init__(self, connection: str = "", parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.connection = connection
        self._rows: list[DomainRow] = []
        self._index_of: dict[str, int] = {}
        self._is_current = True

    def rowCount(self, parent: Index = QModelIndex()) -> int:  # noqa: B008 - Qt's own signature
        """Return the number of domains."""
        return 0 if parent.isValid() else len(self._rows)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        """Return what ``role`` asks of the domain at ``index``."""
        if not self.checkIndex(index, self.CheckIndexOption.IndexIsValid):
            return None
        row = self._rows[index.row()]
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return row.domain.name
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{row.domain.name}, {self.state_words(row)}"
            case DomainRole.KEY:
                return self.key(row.domain.uuid)
            case DomainRole.INFO:
                return row.info
            case DomainRole.STATE:
                return self._state(row)
            case DomainRole.STATE_TEXT:
                return self.state_words(row)
            case DomainRole.HARDWARE_TEXT:
                cpus = formatting.cpus(row.domain.vcpus)
                return f"{cpus} · {formatting.memory(row.domain.memory)}"
            case DomainRole.ACTIVITY:
                return row.activity
            case DomainRole.PICTURE:
                return row.picture
            case DomainRole.CPU_HISTORY:
                return row.cpu_history
        return None

    def key(self, uuid: str) -> DomainKey:
        """Return what a machine of this connection is known by."""
        return DomainKey(self.connection, uuid)

    def row(self, uuid: str) -> DomainRow | None:
        """Return what is shown of a domain, or ``None`` if it has no row."""
        position = self._index_of.get(uuid)
        return None if position is None else self._rows[position]

    def index_of(self, uuid: str) -> QModelIndex:
        """Return the index of a domain's row, invalid if it has none."""
        return self.index(self._index_of.get(uuid, -1))

    def rows(self) -> list[DomainRow]:
        """Return all rows."""
        return list(self._rows)

    def names(self) -> set[str]:
        """Return every name in use, those of domains being made included."""
        return {row.domain.name for row in self._rows}

    def set_all(self, infos: Iterable[DomainInfo]) -> None:
        """Make the rows equal to a fresh list, with the fewest changes; those being made stay."""
        fresh = {info.uuid: info for info in infos}
        for row in self.rows():
            if row.info is not None and row.domain.uuid not in fresh:
                self._remove(row.domain.uuid)
        for uuid in [uuid for uuid in fresh if uuid in self._index_of]:
            self.update(uuid, fresh.pop(uuid))
        self._append([DomainRow(info) for info in fresh.values()])

    def update(self, uuid: str, info: DomainInfo | None) -> None:
        """Insert, change or remove (``None``) the row of one domain."""
        row = self.row(uuid)
        if info is None:
            if row is not None and row.info is not None:
                self._remove(uuid)
        elif row is None:
            self._append([DomainRow(info)])
        elif row.domain != info:
            history = row.cpu_history if info.state.is_active else ()
            self._replace(replace(row, domain=info, cpu_history=history))

    def set_state(self, uuid: str, state: DomainState) -> bool:
        """Show the state that an event tells of a domain that runs; ``update`` tells the rest.

        Returns whether the row shows it: of one that is off, another event has more to tell.
        """
        row = self.row(uuid)
        if row is None or row.info is None or not row.is_active:
            return False
        if row.info.state != state:
            self._replace(replace(row, domain=replace(row.info, state=state)))
        return True

    def add_pending(self, domain: PendingDomain) -> None:
        """Show a domain that is being made; ``update`` with its UUID makes it a real one."""
        self._append([DomainRow(domain)])

    def remove_pending(self, uuid: str) -> None:
        """Take back a domain that was being made, if it has not become a real one."""
        row = self.row(uuid)
        if row is not None and row.info is None:
            self._remove(uuid)

    def set_activity(self, uuid: str, activity: Activity | None) -> None:
        """Show what is being done to a domain, or that nothing is."""
        if (row := self.row(uuid)) is not None and row.activity != activity:
            self._replace(replace(row, activity=activity), [DomainRole.ACTIVITY])

    def set_asked_off(self, uuid: str, is_asked_off: bool) -> None:
        """Tell that a guest was asked to shut down, or that nobody waits for it any more."""
        if (row := self.row(uuid)) is not None:
            self._replace(replace(row, is_asked_off=is_asked_off), [DomainRole.STATE_TEXT])

    def set_picture(self, uuid: str, picture: QImage) -> None:
        """Show a new picture of a guest's screen; it stays when the domain goes off."""
        if (row := self.row(uuid)) is not None:
            self._replace(replace(row, picture=picture), [DomainRole.PICTURE])

    def set_cpu_history(self, uuid: str, history: tuple[float, ...]) -> None:
        """Show how much of its CPUs a domain used lately; it is told where a graph shows it."""
        if (row := self.row(uuid)) is None:
            return
        new = replace(row, cpu_history=history)
        if levels(history) == levels(row.cpu_history):
            self._rows[self._index_of[uuid]] = new
        else:
            self._replace(new, [DomainRole.CPU_HISTORY])

    def set_current(self, is_current: bool) -> None:
        """Tell whether the states are known; without a connection every state is unknown."""
        if is_current != self._is_current:
            self._is_current = is_current
            if self._rows:
                roles = [DomainRole.STATE, DomainRole.STATE_TEXT]
                self.dataChanged.emit(self.index(0), self.index(len(self._rows) - 1), roles)

    def _state(self, row: DomainRow) -> DomainState | None:
        return row.info.state if row.info is not None and self._is_current else None

    def state_words(self, row: DomainRow) -> str:
        """Return what a row says of its state, or what is being done to it."""
        return row.activity.text if row.activity is not None else row_text(row, self._is_current)

    def _append(self, rows: list[DomainRow]) -> None:
        if not rows:
            return
        first = len(self._rows)
        self.beginInsertRows(QModelIndex(), first, first + len(rows) - 1)
        for row in rows:
            self._index_of[row.domain.uuid] = len(self._rows)
            self._rows.append(row)
        self.endInsertRows()

    def _remove(self, uuid: str) -> None:
        position = self._index_of[uuid]
        self.beginRemoveRows(QModelIndex(), position, position)
        del self._rows[position]
        self._index_of = {row.domain.uuid: at for at, row in enumerate(self._rows)}
        self.endRemoveRows()

    def _replace(self, row: DomainRow, roles: list[DomainRole] | None = None) -> None:
        position = self._index_of[row.domain.uuid]
        self._rows[position] = row
        index = self.index(position)
        self.dataChanged.emit(index, index, roles or [])
