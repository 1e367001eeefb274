"""Settings of a machine by hand, for the views that show and change them."""

from dataclasses import replace
from pathlib import Path

from vmdesk.core.domain import difference
from vmdesk.core.formatting import GIB
from vmdesk.core.operations.changes import Bounds, Network
from vmdesk.core.operations.properties import DiskState, Properties, Sizes
from vmdesk.hardware import Settings, Version

MAC = "52:54:00:12:34:56"
DISK = DiskState(
    "vda", "virtio", False, "/vms/debian.qcow2", Path("/vms/debian.qcow2"), "qcow2",
    30 * GIB, 12 * GIB, 100 * GIB,
)  # fmt: skip
DRIVE = DiskState(
    "sda", "sata", True, "/isos/debian.iso", Path("/isos/debian.iso"), "raw", None, None, None
)
EMPTY_DRIVE = DiskState("sdb", "sata", True, "", None, "raw", None, None, None)
OFF = Properties(
    uuid="e1d8722e-0000-4000-8000-000000000001",
    base="<domain/>",
    name="debian",
    title="Mirror",
    description="Two\nlines",
    autostart=False,
    uses_kvm=True,
    is_active=False,
    is_saved=False,
    stored=Sizes(4 * 1024**2, 4 * 1024**2, 2, 2),
    running=None,
    bounds=Bounds(16 * 1024**2, 12 * 1024**2, 8),
    display="spice",
    disks=(DISK, DRIVE, EMPTY_DRIVE),
    networks=(Network(MAC, "network", "default", "virtio"),),
    host_networks=("default", "lab"),
    pending=frozenset(),
)
RUNNING = replace(
    OFF, is_active=True, running=Sizes(4 * 1024**2, 8 * 1024**2, 2, 4),
    stored=Sizes(4 * 1024**2, 8 * 1024**2, 2, 4),
)  # fmt: skip


def settings(found: Properties = OFF, **changed: object) -> Settings:
    """What the dialog shows, with two earlier versions, on a host with KVM and SPICE."""
    before, after = "<a>\n<b/>\n</a>", "<a>\n<c/>\n</a>"
    lines = tuple(difference.lines(before, after))
    versions = (
        Version(7, 1.7e9, ("Memory: 2 GiB → 4 GiB",), ("Memory: 4 GiB → 2 GiB",), lines),
        Version(6, 1.6e9, (), (), lines),
    )
    return replace(Settings(found, versions, True, True, 100 * GIB), **changed)  # type: ignore[arg-type]
