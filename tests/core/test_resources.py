"""The files that come with vmdesk are found where they lie."""

import sys
from pathlib import Path

import pytest

from vmdesk.core import resources


def test_in_a_checkout_they_lie_beside_the_package() -> None:
    assert (resources.folder("icons") / "vmdesk.svg").is_file()


def test_installed_by_pip_they_lie_under_its_prefix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_BESIDE", Path("/nowhere"))
    assert resources.folder("icons") == Path(sys.prefix) / "share/vmdesk/icons"
