"""What every action of the server is given."""

from dataclasses import dataclass

from vmdesk.api.jobs import Jobs, JsonObject, Work
from vmdesk.api.live_host import LiveHost
from vmdesk.core.folders import Folders
from vmdesk.core.host import DomainInfo, Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, OperationError


@dataclass(frozen=True, slots=True)
class Services:
    """The connection, the jobs, and where ISOs and disks are kept."""

    live: LiveHost
    jobs: Jobs
    folders: Folders

    @property
    def host(self) -> Host:
        """The open connection."""
        return self.live.get()

    def domain(self, name: str) -> DomainInfo:
        """Look up a domain by what a path has for its name; raise ``OperationError``."""
        if "\0" in name:
            # libvirt's functions take texts of C.
            raise OperationError(_("There is no such machine."), cause=Cause.NOT_FOUND)
        return self.host.lookup(name)

    def run(self, title: str, info: DomainInfo, work: Work) -> JsonObject:
        """Do the work as the only job of the machine; ``title`` has a place for its ``name``."""
        return self.jobs.run(title.format(name=info.name), info.name, info.uuid, work)
