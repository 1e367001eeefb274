"""Fixtures for all of the core: this computer as it would be otherwise."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.elsewhere import Elsewhere


@pytest.fixture
def elsewhere() -> Iterator[Elsewhere]:
    """This computer in a namespace of its own, for one test."""
    with tempfile.TemporaryDirectory(prefix="vme-", dir="/tmp") as folder:
        yield Elsewhere(Path(folder))
