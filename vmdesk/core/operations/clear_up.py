"""Clear away what exports and imports left behind that were killed in the middle."""

from vmdesk.core import staging
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import placing
from vmdesk.core.staging import Leftover


def run(host: Host, _job: Job) -> tuple[Leftover, ...]:
    """Clear up, and return what took room; work that is still going on is left alone."""
    leftovers = staging.sweep(
        host.uri,
        lambda uuid: host.domain_info(uuid) is not None,
        lambda pool, name: placing.delete_volume(host, pool, name),
    )
    return tuple(leftover for leftover in leftovers if leftover.size)
