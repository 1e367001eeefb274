"""Which UEFI variables fit the firmware of this host."""

# https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/firmware.json

import json
from collections.abc import Iterator
from pathlib import Path

from vmdesk.core.image import header
from vmdesk.core.job import OperationError

FOLDERS = (Path("/usr/share/qemu/firmware"), Path("/etc/qemu/firmware"))
"""Where distributions and administrators describe firmware."""


def fits(size: int, folders: tuple[Path, ...] = FOLDERS) -> bool:
    """Say whether some firmware here has variables of ``size`` bytes; also if none is described.

    QEMU refuses to start a machine whose variables are larger or smaller than its firmware's.
    """
    sizes = set(_sizes(folders))
    return not sizes or size in sizes


def _sizes(folders: tuple[Path, ...]) -> Iterator[int]:
    for folder in folders:
        for path in sorted(folder.glob("*.json")):
            try:
                mapping = json.loads(path.read_text())["mapping"]
                template = Path(mapping["nvram-template"]["filename"])
                with template.open("rb") as file:
                    head = file.read(header.HEAD)
                kind = header.detect(head) or "raw"
                yield header.check_head(head, template.stat().st_size, kind).virtual_size
            except (OSError, ValueError, KeyError, TypeError, OperationError):
                continue  # a description of firmware without variables, or of none at all
