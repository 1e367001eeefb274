"""What tells a machine from all others."""

from typing import NamedTuple


class DomainKey(NamedTuple):
    """A machine of one connection: two hosts may have the same UUID."""

    connection: str
    """The URI of its connection."""
    uuid: str
