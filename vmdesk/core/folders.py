"""The folders of this computer that vmdesk fills."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Folders:
    """Where what vmdesk makes is kept."""

    isos: Path
    disks: Path
