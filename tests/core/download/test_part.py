"""What a cancel and a kill leave behind, and how the next download goes on with it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.download.downloads import (
    CONTENT,
    DISC,
    OTHER,
    cancel_when,
    fetch,
    files,
    kill_at_stall,
    statuses,
    wait_for_part,
)
from tests.iso_server import Fault, IsoServer
from vmdesk.core.download import record as download_record
from vmdesk.core.download.http import Patience
from vmdesk.core.download.record import Record, Slot
from vmdesk.core.job import Cancelled, Job


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "isos"


def test_without_a_version_nothing_is_resumed_or_kept(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.etag = page.last_modified = ""
    page.faults.extend([Fault(cut_after=300_000), Fault(stall_after=300_000)])
    cancel_when(server, library, lambda: server.wait_for_stall(DISC), Patience(pauses=(0.01,)))
    assert "range" not in server.requests_for(DISC)[1].headers
    assert files(library) == []
    assert fetch(server, library).path.read_bytes() == CONTENT


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


@pytest.mark.parametrize("surplus", [b"", b"surplus"])
def test_a_part_that_is_whole_already_is_taken_after_a_look(
    server: IsoServer, library: Path, surplus: bytes
) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(stall_after=300_000))
    cancel_when(server, library, lambda: wait_for_part(library, 300_000))
    (library / "disc.iso.part").write_bytes(CONTENT + surplus)
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert server.requests_for(DISC)[1].headers["range"] == f"bytes={len(CONTENT) - 1}-"


@pytest.fixture
def slot(server: IsoServer, library: Path) -> Slot:
    """Where the library keeps what it knows of the disc."""
    made = Slot(library, server.url(DISC))
    download_record.prepare(made)
    return made


def left_behind(server: IsoServer, slot: Slot, content: bytes, length: int | None) -> None:
    """Have a record of a download and, if there is any ``content``, what has arrived of it."""
    page = server.add(DISC, CONTENT)
    record = Record(slot.address, "disc.iso", length, page.etag, page.last_modified, slot.address)
    download_record.save(slot.partial, record)
    if content:
        download_record.part_of(slot, record).write_bytes(content)


@pytest.mark.parametrize(
    ("content", "length"),
    [(b"", len(CONTENT)), (CONTENT[:300_000], None), (CONTENT[:1], 1)],
    ids=["no part", "no length", "nothing that tells it is the same"],
)
def test_a_record_that_nothing_can_be_gone_on_with_is_dropped(
    server: IsoServer, library: Path, slot: Slot, content: bytes, length: int | None
) -> None:
    left_behind(server, slot, content, length)
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert "range" not in server.requests_for(DISC)[0].headers
    assert [name for name in files(library) if not name.endswith(".json")] == ["disc.iso"]


def test_a_cancel_while_a_part_is_looked_through_keeps_it(
    server: IsoServer, library: Path, slot: Slot
) -> None:
    left_behind(server, slot, CONTENT[:-1], len(CONTENT))  # more than is looked at in one go
    job = Job(lambda progress: job.cancel() if progress.text.startswith("Checking") else None)
    with pytest.raises(Cancelled):
        fetch(server, library, job)
    assert server.requests == []
    assert fetch(server, library).path.read_bytes() == CONTENT
    assert statuses(server) == [206]
