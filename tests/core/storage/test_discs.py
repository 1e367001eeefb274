"""Discs for a host on another computer: what is there, and what is only here."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import FOLDERS
from tests.other_libvirt import open_remotely
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.storage import discs

pytestmark = pytest.mark.hypervisor


@pytest.fixture
def remote_host(private_host: Host, tmp_path: Path) -> Iterator[Host]:
    """The private daemon once more, as it looks when it is on another computer."""
    with closing(open_remotely(FOLDERS, tmp_path / "connect")) as host:
        yield host


def test_a_disc_that_is_neither_here_nor_there_is_refused(
    remote_host: Host, tmp_path: Path
) -> None:
    source = str(tmp_path / "nowhere/disc.iso")
    with pytest.raises(OperationError, match=r"There is no file .*disc\.iso") as caught:
        discs.probe(remote_host, source, tmp_path, Job())
    assert caught.value.cause is Cause.BAD_INPUT
