"""The library of discs: verified or not, reused, shared, and local files left where they are."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.iso_server import SECTOR, Fault, IsoServer, make_iso
from vmdesk.core import file_format, iso_library, kept_discs
from vmdesk.core.download.http import Patience
from vmdesk.core.job import Cancelled, Cause, Job, OperationError
from vmdesk.core.kept_discs import Iso, Verification

CONTENT = make_iso(600 * SECTOR)
OTHER = make_iso(600 * SECTOR, seed=1)
DIGEST = hashlib.sha256(CONTENT).hexdigest()
WRONG = hashlib.sha256(OTHER).hexdigest()
QUICK = Patience(connect=2, stall=0.4, pauses=(0.01, 0.01))
DISC = "/pool/disc.iso"


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


@pytest.fixture
def library(tmp_path: Path) -> Path:
    return tmp_path / "isos"


@pytest.fixture
def local(tmp_path: Path) -> Path:
    path = tmp_path / "my disc.iso"
    path.write_bytes(CONTENT)
    return path


def fetch(
    server: IsoServer,
    library: Path,
    sha256: str | None = None,
    path: str = DISC,
    job: Job | None = None,
) -> Iso:
    return iso_library.fetch(server.url(path), library, job or Job(), sha256, QUICK)


def images(library: Path) -> list[str]:
    return sorted(path.name for path in library.glob("*") if path.is_file())


# Verification


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("SHA256SUMS", f"{WRONG}  other.iso\n{DIGEST} *disc.iso\n"),
        ("disc.iso.sha256", f"{DIGEST}\n"),
        ("disc.iso.sha256", f"{DIGEST}  disc.iso\n"),
        ("CHECKSUM", f"SHA256 (disc.iso) = {DIGEST}\n"),
    ],
)
def test_a_disc_is_verified_with_what_the_server_has_beside_it(
    server: IsoServer, library: Path, name: str, text: str
) -> None:
    server.add(DISC, CONTENT)
    server.add(f"/pool/{name}", text.encode())
    iso = fetch(server, library)
    assert iso.verification is Verification.VERIFIED
    assert iso.description == f"Verified with {name} of 127.0.0.1."
    assert fetch(server, library) == iso
    assert kept_discs.in_library(library) == [iso]


@pytest.mark.parametrize(
    "sums",
    [
        None,
        b"",
        f"<html><pre>{WRONG}  disc.iso</pre></html>".encode(),
        f"{WRONG}  other.iso\n".encode(),
        f"{WRONG}  disc.iso\n".encode() + b"#" * 2**21,
    ],
)
def test_a_disc_that_nothing_speaks_for_is_called_not_verified(
    server: IsoServer, library: Path, sums: bytes | None
) -> None:
    server.add(DISC, CONTENT)
    if sums is not None:
        server.add("/pool/SHA256SUMS", sums)
    iso = fetch(server, library)
    assert iso.verification is Verification.NOT_VERIFIED
    assert iso.description == "Not verified: no checksum of it is known."


def test_the_list_is_looked_for_where_the_address_leads(server: IsoServer, library: Path) -> None:
    server.add("/latest", b"", Fault(redirect_to=DISC))
    server.add(DISC, CONTENT)
    server.add("/pool/SHA256SUMS", f"{DIGEST}  disc.iso".encode())
    assert fetch(server, library, path="/latest").verification is Verification.VERIFIED


def test_a_resumed_download_is_verified_as_a_whole(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).faults.append(Fault(cut_after=300_000))
    assert fetch(server, library, DIGEST.upper()).verification is Verification.VERIFIED


@pytest.mark.parametrize("is_given", [True, False])
def test_a_disc_with_another_checksum_is_deleted(
    server: IsoServer, library: Path, is_given: bool
) -> None:
    server.add(DISC, CONTENT)
    server.add("/pool/SHA256SUMS", f"{WRONG}  disc.iso".encode())
    with pytest.raises(OperationError, match=r"checksum of disc\.iso differs") as error:
        fetch(server, library, WRONG if is_given else None)
    assert error.value.cause is Cause.BAD_INPUT
    assert DIGEST in error.value.details
    left = [path.name for path in library.rglob("*") if path.is_file()]
    assert left == [file_format.NAME]


def test_a_given_checksum_goes_before_the_list_of_the_server(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT)
    server.add("/pool/SHA256SUMS", f"{WRONG}  disc.iso".encode())
    iso = fetch(server, library, DIGEST)
    assert iso.description == "Verified with the checksum that you gave."


def test_what_is_no_checksum_is_refused_before_the_download(
    server: IsoServer, library: Path
) -> None:
    with pytest.raises(OperationError, match="not a SHA-256"):
        fetch(server, library, "abc")
    assert server.requests == []


# Reuse


def test_a_disc_is_downloaded_once(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT)
    first = fetch(server, library)
    assert fetch(server, library) == first
    assert len(server.requests_for(DISC)) == 1
    assert len(server.requests_for(DISC, "HEAD")) == 1


def test_a_server_without_head_is_asked_for_one_byte(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).allows_head = False
    fetch(server, library)
    fetch(server, library)
    ranges = [request.headers.get("range") for request in server.requests_for(DISC)]
    assert ranges == [None, "bytes=0-0"]


def test_a_disc_is_used_though_its_server_is_gone(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT)
    first = fetch(server, library)
    server.stop()
    assert fetch(server, library) == first


def test_a_mirror_with_another_etag_and_the_same_date_has_the_same_disc(
    server: IsoServer, library: Path
) -> None:
    page = server.add(DISC, CONTENT)
    first = fetch(server, library)
    page.etag = '"of another mirror"'
    assert fetch(server, library) == first
    assert len(server.requests_for(DISC)) == 1


def test_a_disc_that_changed_on_its_server_is_replaced(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    fetch(server, library)
    page.replace(OTHER)
    assert fetch(server, library).path.read_bytes() == OTHER
    assert images(library) == ["disc.iso"]


def test_a_disc_of_another_length_is_another_one(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    fetch(server, library)
    page.content = longer = make_iso(700 * SECTOR)
    assert fetch(server, library).path.read_bytes() == longer


@pytest.mark.parametrize(
    ("etag", "is_current"), [("", True), ("the same", True), ('"another"', False)]
)
def test_without_a_date_the_etag_tells_whether_a_disc_is_the_same(
    server: IsoServer, library: Path, etag: str, is_current: bool
) -> None:
    page = server.add(DISC, CONTENT)
    page.last_modified = ""
    fetch(server, library)
    page.content = OTHER
    page.etag = page.etag if etag == "the same" else etag
    assert fetch(server, library).path.read_bytes() == (CONTENT if is_current else OTHER)


def test_a_disc_with_the_wanted_checksum_needs_no_server(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT)
    assert fetch(server, library).verification is Verification.NOT_VERIFIED
    server.stop()
    assert fetch(server, library, DIGEST).verification is Verification.VERIFIED
    assert fetch(server, library).verification is Verification.VERIFIED


def test_a_disc_without_the_wanted_checksum_is_asked_for_again_and_kept(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT)
    kept = fetch(server, library)
    with pytest.raises(OperationError, match="differs"):
        fetch(server, library, WRONG)
    assert len(server.requests_for(DISC)) == 2
    assert kept.path.read_bytes() == CONTENT
    assert images(library) == ["disc.iso"]


def test_a_disc_that_was_tampered_with_is_downloaded_again(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT)
    iso = fetch(server, library, DIGEST)
    iso.path.write_bytes(OTHER)
    os.utime(iso.path, ns=(0, 0))
    assert kept_discs.in_library(library)[0].verification is Verification.NOT_VERIFIED
    assert fetch(server, library, DIGEST).path.read_bytes() == CONTENT


def test_discs_of_one_name_from_two_addresses_are_kept_apart(
    server: IsoServer, library: Path
) -> None:
    server.add(DISC, CONTENT)
    server.add("/beta/disc.iso", OTHER)
    first, second = fetch(server, library), fetch(server, library, path="/beta/disc.iso")
    assert (first.path.name, second.path.name) == ("disc.iso", "disc-2.iso")
    assert (first.path.read_bytes(), second.path.read_bytes()) == (CONTENT, OTHER)
    assert fetch(server, library, path="/beta/disc.iso") == second


def test_a_file_that_the_user_put_there_is_not_overwritten(
    server: IsoServer, library: Path
) -> None:
    library.mkdir()
    (library / "disc.iso").write_bytes(OTHER)
    server.add(DISC, CONTENT)
    assert fetch(server, library).path.name == "disc-2.iso"
    assert (library / "disc.iso").read_bytes() == OTHER


def test_a_name_from_the_server_stays_inside_the_library(server: IsoServer, library: Path) -> None:
    page = server.add(DISC, CONTENT)
    page.headers["Content-Disposition"] = 'attachment; filename="../../escaped.iso"'
    assert fetch(server, library).path == library / "escaped.iso"


def test_records_are_for_the_user_alone(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT)
    fetch(server, library)
    assert (library / ".records").stat().st_mode & 0o777 == 0o700


# Local files


def test_a_local_disc_is_used_where_it_is(local: Path, library: Path) -> None:
    for source in (str(local), local.as_uri(), f"file://localhost{local.as_uri()[7:]}"):
        iso = iso_library.fetch(source, library, Job())
        assert iso == Iso(local, len(CONTENT), Verification.NOT_VERIFIED)
    assert not library.exists()


def test_a_local_disc_needs_nothing_of_the_network(local: Path, library: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from vmdesk.core.job import Job\n"
        "from vmdesk.core import iso_library\n"
        "iso_library.fetch(sys.argv[1], Path(sys.argv[2]), Job())\n"
        "print({'requests', 'urllib3', 'ssl'} & set(sys.modules))"
    )
    argv = [sys.executable, "-c", program, str(local), str(library)]
    assert subprocess.run(argv, capture_output=True, text=True).stdout == "set()\n"


def test_a_local_disc_is_verified_when_asked(local: Path, library: Path) -> None:
    iso = iso_library.fetch(str(local), library, Job(), DIGEST)
    assert iso.verification is Verification.VERIFIED
    with pytest.raises(OperationError, match="differs"):
        iso_library.fetch(str(local), library, Job(), WRONG)
    assert local.read_bytes() == CONTENT


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("", "Nothing can be downloaded"),
        ("ftp://site.example/disc.iso", "Nothing can be downloaded"),
        ("file://elsewhere/disc.iso", "Nothing can be downloaded"),
        ("http://", "Nothing can be downloaded"),
        ("http://[::1/disc.iso", "Nothing can be downloaded"),
        ("https://" + "a" * 70 + ".example/disc.iso", "Nothing can be downloaded"),
        ("/no/such/disc.iso", "There is no file"),
        ("/usr", "There is no file"),
        (__file__, "not a disc image"),
    ],
)
def test_a_source_that_is_none_is_refused(library: Path, source: str, words: str) -> None:
    for deed in (iso_library.fetch, iso_library.probe):
        with pytest.raises(OperationError, match=words) as error:
            deed(source, library, Job())
        assert error.value.cause is Cause.BAD_INPUT
        assert error.value.hint


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_local_disc_that_cannot_be_read_is_refused(local: Path, library: Path) -> None:
    local.chmod(0)
    for deed in (iso_library.fetch, iso_library.probe):
        with pytest.raises(OperationError, match=r"my disc\.iso can’t be read") as error:
            deed(str(local), library, Job())
        assert error.value.cause is Cause.BAD_INPUT
        assert "Permission denied" in error.value.details


# A look at a source, and at the library


def test_a_look_tells_name_size_and_whether_it_is_here(server: IsoServer, library: Path) -> None:
    server.add("/get?id=5", b"", Fault(redirect_to="/debian-12.8.0-amd64-netinst.iso"))
    server.add("/debian-12.8.0-amd64-netinst.iso", CONTENT)
    info = iso_library.probe(server.url("/get?id=5"), library, Job())
    assert info.name == "debian-12.8.0-amd64-netinst"
    assert info.file_name == "debian-12.8.0-amd64-netinst.iso"
    assert (info.size, info.is_here) == (len(CONTENT), False)
    assert not library.exists()
    fetch(server, library, path="/get?id=5")
    assert iso_library.probe(server.url("/get?id=5"), library, Job()).is_here


def test_a_look_needs_no_head(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT).allows_head = False
    assert iso_library.probe(server.url(DISC), library, Job()).size == len(CONTENT)
    assert [request.headers["range"] for request in server.requests_for(DISC)] == ["bytes=0-0"]


def test_a_look_at_a_local_disc_tells_the_same(local: Path, library: Path) -> None:
    info = iso_library.probe(str(local), library, Job())
    assert (info.name, info.size, info.is_here) == ("my-disc", len(CONTENT), True)


def test_a_look_says_what_is_wrong(server: IsoServer, library: Path) -> None:
    with pytest.raises(OperationError, match="no file at this address"):
        iso_library.probe(server.url("/nothing"), library, Job())


def test_a_look_can_be_cancelled(server: IsoServer, library: Path) -> None:
    server.add(DISC, CONTENT, Fault(silent=True))
    job = Job()
    with ThreadPoolExecutor(1) as pool:
        looking = pool.submit(iso_library.probe, server.url(DISC), library, job)
        server.wait_for_stall(DISC)
        job.cancel()
        with pytest.raises(Cancelled):
            looking.result(1)


def test_the_library_lists_its_discs_and_nothing_else(server: IsoServer, library: Path) -> None:
    assert kept_discs.in_library(library) == []
    server.add(DISC, CONTENT)
    downloaded = fetch(server, library)
    (library / "a.iso").write_bytes(OTHER)
    (library / "begun.iso.part").write_bytes(OTHER)
    (library / "notes.iso").write_text("not a disc")
    (library / "folder.iso").mkdir()
    own = Iso(library / "a.iso", len(OTHER), Verification.NOT_VERIFIED)
    assert kept_discs.in_library(library) == [own, downloaded]
