"""SHA-256 sums: as a user types them, as servers list them, and of a file."""

import hashlib
import re
from pathlib import Path, PurePosixPath

from vmdesk.core.formatting import MIB
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError

_DIGEST = re.compile(r"[0-9a-fA-F]{64}")
# "HEX  NAME" or "HEX *NAME", as coreutils writes them (sha256sum(1)).
_COREUTILS_LINE = re.compile(r"([0-9a-fA-F]{64}) [ *](.+)")
# "SHA256 (NAME) = HEX", as BSD and `sha256sum --tag` write them.
_BSD_LINE = re.compile(r"SHA256 \((.+)\) = ([0-9a-fA-F]{64})")


def normalised(text: str) -> str:
    """Return a SHA-256 sum that a user typed or pasted as 64 small hexadecimal digits.

    Raises ``OperationError`` if it is none.
    """
    digest = text.strip().lower().removeprefix("sha256:").strip()
    if not _DIGEST.fullmatch(digest):
        raise OperationError(
            _("“{text}” is not a SHA-256 checksum.").format(text=text.strip()[:80]),
            _("A SHA-256 checksum has 64 digits, each 0 to 9 or a to f."),
            cause=Cause.INVALID_VALUE,
        )
    return digest


def in_list(text: str, name: str) -> str | None:
    """Return the sum that a list of coreutils or BSD form gives for the file ``name``.

    A list that names the file in several folders with different sums says nothing about it.
    Lines of any other form, such as those of a signature, are passed over.
    """
    exact: set[str] = set()
    elsewhere: set[str] = set()
    for line in text.splitlines():
        digest, path = _parsed(line.strip())
        if path.removeprefix("./") == name:
            exact.add(digest)
        elif PurePosixPath(path).name == name:
            elsewhere.add(digest)
    found = exact or elsewhere
    return found.pop() if len(found) == 1 else None


def alone(text: str) -> str | None:
    """Return the sum in a file that holds nothing else, as ``NAME.iso.sha256`` often does."""
    digest = text.strip()
    return digest.lower() if _DIGEST.fullmatch(digest) else None


def of_file(path: Path, job: Job, text: str) -> str:
    """Return the SHA-256 sum of a file, reporting its progress in bytes under ``text``."""
    digest = hashlib.sha256()
    total = path.stat().st_size
    done = 0
    with path.open("rb") as file:
        while chunk := file.read(MIB):
            digest.update(chunk)
            done += len(chunk)
            job.report(done, total, text)
    return digest.hexdigest()


def _parsed(line: str) -> tuple[str, str]:
    if match := _COREUTILS_LINE.fullmatch(line):
        return match[1].lower(), match[2]
    if match := _BSD_LINE.fullmatch(line):
        return match[2].lower(), match[1]
    return "", ""
