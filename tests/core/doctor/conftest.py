"""A system to examine: the real one, or one below a folder for what hardware would have to do."""

from collections.abc import Callable
from pathlib import Path

import pytest

from vmdesk.core.doctor.finding import Surroundings

Examine = Callable[..., Surroundings]


@pytest.fixture
def examined(tmp_path: Path) -> Examine:
    """Return what describes a system: ``root`` defaults to this one."""

    def make(uri: str = "qemu:///session", root: Path = Path("/")) -> Surroundings:
        return Surroundings(uri, tmp_path / "disks", tmp_path / "isos", root)

    return make


def put(root: Path, name: str, text: str = "") -> Path:
    """Write a file of the system below ``root``."""
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
