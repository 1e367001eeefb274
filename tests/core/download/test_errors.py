"""What a user reads when a download fails, each time for real."""

import errno
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.core.download.downloads import (
    CHILD,
    CONTENT,
    DISC,
    cancel_when,
    fetch,
    files,
    statuses,
    wait_for_part,
)
from tests.iso_server import Fault, IsoServer, make_iso
from vmdesk.core import iso_library
from vmdesk.core.download import errors
from vmdesk.core.download.http import Patience
from vmdesk.core.formatting import MIB
from vmdesk.core.job import Cause, Job, OperationError


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "isos"


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


@pytest.mark.parametrize("target", ["file:///etc/passwd", "ftp://127.0.0.1/disc.iso", DISC])
def test_redirects_that_lead_off_the_web_or_in_circles_are_not(
    server: IsoServer, library: Path, target: str
) -> None:
    server.add(DISC, CONTENT, Fault(redirect_to=target))
    with pytest.raises(OperationError, match="Nothing can be downloaded") as error:
        fetch(server, library)
    assert error.value.cause is Cause.BAD_INPUT


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
    error = errors.from_storage(OSError(errno.EROFS, "Read-only file system"), "/isos")
    assert error.summary == "The download can’t be written: Read-only file system."
    assert "/isos" in error.hint


def test_a_folder_that_cannot_be_made_is_told(server: IsoServer, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OperationError, match="can’t be written"):
        fetch(server, tmp_path / "file" / "isos")
