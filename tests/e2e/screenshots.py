"""``make screenshots``: every page of vmdesk with real machines, for the README and for review.

This makes the machines; ``pictures`` is run four times to look at them, in light and in dark and
at one and two pixels for each point, which Qt takes in at the start of a process only.
"""

import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from PySide6.QtGui import QImage

from tests.e2e import doctor_pictures
from tests.e2e.main_job import is_blank
from tests.e2e.session import URI, private_session
from tests.guests import IPXE_ISO, MEMTEST_ISO
from tests.iso_server import Fault, IsoServer, make_iso
from vmdesk.core import events, paths, screenshot
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import create, export, start_stop
from vmdesk.core.operations.create import Created, NewDomain

MACHINES = (
    NewDomain(str(MEMTEST_ISO), "archive", 80 * GIB, 2 * GIB // KIB, 1, start=False),
    NewDomain(str(MEMTEST_ISO), "build-server", 40 * GIB, 4 * GIB // KIB, 2, start=False),
    NewDomain(str(MEMTEST_ISO), "memory-test", 10 * GIB, 512 * MIB // KIB, 1),
    NewDomain(str(IPXE_ISO), "netboot", 20 * GIB, 1 * GIB // KIB, 1),
    NewDomain(str(MEMTEST_ISO), "router-test", 4 * GIB, 256 * MIB // KIB, 1),
)
EXPORTED, PAUSED = "build-server", "router-test"
CONTENT = 300 * MIB
"""Bytes written to the disk of the machine that is exported."""
DISC_SIZE, DISC_PACE = 640 * MIB, 24 * MIB
"""Bytes, and bytes per second, of the disc that is downloaded meanwhile."""
PATIENCE = 90.0
"""Seconds."""


def main() -> None:
    """Leave the pictures in the folder that is named on the command line."""
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with private_session() as root, IsoServer() as server:
        disc = root / "disc.iso"
        disc.write_bytes(make_iso(MIB))
        os.truncate(disc, DISC_SIZE)
        server.add("/debian-13.iso", disc, always=Fault(pace=DISC_PACE))
        bundle = _make_machines(root)
        for theme in ("light", "dark"):
            for scale in (1, 2):
                _take_pictures(folder, theme, scale, server.url("/debian-13.iso"), bundle)
                doctor_pictures.take(folder, theme, scale)
    total = sum(file.stat().st_size for file in folder.iterdir())
    print(f"The pictures are in {folder.resolve()}: {total // KIB} KiB")


def _make_machines(root: Path) -> Path:
    """Make the machines, bring each to its state, and return the export of one."""
    events.register()
    events.start_thread()
    host = Host(URI)
    host.open()
    folders = Folders(paths.isos_dir(), paths.disks_dir())
    made: dict[str, Created] = {}
    for new in MACHINES:
        made[new.name] = create.run(host, new, folders, Job())
        print(f"made {new.name}", flush=True)
    write = f"write -q -P 7 0 {CONTENT}"
    subprocess.run(["qemu-io", "-c", write, made[EXPORTED].disk], check=True)
    bundle = root / f"{EXPORTED}.tar.gz"
    export.run(host, made[EXPORTED].uuid, bundle, export.ExportOptions(), Job())
    for new in MACHINES:
        if new.start:
            _await_screen(host, new)
    start_stop.pause(host, made[PAUSED].uuid, Job())
    host.close()
    return bundle


def _await_screen(host: Host, new: NewDomain) -> None:
    """Wait until a guest has drawn something; memtest's screen is blue, that of the BIOS is not."""
    deadline = time.monotonic() + PATIENCE
    is_blue = new.source == str(MEMTEST_ISO)
    while True:
        picture = QImage.fromData(screenshot.take(host, new.uuid))
        middle = picture.pixelColor(picture.rect().center())
        if not is_blank(picture) and (middle.blue() > middle.red()) is is_blue:
            return
        assert time.monotonic() < deadline, f"nothing on the screen of {new.name}"
        time.sleep(0.5)


def _take_pictures(folder: Path, theme: str, scale: int, disc: str, bundle: Path) -> None:
    print(f"{theme}, {scale}x", flush=True)
    command = [sys.executable, "-m", "tests.e2e.pictures", str(folder), theme, disc, str(bundle)]
    environment = {**os.environ, "QT_SCALE_FACTOR": str(scale)}
    subprocess.run(command, check=True, env=environment)
    # The next one is to see the same download from its beginning.
    for part in paths.isos_dir().glob("debian-13*"):
        part.unlink()


if __name__ == "__main__":
    main()
