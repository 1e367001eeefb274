"""Exports from another computer's libvirt, read as a stream, against virsh vol-download."""

import os
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import disks, session
from bench.bundles import VIRTUAL, define, size_of
from bench.child import memory_of
from bench.figures import Options, Row, compare, in_turns
from bench.files import Writer, program
from tests.e2e.session import private_session
from tests.other_libvirt import open_remotely
from vmdesk.core import events
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.formatting import GIB
from vmdesk.core.job import Job
from vmdesk.core.operations import export
from vmdesk.core.operations.export import ExportOptions

GOAL = round(1 / 0.9, 2)
"""A throughput of 0.9 of its."""
POOL = "own"
MORE = 2
"""Times as many rounds, and one: of five, the median is mostly the noise of the disk here."""


def measure(options: Options) -> list[Row]:
    """Compare a .tar with the bare image that virsh writes."""
    size = GIB // 8 if options.is_quick else GIB
    with private_session(), TemporaryDirectory(dir=options.place) as folder:
        place = Path(folder)
        disk = disks.make(place / "far.qcow2", size, VIRTUAL * size)
        define(disk)
        memory_of(lambda: _start_pool(place))
        helper = place / "connect"
        ours, theirs = place / "ours.tar", place / "theirs.qcow2"

        def export_it() -> None:
            events.register()
            far = open_remotely(_folders(), helper)
            uuid = far.connection.lookupByName(disk.stem).UUIDString()
            export.run(far, uuid, ours, ExportOptions(ArchiveForm.TAR), Job())
            far.close()

        uri = f"qemu+ext://elsewhere/session?command={helper}"
        download = ("vol-download", "--sparse", "--pool", POOL, disk.name)
        works = {
            "vmdesk": Writer(export_it, ours),
            "virsh": Writer(program("virsh", "-q", "-c", uri, *download, theirs), theirs),
        }
        found = in_turns(MORE * options.rounds + 1, works)
        return [compare(f"export .tar from another host, {size_of(disk)}", found, "virsh", GOAL)]


def _folders() -> dict[str, Path]:
    """Return where the libvirt of this session has its files."""
    return {name: Path(it) for name, it in os.environ.items() if name.startswith("XDG_")}


def _start_pool(folder: Path) -> None:
    with session.host() as host:
        host.connection.storagePoolCreateXML(
            f"<pool type='dir'><name>{POOL}</name><target><path>{folder}</path></target></pool>"
        )
