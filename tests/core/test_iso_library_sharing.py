"""One address is downloaded once, whoever wants it: threads and processes share and take over."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.core.download.downloads import CONTENT, DISC, fetch
from tests.iso_server import Fault, IsoServer
from vmdesk.core import iso_library, lock
from vmdesk.core.download import record as download_record
from vmdesk.core.download.http import Patience
from vmdesk.core.download.record import Record, Slot
from vmdesk.core.job import Cancelled, Job, Progress

CHILD = """
import sys
from pathlib import Path
from vmdesk.core import iso_library
from vmdesk.core.job import Job
print(iso_library.fetch(sys.argv[1], Path(sys.argv[2]), Job()).path)
"""


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "isos"


def test_threads_share_one_download(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(pace=4_000_000))
    with ThreadPoolExecutor(4) as pool:
        isos = [pool.submit(fetch, server, library) for _ in range(4)]
        assert {iso.result(20).path for iso in isos} == {library / "disc.iso"}
    assert len(server.requests_for(DISC)) == 1


def test_processes_share_one_download_and_see_its_progress(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT, Fault(pace=2_000_000))
    child = start_child(server, library)
    server.wait_for_bytes(DISC, 1)
    seen: list[Progress] = []
    iso = fetch(server, library, job=Job(seen.append))
    output, _ = child.communicate(timeout=20)
    assert output.strip() == str(iso.path)
    assert len(server.requests_for(DISC)) == 1
    assert any(
        0 < progress.done < progress.total == len(CONTENT)
        and progress.text == "Downloading disc.iso"
        for progress in seen
    )


def test_one_who_waits_can_give_up_alone(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    first_job, second_job = Job(), Job()
    patience = Patience(stall=60)
    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(iso_library.fetch, server.url(DISC), library, first_job, None, patience)
        server.wait_for_stall(DISC)
        second = pool.submit(fetch, server, library, job=second_job)
        second_job.cancel()
        with pytest.raises(Cancelled):
            second.result(1)
        assert not first.done()
        first_job.cancel()
        with pytest.raises(Cancelled):
            first.result(1)


def test_one_who_waits_takes_over_when_the_first_is_cancelled(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    first_job, is_waiting = Job(), threading.Event()
    patience = Patience(stall=60)

    def note(progress: Progress) -> None:
        if progress.done == 300_000:
            is_waiting.set()

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(iso_library.fetch, server.url(DISC), library, first_job, None, patience)
        server.wait_for_stall(DISC)
        second = pool.submit(fetch, server, library, job=Job(note))
        assert is_waiting.wait(10)
        first_job.cancel()
        with pytest.raises(Cancelled):
            first.result(1)
        assert second.result(10).path.read_bytes() == CONTENT
    assert [request.status for request in server.requests_for(DISC)] == [200, 206]


def test_one_who_waits_reports_nothing_of_a_part_that_is_not_there_yet(
    server: IsoServer, library: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.add(DISC, CONTENT)
    slot = Slot(library, server.url(DISC))
    download_record.prepare(slot)
    record = Record(slot.address, "disc.iso", len(CONTENT), "", "", slot.address)
    download_record.save(slot.partial, record)
    with ExitStack() as first:
        first.enter_context(lock.exclusive(slot.lock, Job(), lambda: None))
        job, seen = Job(lambda progress: seen.append(progress.text)), list[str]()
        # The first is done while the second waits.
        monkeypatch.setattr(job, "wait", lambda _seconds: first.close())
        assert fetch(server, library, job).path.read_bytes() == CONTENT
    assert seen[0] == "Downloading disc.iso"
    assert not slot.partial.exists()


def test_one_who_waits_takes_over_when_the_first_is_killed(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    child = start_child(server, library)
    server.wait_for_stall(DISC)

    def kill(progress: Progress) -> None:
        if progress.done == 300_000:
            child.kill()

    assert fetch(server, library, job=Job(kill)).path.read_bytes() == CONTENT
    child.communicate(timeout=10)
    assert [request.status for request in server.requests_for(DISC)] == [200, 206]


def start_child(server: IsoServer, library: Path) -> "subprocess.Popen[str]":
    argv = [sys.executable, "-c", CHILD, server.url(DISC), str(library)]
    return subprocess.Popen(argv, stdout=subprocess.PIPE, text=True)
