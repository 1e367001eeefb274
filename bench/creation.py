"""From the wish for a machine to its running, against virsh with qemu-img, and virt-install."""

import re
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import peers
from bench.child import memory_of
from bench.figures import Options, Row, compare, in_turns
from bench.session import host
from tests.e2e.session import URI, private_session
from tests.guests import MEMTEST_ISO
from vmdesk.core.folders import Folders
from vmdesk.core.formatting import GIB, KIB, MIB
from vmdesk.core.job import Job
from vmdesk.core.operations import create
from vmdesk.core.operations.create import NewDomain

NAME = "bench"
MEMORY = 128
"""MiB."""
COMMANDS, INSTALLER = "qemu-img and virsh", "virt-install"
GOAL = 1.1


def measure(options: Options) -> list[Row]:
    """All of them use a disc that is here already."""
    with private_session(), TemporaryDirectory(dir=options.place) as folder:
        place = Path(folder)
        description = place / "description.xml"
        memory_of(partial(_create, place, start=False))
        description.write_text(_foreign(_virsh("dumpxml", "--inactive", NAME)))
        _tidy(place)
        works = {
            "vmdesk": _timed(partial(memory_of, partial(_create, place)), place),
            COMMANDS: _timed(partial(_by_commands, place, description), place),
        }
        if peers.is_here(INSTALLER):
            works[INSTALLER] = _timed(partial(_by_installer, place), place)
        found = in_turns(options.rounds, works)
    what = "create to running"
    return [compare(what, found, COMMANDS, GOAL), compare(what, found, INSTALLER)]


def _timed(work: Callable[[], object], place: Path) -> Callable[[], float]:
    def once() -> float:
        began = time.monotonic()
        work()
        seconds = time.monotonic() - began
        assert _virsh("domstate", NAME).strip() == "running"
        _tidy(place)
        return seconds

    return once


def _create(place: Path, *, start: bool = True) -> None:
    new = NewDomain(str(MEMTEST_ISO), NAME, 10 * GIB, MEMORY * MIB // KIB, 1, start=start)
    with host() as opened:
        create.run(opened, new, Folders(place, place), Job())


def _by_commands(place: Path, description: Path) -> None:
    subprocess.run(
        ["qemu-img", "create", "-q", "-f", "qcow2", place / f"{NAME}.qcow2", "10G"], check=True
    )
    _virsh("define", str(description))
    _virsh("start", NAME)


def _by_installer(place: Path) -> None:
    argv = ["virt-install", "--connect", URI, "--name", NAME, "--memory", str(MEMORY)]
    argv += ["--vcpus", "1", "--osinfo", "generic", "--cdrom", str(MEMTEST_ISO)]
    argv += ["--disk", f"path={place}/{NAME}.qcow2,size=10", "--noautoconsole", "--wait", "0"]
    subprocess.run(argv, check=True, capture_output=True)


def _foreign(xml: str) -> str:
    """Return a description without what libvirt gives to each machine anew."""
    return re.sub(r"<uuid>.*?</uuid>", "", xml)


def _virsh(*argv: str) -> str:
    command = ["virsh", "--connect", URI, *argv]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _tidy(place: Path) -> None:
    if _virsh("domstate", NAME).strip() == "running":
        _virsh("destroy", NAME)
    _virsh("undefine", NAME)
    (place / f"{NAME}.qcow2").unlink()
