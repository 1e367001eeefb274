"""The one object that the views talk to: every connection, and what all of them share."""

from collections.abc import Iterable

from PySide6.QtCore import QObject, Signal

from vmdesk.core import connections, paths
from vmdesk.core.ask_tools import NOBODY, Asking
from vmdesk.core.domain_key import DomainKey
from vmdesk.core.folders import Folders
from vmdesk.core.host import Host
from vmdesk.core.last_use import LastUse
from vmdesk.core.statistics import Usage
from vmdesk.models.domain_list_model import DomainRow, Machine
from vmdesk.models.task_list_model import TaskListModel
from vmdesk.monitor import PICTURE_INTERVAL
from vmdesk.site import Site
from vmdesk.work import Failure, Operations

__all__ = ["Controller", "Failure"]


class Controller(QObject):
    """Owns the connections, and tells what any of them tells."""

    site_added = Signal(object)
    """A new ``Site``, before it connects."""
    site_removed = Signal(object)
    """A ``Site`` that is known no longer."""
    connection_changed = Signal(object)
    """The ``Site`` whose connection stands in another way now."""
    domain_changed = Signal(object)
    """The ``DomainKey`` of a domain whose row was just brought up to date."""
    failed = Signal(object)
    """A ``Failure``."""
    kvm_failed = Signal(object)
    """A ``Failure`` because KVM does not work: offer ``start`` with ``without_kvm``."""
    shutdown_ignored = Signal(object)
    """The ``DomainKey`` of a domain whose guest did not shut down in time: offer ``force_off``."""
    start_needed = Signal(object)
    """The ``DomainKey`` of a domain that is off and whose console was asked for."""
    disc_left_in = Signal(object)
    """The ``DomainKey`` of a domain that has restarted with its installation disc."""
    host_known = Signal(object)
    """The ``Capabilities`` of this computer, as a libvirt on it tells them."""
    cleared_up = Signal(object)
    """A tuple of ``Leftover``: what was broken off when vmdesk died; never empty."""
    left_out = Signal(object)
    """A ``LeftOut``: the user has agreed to an import without knowing this."""
    use_changed = Signal()
    """Other machines ran last: ``last_use`` tells."""
    watched = Signal(object)
    """The ``DomainKey`` of a domain of which there is a new ``Usage``."""

    def __init__(
        self, folders: Folders, asking: Asking = NOBODY, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._asking = asking
        self.tasks = TaskListModel(self)
        self.operations = Operations(self)
        self.last_use = LastUse(paths.state_dir() / "last-use.json")
        self.folders = folders
        self._sites: dict[str, Site] = {}
        self._is_watching = False
        self._picture_interval = PICTURE_INTERVAL

    @property
    def sites(self) -> list[Site]:
        """Every connection, in the order in which they are shown."""
        return list(self._sites.values())

    @property
    def home(self) -> Site:
        """The first connection: where things are made if nothing else is said."""
        return self.sites[0]

    @property
    def open_sites(self) -> list[Site]:
        """The connections on which something can be done now."""
        return [site for site in self.sites if site.is_connected]

    def add(self, uri: str, name: str = "") -> Site:
        """Know one more connection; ``reconnect`` it to have its machines listed."""
        site = Site(Host(uri, self._asking), self.folders, self.tasks, self.last_use, self)
        site.name = name or connections.default_name(uri)
        site.is_added = bool(self._sites) and not connections.is_found(uri)
        self._sites[uri] = site
        self.operations.add(site.operations)
        self._follow(site)
        site.monitor.set_picture_interval(self._picture_interval)
        site.monitor.set_watching(self._is_watching)
        self.site_added.emit(site)
        return site

    def remove(self, site: Site) -> None:
        """Know a connection no longer; what it is doing is cancelled."""
        del self._sites[site.uri]
        self.operations.remove(site.operations)
        self.site_removed.emit(site)
        site.retire()

    def rename(self, site: Site, name: str) -> None:
        """Call a connection something else."""
        site.name = name
        self.connection_changed.emit(site)

    def site(self, key: DomainKey) -> Site | None:
        """Return the connection of a machine, or ``None`` if it was removed."""
        return self._sites.get(key.connection)

    def row(self, key: DomainKey) -> DomainRow | None:
        """Return what is shown of a machine, or ``None`` if it has no row."""
        site = self.site(key)
        return None if site is None else site.domains.row(key.uuid)

    def machines(self, keys: Iterable[DomainKey] | None = None) -> list[Machine]:
        """Return these machines as far as they are there, or all."""
        if keys is None:
            keys = (s.domains.key(row.domain.uuid) for s in self.sites for row in s.domains.rows())
        found = ((key, self.site(key), self.row(key)) for key in keys)
        return [Machine(key, row, site.is_connected) for key, site, row in found if site and row]

    def usages(self, key: DomainKey) -> tuple[Usage, ...]:
        """Return what a machine used lately, newest last; nothing while it isn't running."""
        site = self.site(key)
        return site.monitor.usages(key.uuid) if site is not None else ()

    def is_calm(self, key: DomainKey) -> bool:
        """Whether little happens where a machine is, so that it is looked at less often."""
        site = self.site(key)
        return site is not None and site.monitor.is_calm

    def by_site(self, keys: Iterable[DomainKey]) -> list[tuple[Site, tuple[str, ...]]]:
        """Return the connections of these machines, each with the UUIDs of its own."""
        uuids: dict[str, list[str]] = {}
        for key in keys:
            if key.connection in self._sites:
                uuids.setdefault(key.connection, []).append(key.uuid)
        return [(self._sites[uri], tuple(found)) for uri, found in uuids.items()]

    def reconnect(self) -> None:
        """Connect to every libvirt now."""
        for site in self.sites:
            site.reconnect()

    def set_folders(self, folders: Folders) -> None:
        """Keep discs and new disks elsewhere from now on; what runs goes on where it is."""
        self.folders = folders
        for site in self.sites:
            site.set_folders(folders)

    def set_watching(self, is_watching: bool) -> None:
        """Watch running machines while the window is shown, and stop when it is hidden."""
        self._is_watching = is_watching
        for site in self.sites:
            site.monitor.set_watching(is_watching)

    def set_picture_interval(self, seconds: int) -> None:
        """Take the pictures of all rows in sight anew after so many seconds."""
        self._picture_interval = seconds
        for site in self.sites:
            site.monitor.set_picture_interval(seconds)

    def set_in_sight(self, keys: Iterable[DomainKey], selected: DomainKey | None) -> None:
        """Tell which rows can be seen, and which domain the details show."""
        in_sight = {site.uri: uuids for site, uuids in self.by_site(keys)}
        for site in self.sites:
            is_here = selected is not None and selected.connection == site.uri
            one = selected.uuid if selected is not None and is_here else ""
            site.set_in_sight(in_sight.get(site.uri, ()), one)

    def shut_down_vmdesk(self) -> bool:
        """Cancel what runs, wait for it and disconnect: the end of the program.

        Returns whether no thread is left: one that asks a host that hangs is not waited for.
        """
        # Every one of them, whatever became of those before.
        are_closed = [site.close() for site in self.sites]
        return all(are_closed)

    def _follow(self, site: Site) -> None:
        key = site.domains.key
        site.connection_changed.connect(lambda _status: self.connection_changed.emit(site))
        site.domain_changed.connect(lambda uuid: self.domain_changed.emit(key(uuid)))
        site.shutdown_ignored.connect(lambda uuid: self.shutdown_ignored.emit(key(uuid)))
        site.start_needed.connect(lambda uuid: self.start_needed.emit(key(uuid)))
        site.disc_left_in.connect(lambda uuid: self.disc_left_in.emit(key(uuid)))
        site.monitor.watched.connect(lambda uuid: self.watched.emit(key(uuid)))
        site.failed.connect(self.failed)
        site.kvm_failed.connect(self.kvm_failed)
        if connections.is_local(site.uri):
            site.host_known.connect(self.host_known)
        site.use_changed.connect(self.use_changed)
        site.cleared_up.connect(self.cleared_up)
        site.left_out.connect(self.left_out)
