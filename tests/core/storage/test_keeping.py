"""Which images go with their machine, where a pool has them."""

import os
from pathlib import Path

import pytest

from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.storage import keeping, pools
from vmdesk.core.storage.keeping import KeptFile

pytestmark = pytest.mark.hypervisor


def _disk(volume: str) -> DiskDevice:
    (disk,) = DomainXml.parse(f"""
<domain type='qemu'><name>web</name><devices>
  <disk type='volume' device='disk'>
    <source pool='own' volume='{volume}'/><target dev='vda' bus='virtio'/>
  </disk>
</devices></domain>""").disks
    return disk


def test_a_volume_that_is_a_folder_stays(private_host: Host, pool_folder: Path) -> None:
    (pool_folder / "folder").mkdir(parents=True)
    (pool_folder / "file").touch()
    os.utime(pool_folder / "file", (0, 0))  # two names with the same times would be one file
    pools.start(private_host, "own")
    users = keeping.Users(private_host, "", Job())
    deleted, kept = keeping.sort_out(private_host, [_disk("folder"), _disk("file")], users)
    assert [image.path for image in deleted] == [pool_folder / "file"]
    assert kept == [KeptFile("own/folder", "not a regular file")]
