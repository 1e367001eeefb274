"""Downloads from a server that fails in every way that it can be told to."""

import errno
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.iso_server import SECTOR, Fault, IsoServer, make_iso
from vmdesk.core import download_errors, iso_library
from vmdesk.core.download_http import Patience
from vmdesk.core.formatting import MIB
from vmdesk.core.iso_library import Iso
from vmdesk.core.job import REPORT_INTERVAL, Cancelled, Cause, Job, OperationError, Progress

CONTENT = make_iso(600 * SECTOR)
OTHER = make_iso(600 * SECTOR, seed=1)
QUICK = Patience(connect=2, stall=0.4, pauses=(0.01, 0.01, 0.01))
DISC = "/disc.iso"
# Fetches the address in argv[1] into the folder argv[2] and prints why it could not.
CHILD = """
import sys
from pathlib import Path
from vmdesk.core import iso_library
from vmdesk.core.job import Job, OperationError
try:
    iso_library.fetch(sys.argv[1], Path(sys.argv[2]), Job())
except OperationError as error:
    print(error.summary)
"""


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "isos"


def fetch(server: IsoServer, library: Path, job: Job | None = None, path: str = DISC) -> Iso:
    return iso_library.fetch(server.url(path), library, job or Job(), patience=QUICK)


def files(library: Path) -> list[str]:
    """The names of all files in the library, records and locks included."""
    return sorted(path.name for path in library.rglob("*") if path.is_file())


def statuses(server: IsoServer, path: str = DISC) -> list[int]:
    return [request.status for request in server.requests_for(path)]


def wait_for_part(library: Path, size: int) -> None:
    """Block until the begun file has ``size`` bytes; another process may be writing it."""
    part = library / "disc.iso.part"
    until = time.monotonic() + 20
    while not part.exists() or part.stat().st_size < size:
        assert time.monotonic() < until
        os.sched_yield()


def cancel_when(
    server: IsoServer, library: Path, is_time: Callable[[], None], patience: Patience = QUICK
) -> float:
    """Start a fetch, cancel it when ``is_time`` returns, return the seconds it took to stop."""
    job = Job()
    with ThreadPoolExecutor(1) as pool:
        fetching: Future[Iso] = pool.submit(
            iso_library.fetch, server.url(DISC), library, job, None, patience
        )
        is_time()
        started = time.monotonic()
        job.cancel()
        with pytest.raises(Cancelled):
            fetching.result(10)
        return time.monotonic() - started


def test_a_file_arrives_whole_and_leaves_only_itself_and_its_record(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT)
    seen: list[Progress] = []
    iso = fetch(server, library, Job(seen.append))
    assert iso.path == library / "disc.iso"
    assert iso.path.read_bytes() == CONTENT
    assert iso.size == len(CONTENT)
    assert Progress(len(CONTENT), len(CONTENT), "Downloading disc.iso") in seen
    assert [name for name in files(library) if not name.endswith(".json")] == ["disc.iso"]
    assert len(files(library)) == 2


def test_a_cut_connection_is_resumed_where_it_ended(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.faults.extend([Fault(cut_after=300_000), Fault(cut_after=200_000)])
    seen: list[Progress] = []
    assert fetch(server, library, Job(seen.append)).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 206, 206]
    second, third = (request.headers for request in server.requests_for(DISC)[1:])
    assert (second["range"], third["range"]) == ("bytes=300000-", "bytes=500000-")
    assert second["if-range"] == page.etag
    assert any(progress.text == "Waiting for 127.0.0.1: disc.iso" for progress in seen)


def test_a_date_stands_in_for_a_weak_etag(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.etag = 'W/"weak"'
    page.faults.append(Fault(cut_after=300_000))
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert server.requests_for(DISC)[1].headers["if-range"] == page.last_modified


def test_a_server_that_cuts_each_time_but_gets_on_is_stayed_with(
    server: IsoServer, library: Path
) -> None:
    page = server.add(DISC, CONTENT, Fault(cut_after=100_000))
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert len(statuses(server)) == -(-page.size // 100_000) > len(QUICK.pauses) + 1


def test_a_server_that_never_gets_on_is_given_up(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(cut_after=1000))
    with pytest.raises(OperationError, match="was cut") as error:
        fetch(server, library)
    assert error.value.cause is Cause.FAILED
    assert len(statuses(server)) == len(QUICK.pauses) + 1


@pytest.mark.parametrize("fault", [Fault(hang_up=True), Fault(status=503), Fault(status=429)])
def test_a_passing_trouble_before_the_first_byte_is_got_over(
    server: IsoServer, library: Path, fault: Fault
) -> None:
    server.add(DISC, CONTENT).faults.append(fault)
    assert fetch(server, library).path.read_bytes() == CONTENT


def test_a_stalled_connection_is_dropped_and_resumed(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 206]


@pytest.mark.parametrize("fault", [Fault(stall_after=1000), Fault(silent=True)])
def test_a_server_that_falls_silent_each_time_is_given_up(
    server: IsoServer, library: Path, fault: Fault
) -> None:
    server.add(DISC, CONTENT, fault)
    with pytest.raises(OperationError, match="doesn’t answer any more"):
        fetch(server, library)


def test_a_file_that_changes_between_cut_and_resume_is_begun_anew(
    server: IsoServer, library: Path
) -> None:
    page = server.add(DISC, CONTENT)
    page.faults.append(Fault(stall_after=300_000))
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(fetch, server, library)
        server.wait_for_stall(DISC)
        page.replace(OTHER)
        assert fetching.result(20).path.read_bytes() == OTHER
    assert statuses(server) == [200, 200]


def test_a_file_that_changes_each_time_is_given_up(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT, Fault(cut_after=300_000))
    contents = [make_iso(600 * SECTOR, seed) for seed in range(4)]

    def change(progress: Progress) -> None:
        if progress.text.startswith("Waiting"):
            page.replace(contents.pop())

    patient = Patience(pauses=(0.01,) * 9)
    with pytest.raises(OperationError, match="changes while"):
        iso_library.fetch(server.url(DISC), library, Job(change), patience=patient)
    assert files(library) == []


def test_without_a_version_nothing_is_resumed_or_kept(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.etag = page.last_modified = ""
    page.faults.extend([Fault(cut_after=300_000), Fault(stall_after=300_000)])
    cancel_when(server, library, lambda: server.wait_for_stall(DISC), Patience(pauses=(0.01,)))
    assert "range" not in server.requests_for(DISC)[1].headers
    assert files(library) == []
    assert fetch(server, library).path.read_bytes() == CONTENT


def test_a_server_that_can_send_no_parts_sends_all_again(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT, Fault(ignore_range=True))
    page.faults.append(Fault(cut_after=300_000))
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 200]


@pytest.mark.parametrize("faults", [[], [Fault(chunked=True, cut_after=300_000)]])
def test_a_file_of_unannounced_length_arrives(
    server: IsoServer, library: Path, faults: list[Fault]
) -> None:
    server.add(DISC, CONTENT, Fault(chunked=True)).faults.extend(faults)
    assert fetch(server, library).path.read_bytes() == CONTENT


def test_a_length_that_is_too_large_is_found_out(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(claim_length=2 * len(CONTENT)))
    with pytest.raises(OperationError, match=r"announced 2\.3 MiB but has 1\.2 MiB") as error:
        fetch(server, library)
    assert error.value.cause is Cause.BAD_INPUT
    assert files(library) == []


def test_a_length_that_is_too_small_is_found_out(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(claim_length=len(CONTENT) // 2))
    with pytest.raises(OperationError, match=r"incomplete: 600 KiB of 1\.2 MiB"):
        fetch(server, library)
    assert files(library) == []


def test_a_web_page_is_refused_as_soon_as_it_can_be_told(
    server: IsoServer, library: Path, tmp_path: Path
) -> None:
    page = tmp_path / "huge.html"
    page.write_text("<!DOCTYPE html><title>Choose a mirror</title>")
    os.truncate(page, 2**30)
    server.add(DISC, page)
    with pytest.raises(OperationError, match="web page") as error:
        fetch(server, library)
    assert error.value.cause is Cause.BAD_INPUT
    assert server.requests_for(DISC)[0].sent < 2**26
    assert files(library) == []


@pytest.mark.parametrize(("content", "words"), [(b"", "empty"), (b"hello", "not a disc image")])
def test_a_short_answer_that_is_no_disc_is_refused(
    server: IsoServer, library: Path, content: bytes, words: str
) -> None:
    server.add(DISC, content)
    with pytest.raises(OperationError, match=words):
        fetch(server, library)
    assert files(library) == []


@pytest.mark.parametrize(
    ("status", "words", "cause"),
    [
        (404, "no file at this address", Cause.BAD_INPUT),
        (403, "doesn’t give this file", Cause.BAD_INPUT),
        (418, "answers with an error .418", Cause.BAD_INPUT),
        (500, "answers with an error .500", Cause.FAILED),
    ],
)
def test_a_status_is_told_in_words(
    server: IsoServer, library: Path, status: int, words: str, cause: Cause
) -> None:
    server.add(DISC, CONTENT, Fault(status=status))
    with pytest.raises(OperationError, match=words) as error:
        fetch(server, library)
    assert (error.value.cause, bool(error.value.hint)) == (cause, True)
    assert files(library) == []


def test_a_host_that_is_not_found_is_named(library: Path) -> None:
    with pytest.raises(OperationError, match=r"host no-such-host\.invalid was not found"):
        iso_library.fetch("http://no-such-host.invalid/disc.iso", library, Job())
    assert files(library) == []


def test_a_refused_connection_is_told_at_once(server: IsoServer, library: Path) -> None:
    server.stop()
    with pytest.raises(OperationError, match="refuses the connection") as error:
        fetch(server, library)
    assert error.value.cause is Cause.FAILED


def test_a_server_that_restarts_is_waited_for(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(cut_after=300_000))
    waits = 0

    def restart(progress: Progress) -> None:
        nonlocal waits
        if progress.text.startswith("Waiting"):
            waits += 1
            server.stop() if waits == 1 else server.start()

    patience = Patience(pauses=(2 * REPORT_INTERVAL,) * 3)
    iso = iso_library.fetch(server.url(DISC), library, Job(restart), patience=patience)
    assert iso.path.read_bytes() == CONTENT
    assert waits == 2


def test_a_certificate_that_nobody_trusts_is_refused(library: Path) -> None:
    with IsoServer(tls=True) as server:
        server.add(DISC, CONTENT)
        with pytest.raises(OperationError, match=r"certificate of 127\.0\.0\.1 is not trusted"):
            fetch(server, library)
        assert server.requests == []


def test_a_trusted_certificate_is_accepted(library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with IsoServer(tls=True) as server:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(server.certificate(library.parent)))
        server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
        slow = Patience(stall=60)
        assert cancel_when(server, library, lambda: wait_for_part(library, 300_000), slow) < 1
        assert fetch(server, library).path.read_bytes() == CONTENT
        assert statuses(server) == [200, 206]


def test_redirects_are_followed(server: IsoServer, library: Path) -> None:
    server.add("/latest", b"", Fault(redirect_to="/pool/disc-7.iso"))
    server.add("/pool/disc-7.iso", CONTENT)
    assert fetch(server, library, path="/latest").path == library / "disc-7.iso"


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/disc.iso", DISC])
def test_redirects_that_lead_off_the_web_or_in_circles_are_not(
    server: IsoServer, library: Path, target: str
) -> None:
    server.add(DISC, CONTENT, Fault(redirect_to=target))
    with pytest.raises(OperationError, match="Nothing can be downloaded") as error:
        fetch(server, library)
    assert error.value.cause is Cause.BAD_INPUT


def test_a_part_is_resumed_from_the_mirror_that_it_came_from(
    server: IsoServer, library: Path
) -> None:
    front = server.add(DISC, b"", Fault(redirect_to="/b.iso"))
    front.faults.append(Fault(redirect_to="/a.iso"))
    server.add("/a.iso", CONTENT).faults.append(Fault(cut_after=300_000))
    server.add("/b.iso", CONTENT).etag = '"of another mirror"'
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server, "/a.iso") == [200, 206]


def test_a_mirror_that_is_gone_is_replaced_by_another(server: IsoServer, library: Path) -> None:
    front = server.add(DISC, b"", Fault(redirect_to="/b.iso"))
    front.faults.append(Fault(redirect_to="/a.iso"))
    server.add("/a.iso", CONTENT, Fault(status=403)).faults.append(Fault(cut_after=300_000))
    server.add("/b.iso", CONTENT)
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server, "/b.iso") == [206]


def test_the_room_is_looked_at_before(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(claim_length=2**60))
    with pytest.raises(OperationError, match="no room for the download: it needs 1 EiB"):
        fetch(server, library)
    assert files(library) == []


@pytest.mark.parametrize(
    ("size", "length", "words"),
    [
        (80, 100, "There is no room for the download: it needs 64 MiB, and 16 MiB are free."),
        (70, 60, "There is no room left for the download."),
    ],
)
def test_a_disk_that_fills_up_is_told_and_freed(
    server: IsoServer, tmp_path: Path, size: int, length: int, words: str
) -> None:
    # A tmpfs in a namespace of its own: a real one, and gone with the child that fills it.
    namespace = ["unshare", "--map-root-user", "--mount", "sh", "-ec"]
    mount = f"mount -t tmpfs -o size={size}m tmpfs {tmp_path}; "
    if subprocess.run([*namespace, mount], capture_output=True, check=False).returncode:
        pytest.skip("this host lets no user make a mount namespace")
    server.add(DISC, make_iso(length * MIB), Fault(chunked=True))
    # Someone else takes some of the room once it was found to be enough.
    child = CHILD.replace(
        "Job()", "Job(lambda _: Path(sys.argv[2], 'x').write_bytes(bytes(20_000_000)))"
    )
    steps = f'{mount} {sys.executable} -c "$0" "$1" {tmp_path}/isos; ls {tmp_path}/isos'
    argv = [*namespace, steps, child if length < size else CHILD, server.url(DISC)]
    run = subprocess.run(argv, capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.splitlines() == [words, *(["x"] if length < size else [])]


def test_other_troubles_of_the_disk_are_told_too() -> None:
    error = download_errors.from_storage(OSError(errno.EROFS, "Read-only file system"), "/isos")
    assert error.summary == "The download can’t be written: Read-only file system."
    assert "/isos" in error.hint


def test_a_folder_that_cannot_be_made_is_told(server: IsoServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationError, match="can’t be written"):
        fetch(server, tmp_path / "file" / "isos")


@pytest.mark.parametrize("fault", [Fault(stall_after=300_000), Fault(silent=True)])
def test_a_cancel_breaks_a_stall_at_once(server: IsoServer, library: Path, fault: Fault) -> None:
    server.add(DISC, CONTENT).faults.append(fault)
    patience = Patience(stall=60)
    assert cancel_when(server, library, lambda: server.wait_for_stall(DISC), patience) < 1


def test_a_cancel_breaks_the_pause_between_two_tries(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(cut_after=300_000))
    patience = Patience(pauses=(60,))
    assert cancel_when(server, library, lambda: server.wait_for_bytes(DISC, 300_000), patience) < 1


def test_what_a_cancel_leaves_is_resumed_by_the_next(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    cancel_when(server, library, lambda: wait_for_part(library, 300_000))
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 206]
    assert not (library / "disc.iso.part").exists()


def test_what_a_kill_leaves_is_resumed_by_the_next(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    kill_at_stall(server, library)
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 206]
    assert [name for name in files(library) if not name.endswith(".json")] == ["disc.iso"]


def test_what_a_kill_leaves_is_dropped_if_the_file_changed(
    server: IsoServer, library: Path
) -> None:
    page = server.add(DISC, CONTENT)
    page.faults.append(Fault(stall_after=300_000))
    kill_at_stall(server, library)
    page.replace(OTHER)
    assert fetch(server, library).path.read_bytes() == OTHER


@pytest.mark.parametrize("damage", [b"", b"{", b"[1]", b'{"name": "../../x"}'])
def test_a_part_whose_record_is_damaged_is_not_resumed(
    server: IsoServer, library: Path, damage: bytes
) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    cancel_when(server, library, lambda: wait_for_part(library, 300_000))
    (record,) = library.glob(".records/*.part.json")
    record.write_bytes(damage)
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 200]


def test_a_part_that_is_whole_already_is_taken_after_a_look(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    cancel_when(server, library, lambda: wait_for_part(library, 300_000))
    (library / "disc.iso.part").write_bytes(CONTENT)
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert server.requests_for(DISC)[1].headers["range"] == f"bytes={len(CONTENT) - 1}-"


def kill_at_stall(server: IsoServer, library: Path) -> None:
    """Let a process download until the server stalls, then kill it."""
    child = subprocess.Popen([sys.executable, "-c", CHILD, server.url(DISC), str(library)])
    try:
        wait_for_part(library, 300_000)
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(10)
