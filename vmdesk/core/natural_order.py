"""The order of names as people have it: vm2 before vm10, and capitals among the rest."""

import re
from functools import lru_cache

NaturalKey = tuple[tuple[bool, int, str], ...]
"""Compares as its name does."""


@lru_cache(maxsize=4096)
def natural_key(name: str) -> NaturalKey:
    """Return what sorts a name."""
    parts = re.findall(r"\d+|\D+", name.casefold())
    return tuple(
        (not part.isdecimal(), int(part) if part.isdecimal() else 0, part) for part in parts
    )
