"""A system instance of libvirt, which root has started for the test run, as its user sees it.

See packaging/dev/system-libvirt. Its images are in a folder that this user can't look into.
"""

import os
from pathlib import Path

import libvirt

from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.storage import pools
from vmdesk.core.storage.pools import PoolState

FOLDER = Path(os.environ.get("VMDESK_TEST_SYSTEM", "/nowhere"))
SOCKET = FOLDER / "run/libvirt-sock"
URI = f"qemu:///system?socket={SOCKET}"
IMAGES = FOLDER / "images"

POOL = f"""
<pool type='dir'><name>default</name><target><path>{IMAGES}</path></target></pool>
"""


def names(host: Host) -> set[str]:
    """Return the names of the volumes in the pool for disks, as they are now."""
    pool = host.connection.storagePoolLookupByName("default")
    pool.refresh()
    return set(pool.listVolumes())


def empty(host: Host) -> None:
    """Remove every machine, volume and pool."""
    for domain in host.connection.listAllDomains():
        if domain.isActive():
            domain.destroy()
        domain.undefineFlags(libvirt.VIR_DOMAIN_UNDEFINE_SNAPSHOTS_METADATA)
    for found in pools.every(host, Job()):
        pool = host.connection.storagePoolLookupByName(found.name)
        if found.state is PoolState.RUNNING:
            pool.refresh()
            # A pool that was made for a folder of the tests' own is only forgotten.
            is_own = found.path in (IMAGES, Path(pools.SYSTEM_FOLDER))
            for volume in pool.listAllVolumes() if is_own else ():
                volume.delete()
            pool.destroy()
        if found.name in host.connection.listDefinedStoragePools():
            pool.undefine()
