"""``make demo``: the real main job on a virtual screen, in numbered pictures and a summary.

Everything is real: the window as ``vmdesk`` builds it, a libvirt of this run's own, QEMU, a guest
that boots from an ISO which a web server on loopback cuts off once, and virt-viewer.
"""

import shutil
import sys
import time
from pathlib import Path

from PySide6.QtTest import QTest

from tests.e2e import screen
from tests.e2e.heartbeat import Heartbeat
from tests.e2e.main_job import DISC_PACE, MainJob
from tests.e2e.person import Person
from tests.e2e.session import URI, private_session
from tests.guests import MEMTEST_ISO
from tests.iso_server import Fault, IsoServer
from vmdesk.app import build
from vmdesk.core.formatting import MIB
from vmdesk.core.operations import start_stop

PATIENCE_WITH_SHUTDOWN = 3.0
"""Seconds; a person would wait for the minute that vmdesk waits."""
SETTLE = 400
"""Milliseconds in which a window is drawn before its picture is taken."""


def main() -> None:
    """Do the main job and leave its pictures in the folder that is named on the command line."""
    folder = Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    start_stop.SHUTDOWN_TIMEOUT = PATIENCE_WITH_SHUTDOWN
    with private_session(), IsoServer() as server:
        _run(server, folder)
    print(f"The pictures are in {folder.resolve()}")


def _run(server: IsoServer, folder: Path) -> None:
    page = server.add("/memtest.iso", MEMTEST_ISO, always=Fault(pace=DISC_PACE))
    page.faults.append(Fault(cut_after=2 * MIB, pace=DISC_PACE))
    _application, window, controller = build(["--connect", URI])
    # virt-viewer opens in the top left corner of a screen without a window manager.
    window.setGeometry(380, 120, 1180, 800)
    window.show()
    heartbeat = Heartbeat(window)
    began = time.monotonic()
    numbers = iter(range(1, 100))

    def look(caption: str) -> None:
        QTest.qWait(SETTLE)
        name = f"{next(numbers):02d}-{caption.lower().replace(' ', '-').replace(',', '')}.png"
        with heartbeat.aside():
            screen.take_picture(folder / name)
        print(f"{time.monotonic() - began:5.1f} s  {caption}", flush=True)

    try:
        MainJob(Person(window, heartbeat.aside), controller, server.url("/memtest.iso"), look).run()
    finally:
        window.close()
        controller.shut_down_vmdesk()
    hold, work = heartbeat.longest_hold * 1000, heartbeat.longest_work * 1000
    print(f"The window's thread was held for {hold:.0f} ms at most ({work:.0f} ms of work).")


if __name__ == "__main__":
    main()
