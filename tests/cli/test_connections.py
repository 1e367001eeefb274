"""vmdeskctl connections: those of the window, each with its state."""

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from vmdesk.core import configuration, connections, reachability
from vmdesk.core.connections import KnownConnection
from vmdesk.core.job import Job
from vmdesk.settings import Settings

LOST = "qemu+unix:///system?socket=/nowhere/libvirt-sock"


def run(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "vmdesk.cli", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
        env=os.environ | environment,
    )


def test_those_of_the_window_are_listed_with_their_state(tmp_path: Path) -> None:
    settings = Settings(tmp_path / "vmdesk" / "vmdesk.conf")
    settings.uri = "test:///default"
    settings.added_connections = (KnownConnection(LOST, 'Das "Labor", oben'),)
    del settings  # which writes the file
    # libvirt would look for its own settings there too, and has none.
    done = run("connections", "--json", XDG_CONFIG_HOME=str(tmp_path), VMDESK_URI="")
    found = {item["uri"]: item for item in json.loads(done.stdout)}
    assert found["test:///default"]["reachable"]
    assert found["test:///default"]["problem"] is None
    assert found[LOST]["name"] == 'Das "Labor", oben'
    assert not found[LOST]["reachable"]
    assert "libvirt is not running" in found[LOST]["problem"]["error"]
    told = run("connections", XDG_CONFIG_HOME=str(tmp_path), VMDESK_URI="").stdout
    assert "test:///default  reachable" in told


def test_one_that_is_named_is_looked_at_alone() -> None:
    done = run("--connect", "test:///default", "connections", "--json")
    assert [item["uri"] for item in json.loads(done.stdout)] == ["test:///default"]


@pytest.mark.usefixtures("libvirt_events")
def test_a_host_that_hangs_delays_no_other(tmp_path: Path) -> None:
    path = tmp_path / "s"
    with socket.socket(socket.AF_UNIX) as silent:
        silent.bind(str(path))
        silent.listen()
        hung = KnownConnection(f"qemu+unix:///system?socket={path}", "hung")
        good = KnownConnection("test:///default", "good")
        begun = time.monotonic()
        found = reachability.look((hung, good), Job(), patience=0.5)
    assert time.monotonic() - begun < 3
    assert [reach.error is None for reach in found] == [False, True]
    assert found[0].error is not None
    assert "does not answer" in found[0].error.summary


def test_a_parameter_is_added_but_never_replaced() -> None:
    assert connections.with_parameter("qemu:///session", "no_tty", "1") == (
        "qemu:///session?no_tty=1"
    )
    whole = "qemu+ssh://a@b:22/system?socket=/x&no_tty=0"
    assert connections.with_parameter(whole, "no_tty", "1") == whole
    assert connections.with_parameter(whole, "command", "/a b") == f"{whole}&command=/a%20b"


def test_the_option_names_one_connection_alone() -> None:
    (known,) = configuration.choose_connections("test:///default")
    assert known.uri == "test:///default"
