"""A connection to the private session, for a process that lives for one operation."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.session import URI
from vmdesk.core import events
from vmdesk.core.host import Host


@contextmanager
def host() -> Iterator[Host]:
    """Open it; nobody drives its events, for nothing waits for one."""
    events.register()
    opened = Host(URI)
    opened.open()
    yield opened
    opened.close()
