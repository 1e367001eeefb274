"""What keeps a web server from being reached or from answering, each time for real."""

import os
import shlex
import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.elsewhere import Elsewhere
from tests.iso_server import Fault, IsoServer
from vmdesk.core import causes
from vmdesk.core.download import errors

WHERE = {"host": "there", "address": "http://there/disc.iso"}


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy would give answers of its own for servers that are not there."""
    for name in list(os.environ):
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[IsoServer]:
    with IsoServer() as running:
        yield running


def asked(address: str) -> str:
    """Return the name of the cause for which ``address`` gives nothing."""
    try:
        answer = requests.get(address, timeout=1)
    except (requests.exceptions.RequestException, ValueError) as error:
        return causes.of_network(list(errors.chain(error)), WHERE).key
    return causes.of_status(answer.status_code, WHERE).key


def test_addresses_and_hosts_that_are_none(monkeypatch: pytest.MonkeyPatch) -> None:
    for address in ("disc.iso", "ftp://there/disc.iso", "http://", "http://a..b/"):
        assert asked(address) == "address unusable", address
    assert asked("http://no-such-host.invalid/") in ("name unknown", "no name server")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert asked("http://192.0.2.1/") == "proxy"


def test_servers_that_do_not_answer_as_they_should(server: IsoServer) -> None:
    faults = {
        "no answer": Fault(stall_after=0),
        "connection cut": Fault(cut_after=10),
        "no such file there": Fault(status=404),
        "not for everyone": Fault(status=403),
        "server busy": Fault(status=503),
        "server says no": Fault(status=418),
    }
    told = {}
    for number, (cause, fault) in enumerate(faults.items()):
        server.add(f"/{number}", bytes(100_000), fault)
        told[cause] = asked(server.url(f"/{number}"))
    assert told == {cause: cause for cause in faults}
    address = server.url("/")
    server.stop()
    assert asked(address) == "connection refused"


def test_a_certificate_that_nobody_trusts() -> None:
    with IsoServer(tls=True) as server:
        assert asked(server.url("/")) == "certificate not trusted"


def test_a_server_that_lets_nobody_in() -> None:
    with socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        port = full.getsockname()[1]
        # One is let in to wait, and the kernel leaves all others without an answer.
        with socket.create_connection(("127.0.0.1", port)):
            assert asked(f"http://127.0.0.1:{port}/") == "not connected in time"


@pytest.mark.parametrize(
    ("address", "cause"),
    [("http://192.0.2.1/", "no route"), ("http://debian.org/", "no name server")],
)
def test_a_computer_without_a_network(elsewhere: Elsewhere, address: str, cause: str) -> None:
    code = f"from tests.core.causes.test_network import asked; print(asked({address!r}))"
    place = Path(__file__).parents[3]
    script = f"cd {place}; as_user {shlex.join([sys.executable, '-c', code])}\n"
    assert elsewhere.run(script).strip() == cause
