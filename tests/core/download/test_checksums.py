"""The list of checksums that a server has beside a file."""

import pytest

from tests.core.download.downloads import CONTENT, DISC
from tests.iso_server import IsoServer
from vmdesk.core.download import checksums
from vmdesk.core.job import Job

DIGEST = "0" * 64


def test_a_look_that_has_taken_too_long_asks_for_nothing_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with IsoServer() as server:
        server.add(DISC, CONTENT)
        server.add("/SHA256SUMS", f"{DIGEST}  disc.iso\n".encode())
        found = checksums.published([server.url(DISC)], Job())
        assert found == (DIGEST, server.url("/SHA256SUMS"))
        asked = list(server.requests)
        monkeypatch.setattr(checksums, "_LONGEST_LOOK", -1)
        assert checksums.published([server.url(DISC)], Job()) is None
        assert server.requests == asked
