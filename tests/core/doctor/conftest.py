"""A system to examine: the real one, or one below a folder for what hardware would have to do."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from vmdesk.core import paths
from vmdesk.core.doctor.finding import Surroundings

Examine = Callable[..., Surroundings]


@pytest.fixture
def examined(tmp_path: Path) -> Examine:
    """Return what describes a system: ``root`` defaults to this one."""

    def make(uri: str = "qemu:///session", root: Path = Path("/")) -> Surroundings:
        return Surroundings(uri, tmp_path / "disks", tmp_path / "isos", root)

    return make


@pytest.fixture(params=["a file in its place", "closed", "names that are taken"])
def spoiled_state(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Path]:
    """A folder for vmdesk's state in which nothing can be kept; what is begun must not stay."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = paths.state_dir()
    if request.param == "a file in its place":
        put(folder.parent, folder.name)
    elif request.param == "closed":
        if os.geteuid() == 0:
            pytest.skip("root may write everywhere")
        folder.mkdir(parents=True)
        folder.chmod(0)
    else:
        for name in ("doctor.json", "kvm-trial.json"):
            (folder / name).mkdir(parents=True)
    yield folder
    folder.chmod(0o700)
    assert list(folder.glob("*.part")) == []


def put(root: Path, name: str, text: str = "") -> Path:
    """Write a file of the system below ``root``."""
    path = root / name.lstrip("/")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path
