"""Strangers, web pages and endless requests are refused, and the server goes on."""

import socket
import stat
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest

from tests.api.served import Served, serving
from vmdesk.api import access_token, server, sockets
from vmdesk.api.guard import MAXIMUM_BODY
from vmdesk.core.folders import Folders
from vmdesk.core.job import Cancelled, Job

LENGTH = "Content-Length: {}"


@pytest.fixture(autouse=True)
def goes_on(mock: Served) -> Iterator[None]:
    """Whatever it was asked, it answers the next one."""
    yield
    assert mock.ask("GET", "/vms").data == [{"id": 1, "name": "test", "state": 1}]


def connect(mock: Served) -> socket.socket:
    host, port = mock.url.removeprefix("http://").split(":")
    return socket.create_connection((host, int(port)), timeout=20)


@pytest.mark.parametrize(
    "authorization", ["", "Bearer", "Bearer ", "Bearer x", "Basic {}", "{}", "Bearer {}x"]
)
def test_nobody_is_let_in_without_the_token(mock: Served, authorization: str) -> None:
    header = ("-H", "Authorization: " + authorization.format(mock.token))
    for method, path in (("GET", "/vms"), ("DELETE", "/vms/test"), ("GET", "/openapi.json")):
        answer = mock.bare(method, path, *header)
        assert (answer.status, list(answer.data)) == (401, ["error", "hint"])
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "host", ["evil.example", "127.0.0.1", "localhost:1", "127.0.0.1.nip.io", ""]
)
def test_a_foreign_host_is_refused(mock: Served, host: str) -> None:
    # With “Host;” curl sends an empty one.
    header = f"Host: {host}" if host else "Host;"
    assert mock.ask("GET", "/vms", "-H", header).status == 421


def test_the_own_names_are_answered_to(mock: Served) -> None:
    port = mock.url.rpartition(":")[2]
    for name in ("localhost", "LOCALHOST", "127.0.0.1"):
        assert mock.ask("GET", "/vms", "-H", f"Host: {name}:{port}").status == 200


@pytest.mark.parametrize(
    "header",
    [
        "Origin: https://evil.example",
        "Origin: null",
        "Sec-Fetch-Site: cross-site",
        "Sec-Fetch-Site: same-site",
    ],
)
def test_a_web_page_is_refused_even_with_the_token(mock: Served, header: str) -> None:
    assert mock.ask("POST", "/vms/test/stop", "-H", header).status == 403
    assert mock.bare("OPTIONS", "/vms/test/stop", "-H", header).status == 403


def test_headers_are_bounded_in_number_and_in_size(mock: Served, tmp_path: Path) -> None:
    for count in (150, 10_000):
        headers = tmp_path / str(count)
        headers.write_text("".join(f"X-{number}: 1\n" for number in range(count)))
        assert mock.ask("GET", "/vms", "-H", f"@{headers}").status == 431, count
    assert mock.ask("GET", "/vms", "-H", "X: " + "x" * 20_000).status == 431
    assert mock.ask("GET", "/" + "x" * 20_000).status == 431


def test_a_body_that_never_ends_is_refused_before_it_begins(mock: Served) -> None:
    for path in ("/vms", "/vms/import"):
        assert mock.ask("POST", path, "-T", "/dev/zero").status == 411
        too_long = mock.ask("POST", path, "-H", LENGTH.format(2**60), "-d", "x")
        assert too_long.status == 413
    small = mock.ask("POST", "/vms", "-H", LENGTH.format(MAXIMUM_BODY + 1), "-d", "x")
    assert small.status == 413
    for length in ("-1", "x", "1, 2"):
        assert mock.ask("POST", "/vms", "-H", LENGTH.format(length), "-d", "x").status == 400


def test_slow_and_vanishing_clients_hold_nobody_up(mock: Served) -> None:
    with ExitStack() as stack:
        slow = [stack.enter_context(connect(mock)) for _number in range(100)]
        for client in slow[:50]:
            client.sendall(b"POST /vms HTTP/1.1\r\nHost: ")
        for client in slow[50:]:
            head = f"POST /vms HTTP/1.1\r\nHost: {mock.url[7:]}\r\nContent-Length: 100\r\n"
            client.sendall(f"{head}Authorization: Bearer {mock.token}\r\n\r\n{{".encode())
        assert mock.ask("GET", "/vms").status == 200


@pytest.mark.parametrize(
    "request_bytes", [b"\0" * 1000, b"GET\r\n\r\n", b"GET / HTTP/9.9\r\n: x\r\n\r\n", b"\r\n" * 50]
)
def test_what_is_no_http_is_answered_or_cut(mock: Served, request_bytes: bytes) -> None:
    with connect(mock) as client:
        client.sendall(request_bytes)
        client.shutdown(socket.SHUT_WR)
        assert client.recv(12) in (b"", b"HTTP/1.0 400", b"HTTP/1.1 400")


def test_the_token_is_made_once_for_this_user_alone() -> None:
    def shown() -> str:
        command = [sys.executable, "-m", "vmdesk.cli", "--connect", "test:///default"]
        command += ["serve", "--show-token"]
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()

    file = access_token.path()
    file.unlink(missing_ok=True)
    token = shown()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert len(token) >= 32
    assert shown() == token
    assert list(file.parent.glob(f"{file.name}*")) == [file], "it is written to another file first"


def test_a_unix_socket_is_for_its_user_alone(tmp_path: Path) -> None:
    path = tmp_path / "api"
    dead = socket.socket(socket.AF_UNIX)
    dead.bind(str(path))
    dead.close()
    options = ("--unix-socket", str(path))
    with serving("test:///default", "--socket", str(path), options=options) as served:
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert served.ask("GET", "/vms").status == 200
        assert served.bare("GET", "/vms").status == 401
        assert served.ask("GET", "/vms", "-H", "Host: evil.example").status == 421
        second = run("--socket", str(path))
        assert (second.returncode, "can’t listen" in second.stderr) == (1, True)
        assert served.ask("GET", "/vms").status == 200
    assert not path.exists()


def test_other_addresses_need_a_certificate(tmp_path: Path) -> None:
    refused = run("--address", "0.0.0.0", "--port", "0")
    assert (refused.returncode, "certificate" in refused.stderr) == (2, True)
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    assert run("--certificate", str(certificate), "--key", str(key)).returncode == 2
    subject = ("-subj", "/CN=vm.example", "-addext", "subjectAltName=DNS:vm.example")
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    command += ["-nodes", "-keyout", str(key), "-out", str(certificate), *subject]
    subprocess.run(command, check=True, capture_output=True)
    place = ("--address", "0.0.0.0", "--port", "0", "--host", "vm.example")
    files = ("--certificate", str(certificate), "--key", str(key))
    with serving("test:///default", *place, *files) as bound:
        port = bound.url.rpartition(":")[2]
        options = ("--cacert", str(certificate), "--resolve", f"vm.example:{port}:127.0.0.1")
        url = f"https://vm.example:{port}"
        served = Served(bound.process, url, bound.token, options)
        assert served.ask("GET", "/vms").data[0]["name"] == "test"
        assert served.bare("GET", "/vms").status == 401
        assert served.ask("GET", "/vms", "-H", "Host: evil.example").status == 421
        with socket.create_connection(("127.0.0.1", int(port))) as client:
            client.sendall(b"GET / HTTP/1.0\r\n\r\n")  # no TLS
        assert served.ask("GET", "/vms").status == 200


def test_without_flask_the_terminal_says_what_to_install() -> None:
    program = "import sys; sys.modules['flask'] = None; from vmdesk.cli.main import main; "
    program += "sys.exit(main(['--connect', 'test:///default', 'serve']))"
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert ended.returncode == 1
    assert "vmdesk[api]" in ended.stderr


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "vmdesk.cli", "--connect", "test:///default", "serve"]
    return subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=30)


@pytest.mark.parametrize(
    ("limits", "sent", "answer"),
    [
        (("HEAD_TIMEOUT",), b"GET / HTTP/1.1\r\n", b"HTTP/1.0 408 Request Timeout"),
        (("IDLE_TIMEOUT", "IDLE_LOOK_INTERVAL"), b"", b""),
    ],
)
def test_who_takes_too_long_is_cut(
    libvirt_events: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    limits: tuple[str, ...],
    sent: bytes,
    answer: bytes,
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", None)  # the server changes it
    for limit in limits:
        monkeypatch.setattr(server, limit, 0)
    listener = sockets.port("127.0.0.1", 0)
    folders = Folders(isos=tmp_path, disks=tmp_path)
    tested = server.Server(listener, "test:///default", "t" * 43, set(), folders)
    job = Job()

    def run() -> None:
        with suppress(Cancelled):
            tested.run(job, lambda: None)

    thread = threading.Thread(target=run)
    thread.start()
    try:
        with socket.create_connection(listener.getsockname(), timeout=20) as client:
            client.sendall(sent)
            assert client.recv(28) == answer
    finally:
        job.cancel()
        thread.join()
