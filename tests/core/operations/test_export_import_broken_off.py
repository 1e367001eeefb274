"""Exports and imports that are cancelled or killed: the whole machine afterwards, or nothing."""

import os
import random
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.core.operations import token_machine
from tests.core.operations.cancelled_at import CancelledAt
from vmdesk.core import staging
from vmdesk.core.bundle import scan
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.host import Host
from vmdesk.core.job import Cancelled, Job
from vmdesk.core.operations import export, import_
from vmdesk.core.operations.export import ExportOptions
from vmdesk.core.operations.import_ import ImportOptions

pytestmark = pytest.mark.hypervisor

MOMENTS = 10


class Machine:
    """A machine that is off, its bundle, and the folders that are looked at."""

    def __init__(self, host: Host, folder: Path) -> None:
        self.host = host
        self.target = folder / "target"
        self.target.mkdir()
        disk = folder / "web.qcow2"
        raw = token_machine.make_raw(folder / "raw", "token")
        with raw.open("r+b") as file:
            file.truncate(64 * 1024**2)
            file.seek(token_machine.DISK_SIZE)
            file.write(os.urandom(40 * 1024**2))
        argv = ["qemu-img", "convert", "-f", "raw", "-O", "qcow2", str(raw), str(disk)]
        subprocess.run(argv, check=True)
        self.uuid = token_machine.define(host, "web", [(disk, "qcow2")]).UUIDString()
        options = ExportOptions(ArchiveForm.TAR_GZ)
        self.bundle = export.run(host, self.uuid, folder, options, Job()).path
        self._sources = (disk, self.bundle)
        self._before = self._looked_at()

    def _looked_at(self) -> list[tuple[int, int, int]]:
        found = [path.stat() for path in self._sources]
        return [(status.st_ino, status.st_size, status.st_mtime_ns) for status in found]

    def work(self, what: str, job: Job) -> None:
        if what == "export":
            export.run(self.host, self.uuid, self.target, ExportOptions(ArchiveForm.TAR_GZ), job)
        else:
            import_.run(self.host, self.bundle, ImportOptions(self.target), job)

    def is_whole(self, what: str) -> bool:
        """Check that all or nothing is there, say which, and remove it."""
        staging.sweep(self.host.uri, lambda uuid: self.host.domain_info(uuid) is not None)
        assert self._looked_at() == self._before
        names = {info.name for info in self.host.domains()}
        found = sorted(path.name for path in self.target.iterdir())
        if what == "export":
            assert names == {"web"}
            assert found in ([], ["web.tar.gz"])
            for path in self.target.iterdir():
                assert scan.has_right_checksums(scan.verify(path, Job()))
        else:
            assert (names, found) in (
                ({"web"}, []),
                ({"web", "web-2"}, ["web-2.qcow2"]),
            )
            if "web-2" in names:
                uuid = self.host.lookup("web-2").uuid
                assert token_machine.boot(self.host, uuid, self.target / "log") == "token"
                self.host.domain(uuid).undefine()
        shutil.rmtree(self.target)
        self.target.mkdir()
        return bool(found)


@pytest.fixture
def machine(private_host: Host, tmp_path: Path) -> Machine:
    return Machine(private_host, tmp_path)


@pytest.mark.parametrize("what", ["export", "import"])
def test_a_cancel_at_any_moment_leaves_nothing(machine: Machine, what: str) -> None:
    counting = CancelledAt(0)
    machine.work(what, counting)
    assert machine.is_whole(what)
    assert counting.seen > MOMENTS
    for index in range(MOMENTS):
        moment = 1 + index * (counting.seen - 1) // (MOMENTS - 1)
        with pytest.raises(Cancelled):
            machine.work(what, CancelledAt(moment))
        assert not machine.is_whole(what), moment
    assert list(staging.sweep(machine.host.uri, lambda _uuid: True)) == []


CHILD = """
import sys
from pathlib import Path
from vmdesk.core import events
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.host import Host
from vmdesk.core.job import Job
from vmdesk.core.operations import export, import_
what, uri, uuid, bundle, target = sys.argv[1:]
events.register()
events.start_thread()
host = Host(uri)
host.open()
print("ready", flush=True)
if what == "export":
    options = export.ExportOptions(ArchiveForm.TAR_GZ)
    export.run(host, uuid, Path(target), options, Job())
else:
    import_.run(host, Path(bundle), import_.ImportOptions(Path(target)), Job())
print("done", flush=True)
"""


def _start(machine: Machine, what: str) -> subprocess.Popen[str]:
    argv = [sys.executable, "-c", CHILD, what, machine.host.uri, machine.uuid]
    argv += [str(machine.bundle), str(machine.target)]
    process = subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def _duration(start: Callable[[], subprocess.Popen[str]]) -> float:
    with start() as process:
        began = time.monotonic()
        assert process.stdout is not None
        assert process.stdout.readline() == "done\n"
        return time.monotonic() - began


@pytest.mark.parametrize("what", ["export", "import"])
def test_a_kill_at_any_moment_leaves_all_or_nothing_after_the_next_start(
    machine: Machine, what: str
) -> None:
    duration = _duration(lambda: _start(machine, what))
    assert machine.is_whole(what)
    chance = random.Random(4)
    outcomes = []
    for _moment in range(MOMENTS):
        with _start(machine, what) as process:
            time.sleep(chance.uniform(0, duration))  # a kill comes when it comes
            process.kill()
        outcomes.append(machine.is_whole(what))
    assert outcomes.count(False) >= MOMENTS // 2
