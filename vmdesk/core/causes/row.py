"""One known cause of failures: by what it is recognized, and what it is in a user's words."""

import re
from dataclasses import dataclass, field

from vmdesk.core.job import Cause


@dataclass(frozen=True, slots=True)
class Signs:
    """What a failure shows of itself; what it has not is ``None``.

    ``code`` and ``domain`` are libvirt's (``virErrorNumber``, ``virErrorDomain``), ``number`` is an
    ``errno``. ``is_lost`` tells that libvirt's daemon was not reached. ``kinds`` are what a failure
    of the network is: the names of an exception's classes.
    """

    message: str
    code: int | None = None
    domain: int | None = None
    number: int | None = None
    is_lost: bool = False
    kinds: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Row:
    """A cause: ``words`` (a pattern, any letter case) or ``numbers`` recognize it.

    What ``codes``, ``domain`` and ``kinds`` ask for has to hold besides. The names of groups in
    ``words`` can stand in braces in ``summary``, ``hint`` and ``command``, and ``user`` in the
    last. ``command`` mends it, by a button with the text ``button``; or ``package`` does, a key of
    the doctor's.
    """

    key: str
    summary: str
    hint: str = ""
    words: str = ""
    codes: frozenset[int] = frozenset()
    domain: int | None = None
    numbers: frozenset[int] = frozenset()
    is_lost: bool = False
    kinds: frozenset[str] = frozenset()
    cause: Cause = Cause.FAILED
    button: str = ""
    command: tuple[str, ...] = ()
    needs_root: bool = False
    package: str = ""
    pattern: re.Pattern[str] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", re.compile(self.words, re.IGNORECASE | re.DOTALL))

    def recognize(self, signs: Signs) -> dict[str, str] | None:
        """Return the values of the groups if ``signs`` are those of this cause, else ``None``."""
        if self.is_lost != signs.is_lost:
            return None
        if (self.kinds or signs.kinds) and self.kinds.isdisjoint(signs.kinds):
            return None
        if self.codes and signs.code not in self.codes:
            return None
        if self.domain is not None and signs.domain != self.domain:
            return None
        match = self.pattern.search(signs.message) if self.words else None
        if match is not None:
            return match.groupdict("")
        is_meant = signs.number in self.numbers or not (self.words or self.numbers)
        return {} if is_meant else None
