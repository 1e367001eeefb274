"""Downloads from a server that fails in every way that it can be told to."""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.core.download.downloads import CONTENT, DISC, OTHER, QUICK, fetch, files, statuses
from tests.iso_server import SECTOR, Fault, IsoServer, make_iso
from vmdesk.core import iso_library
from vmdesk.core.download.http import Patience
from vmdesk.core.job import REPORT_INTERVAL, Cause, Job, OperationError, Progress


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "isos"


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


def test_a_part_of_another_file_is_not_taken(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.faults.extend([Fault(stall_after=300_000), Fault(ignore_if_range=True)])
    with ThreadPoolExecutor(1) as pool:
        fetching = pool.submit(fetch, server, library)
        server.wait_for_stall(DISC)
        date = page.last_modified
        page.replace(OTHER)
        page.last_modified = date
        assert fetching.result(20).path.read_bytes() == OTHER
    assert statuses(server) == [200, 206, 200]


def test_a_part_from_another_place_is_not_taken(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.faults.extend([Fault(cut_after=300_000), Fault(shift_range=1000)])
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 206, 200]


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


def test_redirects_are_followed(server: IsoServer, library: Path) -> None:
    server.add("/latest", b"", Fault(redirect_to="/pool/disc-7.iso"))
    server.add("/pool/disc-7.iso", CONTENT)
    assert fetch(server, library, path="/latest").path == library / "disc-7.iso"


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


def test_an_address_that_ends_meanwhile_is_an_error_and_what_arrived_stays(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT, Fault(status=404)).faults.append(Fault(cut_after=300_000))
    with pytest.raises(OperationError, match="no file at this address"):
        fetch(server, library)
    assert statuses(server) == [200, 404]
    assert (library / "disc.iso.part").read_bytes() == CONTENT[:300_000]


def test_a_part_that_nobody_has_asked_for_is_not_taken(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(status=206))
    with pytest.raises(OperationError) as error:
        fetch(server, library)
    assert "HTTP 206" in error.value.details
    assert files(library) == []


def test_an_answer_that_ends_before_the_file_does_is_gone_on_with(
    server: IsoServer, library: Path
) -> None:
    page = server.add(DISC, CONTENT)
    page.headers["Content-Range"] = f"bytes 0-299999/{len(CONTENT)}"
    page.faults.append(Fault(claim_length=300_000))
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [200, 206]


def test_what_comes_after_the_announced_end_is_not_waited_for(
    server: IsoServer, library: Path, tmp_path: Path
) -> None:
    endless = tmp_path / "endless.iso"
    endless.write_bytes(CONTENT)
    os.truncate(endless, 2**30)
    page = server.add(DISC, endless)
    page.headers["Content-Range"] = "bytes 0-599999/600000"
    with pytest.raises(OperationError, match="was cut") as error:
        iso_library.fetch(server.url(DISC), library, Job(), patience=Patience(pauses=()))
    assert "of 600000 bytes" in error.value.details
    assert server.requests_for(DISC)[0].sent < 2**26
