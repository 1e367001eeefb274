"""Machines of a private libvirt, the three who use them, and what must hold whatever they do."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from lxml import etree

from tests.conftest import PrivateLibvirt
from tests.core.operations import token_machine
from tests.guests import MEMTEST_ISO
from vmdesk.core import paths
from vmdesk.core.bundle import scan
from vmdesk.core.host import Host
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import clear_up

PATIENCE = 120
"""Seconds after which a command hangs."""
EXPECTED_CODES = range(6)
"""Exit codes of vmdeskctl that say what happened; a defect has none of its own."""


class World:
    """The machines, and vmdesk's folders; bundles go to ``exports``."""

    def __init__(self, libvirt: PrivateLibvirt, folder: Path) -> None:
        self.libvirt = libvirt
        self.disks = paths.disks_dir()
        self.disks.mkdir(parents=True, exist_ok=True)
        self.exports = folder / "exports"
        self.exports.mkdir()
        self.bundle = folder / "bundle.tar"

    @contextmanager
    def host(self) -> Iterator[Host]:
        """A connection, to the daemon that is there or to a new one."""
        host = Host(self.libvirt.uri)
        host.open()
        yield host
        host.close()

    def make(self, count: int) -> list[str]:
        """Make machines whose disks can be exported; return their UUIDs."""
        with self.host() as host:
            found = []
            for number in range(count):
                name = f"machine-{number}"
                disk = token_machine.make_qcow2(self.disks / f"{name}.qcow2", name)
                found.append(token_machine.define(host, name, [(disk, "qcow2")]).UUIDString())
        return found

    def make_bundle(self, uuid: str) -> None:
        """Have something to import."""
        done = self.run("export", uuid, "-o", str(self.bundle), "--format", "tar")
        assert done.returncode == 0, done.stderr

    def start(self, *argv: str, before: Sequence[str] = ()) -> subprocess.Popen[str]:
        """Let vmdeskctl begin with something; ``before`` is a program that runs it."""
        command = [
            *before,
            sys.executable,
            "-m",
            "vmdesk.cli",
            "--connect",
            self.libvirt.uri,
            "--json",
        ]
        return subprocess.Popen(
            [*command, *argv], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def run(self, *argv: str) -> subprocess.CompletedProcess[str]:
        """Do something in the terminal; whatever happens, it is no defect."""
        return ended(self.start(*argv), *argv)

    def virsh(self, *argv: str) -> bool:
        """Do something as an outsider; return whether it could be done."""
        command = ["virsh", "--connect", self.libvirt.uri, *argv]
        return subprocess.run(command, capture_output=True, timeout=PATIENCE).returncode == 0

    def uuids(self) -> set[str]:
        """Return the machines that libvirt knows."""
        with self.host() as host:
            return {info.uuid for info in host.domains()}

    def problems(self) -> list[str]:
        """Clear up as a start of vmdesk does, and return what is then not as it must be."""
        with self.host() as host:
            clear_up.run(host, Job())
            infos = host.domains()
            used = {path for info in infos for path in _files(host, info.uuid)}
        found = [
            f"{name} is there {count} times"
            for name, count in Counter(info.name for info in infos).items()
            if count > 1
        ]
        here = {path for path in self.disks.rglob("*") if path.is_file()}
        found += [f"{path} belongs to nobody" for path in sorted(here - used)]
        found += [f"{path} is missing" for path in sorted(used - here)]
        found += [text for path in sorted(self.exports.iterdir()) for text in _defects(path)]
        return found


def ended(process: subprocess.Popen[str], *argv: str) -> subprocess.CompletedProcess[str]:
    """Wait until vmdeskctl ends, in a way that it ought to."""
    try:
        out, errors = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    assert process.returncode in EXPECTED_CODES, (argv, errors)
    assert "Traceback" not in errors, (argv, errors)
    return subprocess.CompletedProcess(argv, process.returncode, out, errors)


def answer(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """Return what vmdeskctl has said."""
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def new_machine(name: str) -> list[str]:
    """Return the command that makes a machine with a disk of its own, and does not start it."""
    argv = ["create", "--name", name, "--iso", str(MEMTEST_ISO), "--memory", "64"]
    return [*argv, "--vcpus", "1", "--disk-size", "1", "--no-start"]


def bare_xml(name: str) -> tuple[str, str]:
    """Return a UUID and the description of a machine without a disk, for an outsider to define."""
    uuid = str(uuid4())
    return (
        uuid,
        f"""
<domain type='qemu'><name>{name}</name><uuid>{uuid}</uuid><memory unit='MiB'>32</memory>
<os><type machine='q35'>hvm</type></os></domain>""",
    )


def _files(host: Host, uuid: str) -> list[Path]:
    root = etree.fromstring(host.domain(uuid).XMLDesc())
    return [Path(str(file)) for file in root.xpath("devices/disk[@device='disk']/source/@file")]


def _defects(path: Path) -> list[str]:
    try:
        contents = scan.verify(path, Job())
    except (OperationError, OSError) as error:
        return [f"{path}: {error}"]
    return [] if scan.has_right_checksums(contents) or path.suffix == ".tar" else [f"{path}: sums"]


def open_files() -> dict[str, str]:
    """Return what this process has open: files, sockets and pipes."""
    links = {}
    for entry in Path("/proc/self/fd").iterdir():
        try:
            links[entry.name] = str(entry.readlink())
        except OSError:
            continue  # the one for this listing
    return links


def threads() -> int:
    """Return how many threads this process has, whoever started them."""
    return len(list(Path("/proc/self/task").iterdir()))


def children() -> set[int]:
    """Return the processes that this one has started and that have not ended."""
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[1]) == os.getpid():
            found.add(int(stat.parent.name))
    return found
