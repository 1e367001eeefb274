"""The connection that checks ask: the one that is open already, or one of their own."""

from collections.abc import Iterator
from contextlib import closing, contextmanager

import libvirt

from vmdesk.core.doctor.finding import Surroundings


@contextmanager
def reached(surroundings: Surroundings) -> Iterator[libvirt.virConnect]:
    """Yield a connection to the examined libvirt; raises ``libvirtError``."""
    if surroundings.connection is not None:
        yield surroundings.connection
    else:
        with closing(libvirt.open(surroundings.uri)) as connection:
            yield connection
