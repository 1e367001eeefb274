"""The bearer token of the server: made once, and readable by its user alone."""

import contextlib
import os
import secrets
import stat
from pathlib import Path

from vmdesk.core import paths
from vmdesk.core.i18n import _
from vmdesk.core.job import OperationError

_BYTES = 32
_SHORTEST = 32
"""Characters: what was cut off or emptied must not let anybody in."""


def path() -> Path:
    """Return the file of the token; it may not exist yet."""
    return paths.config_dir() / "api-token"


def read() -> str:
    """Return the token, making one at the first time.

    Raises ``OperationError`` for a file that others may read, or that holds no token.
    """
    file = path()
    if not file.exists():
        _make(file)
    if stat.S_IMODE(file.stat().st_mode) & 0o077:
        raise OperationError(
            _("Others may read the token in {path}.").format(path=file),
            _("Delete the file; the next start makes another token."),
        )
    token = file.read_text(encoding="ascii", errors="replace").strip()
    if len(token) < _SHORTEST:
        raise OperationError(
            _("There is no token in {path}.").format(path=file),
            _("Delete the file; the next start makes another token."),
        )
    return token


def _make(file: Path) -> None:
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    part = file.with_name(f"{file.name}.{secrets.token_hex(8)}")
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as stream:
            stream.write(secrets.token_urlsafe(_BYTES) + "\n")
            stream.flush()
            os.fsync(stream.fileno())
        # Of two servers that start together one wins, and both use its token.
        with contextlib.suppress(FileExistsError):
            file.hardlink_to(part)
    finally:
        part.unlink()
