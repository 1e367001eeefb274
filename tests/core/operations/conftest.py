"""Fixtures for operations: a folder of one's own for the history, a host elsewhere, a pool."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import FOLDERS, NODE
from tests.other_libvirt import open_remotely
from vmdesk.core.host import Host
from vmdesk.core.storage import pools


@pytest.fixture(autouse=True)
def data_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """vmdesk's own data folder, as “history” and others see it."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "xdg-data"))
    return tmp_path / "xdg-data" / "vmdesk"


@pytest.fixture
def there(tmp_path: Path, libvirt_events: None) -> Iterator[Host]:
    """Another host of libvirt's test driver; tests that need a real one have their own."""
    node = tmp_path / "there.xml"
    node.write_text(NODE)
    with closing(Host(f"test://{node}")) as host:
        host.open()
        yield host


@pytest.fixture
def remote_host(private_host: Host, tmp_path: Path) -> Iterator[Host]:
    """The private daemon once more, as it looks when it is on another computer."""
    host = open_remotely(FOLDERS, tmp_path / "connect")
    yield host
    host.close()


@pytest.fixture
def pool_folder(private_host: Host, tmp_path: Path) -> Path:
    """Where the volumes of the pool ``own`` are, which is started."""
    folder = tmp_path / "pool"
    private_host.connection.storagePoolDefineXML(
        f"<pool type='dir'><name>own</name><target><path>{folder}</path></target></pool>"
    )
    pools.start(private_host, "own")
    return folder


@pytest.fixture
def uuid(test_host: Host) -> str:
    """The UUID of the test host's domain."""
    return test_host.lookup("test").uuid
