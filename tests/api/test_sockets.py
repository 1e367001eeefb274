"""Only what no other computer can reach is listened on without a certificate."""

import socket
import stat
from pathlib import Path

import pytest

from vmdesk.api import front, relay, sockets
from vmdesk.api.front import Place
from vmdesk.core.folders import Folders
from vmdesk.core.job import Cause, Job, OperationError


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.8.8", "::1"])
def test_this_computer_is_private(address: str) -> None:
    sockets.require_private(address)


@pytest.mark.parametrize(
    "address", ["0.0.0.0", "::", "192.0.2.1", "::ffff:192.0.2.1", "localhost", "example.org", ""]
)
def test_nothing_else_is(address: str) -> None:
    with pytest.raises(OperationError) as caught:
        sockets.require_private(address)
    assert caught.value.cause is Cause.INVALID_VALUE


def test_a_port_that_is_taken_or_none_is_an_error_in_words() -> None:
    with sockets.port("127.0.0.1", 0) as taken:
        taken.listen()
        for number in (taken.getsockname()[1], 70_000, -1):
            with pytest.raises(OperationError, match="can’t listen"):
                sockets.port("127.0.0.1", number)


def test_a_file_is_never_replaced_by_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "precious"
    path.write_text("content")
    with pytest.raises(OperationError, match="can’t listen"):
        sockets.unix(path)
    assert path.read_text() == "content"
    with pytest.raises(OperationError, match="can’t listen"):
        sockets.unix(tmp_path / ("n" * 120))


def test_a_dead_socket_is_replaced_and_a_live_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "api"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))
    with sockets.unix(path) as live:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        live.listen()
        with pytest.raises(OperationError, match="can’t listen"):
            sockets.unix(path)
        assert path.is_socket()


def test_a_certificate_needs_its_key(tmp_path: Path) -> None:
    folders = Folders(isos=tmp_path, disks=tmp_path)
    place = Place("0.0.0.0", 0, certificate=tmp_path / "certificate.pem")
    with pytest.raises(OperationError, match="needs its key"):
        front.serve("test:///default", "t" * 43, place, folders, Job(), print)
    with pytest.raises(OperationError, match="no certificate"):
        relay.context(tmp_path / "certificate.pem", tmp_path / "key.pem")
