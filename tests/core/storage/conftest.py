"""A storage pool of a private libvirt."""

from pathlib import Path

import pytest

from vmdesk.core.host import Host

POOL = """
<pool type='dir'><name>{name}</name><target><path>{path}</path></target></pool>
"""


@pytest.fixture
def pool_folder(private_host: Host, tmp_path: Path) -> Path:
    """Where the volumes of the pool ``own`` are, which is defined and not started."""
    folder = tmp_path / "pool"
    private_host.connection.storagePoolDefineXML(POOL.format(name="own", path=folder))
    return folder
