"""The one table of what can fail, and what of it to tell a user: summary, hint and mend.

libvirt's codes count before words, which come in the language that its daemon runs in.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import libvirt

from vmdesk.core.causes.connections import REACHING, RIGHTS
from vmdesk.core.causes.files import FILES
from vmdesk.core.causes.machines import MACHINES
from vmdesk.core.causes.network import HTTP, NETWORK
from vmdesk.core.causes.row import Row, Signs
from vmdesk.core.causes.states import STATES
from vmdesk.core.doctor import packages
from vmdesk.core.job import Cause, OperationError
from vmdesk.core.lost_connection import is_lost_connection
from vmdesk.core.mend import Mend, as_root, user_name

TABLE: tuple[Row, ...] = REACHING + RIGHTS + STATES + MACHINES + FILES + NETWORK
"""Every known cause; of two that fit, the first is meant."""


@dataclass(frozen=True, slots=True)
class Known:
    """A cause that was recognized, with the values of this case in its words."""

    key: str
    summary: str
    hint: str
    cause: Cause
    mends: tuple[Mend, ...]

    def error(self, details: str) -> "KnownError":
        """Return what is raised; ``details`` are the original words."""
        return KnownError(self, details)


class KnownError(OperationError):
    """A failure whose cause the table has, with what mends it."""

    def __init__(self, known: Known, details: str) -> None:
        super().__init__(known.summary, known.hint, details, known.cause)
        self.mends = known.mends


def of_libvirt(error: libvirt.libvirtError) -> Known | None:
    """Recognize an error of libvirt, or of QEMU through it."""
    code = error.get_error_code()
    is_errno = code == libvirt.VIR_ERR_SYSTEM_ERROR
    return recognize(
        Signs(
            error.get_error_message() or str(error),
            code,
            error.get_error_domain(),
            error.get_int1() if is_errno else None,
            is_lost_connection(error),
        )
    )


def of_program(words: str) -> Known | None:
    """Recognize what QEMU or qemu-img wrote on stderr."""
    return recognize(Signs(words))


def of_system(error: OSError) -> Known | None:
    """Recognize an error of the system, of a file for the most part."""
    return recognize(Signs(str(error), number=error.errno))


def of_network(errors: Sequence[BaseException], where: Mapping[str, str]) -> Known:
    """Recognize why a server was not reached, or did not answer to the end.

    ``errors`` are an exception and those that it was made from; ``where`` has the server's
    ``host`` and the ``address``.
    """
    signs = [
        Signs(
            str(error),
            number=error.errno if isinstance(error, OSError) else None,
            kinds=frozenset(kind.__name__ for kind in type(error).__mro__),
        )
        for error in errors
    ]
    fits = (row for row in NETWORK if any(row.recognize(one) is not None for one in signs))
    return _told(next(fits), dict(where))


def of_status(status: int, where: Mapping[str, str]) -> Known:
    """Recognize a status of HTTP that brings no file; ``where`` as for ``of_network``."""
    signs = Signs(f"HTTP {status}", status, kinds=HTTP)
    row = next(row for row in NETWORK if row.recognize(signs) is not None)
    return _told(row, {**where, "status": str(status)})


def recognize(signs: Signs) -> Known | None:
    """Return the first cause in the table that ``signs`` fit, or ``None``."""
    for row in TABLE:
        values = row.recognize(signs)
        if values is not None:
            return _told(row, values)
    return None


def _told(row: Row, values: dict[str, str]) -> Known:
    # A pattern of two branches has “other” in the second, for the first group's place.
    first = next((name for name in values if name != "other"), "")
    if values.get("other"):
        values = {**values, first: values["other"]}
    return Known(
        row.key,
        row.summary.format(**values),
        row.hint.format(**values),
        row.cause,
        _mends(row, values),
    )


def _mends(row: Row, values: dict[str, str]) -> tuple[Mend, ...]:
    if row.package:
        return packages.install(row.package)
    if not row.command:
        return ()
    command = tuple(part.format(user=user_name(), **values) for part in row.command)
    return (as_root(row.button, *command) if row.needs_root else Mend(row.button, command),)
