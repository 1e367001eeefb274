"""Connections that can’t be made, each for a reason of its own."""

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import libvirt
import pytest

from tests.core.causes.recognized import cause_of

SSHD = Path("/usr/sbin/sshd")
ONLY_USERS = pytest.mark.skipif(os.geteuid() == 0, reason="root is denied nothing")


@pytest.mark.parametrize(
    ("uri", "key"),
    [
        ("nonsense", "no such connection"),
        ("qemu:///system?socket=/nowhere/none", "not running"),
        ("qemu+tcp://127.0.0.1:1/system", "not running"),
        ("qemu+tcp://nowhere.invalid/system", "host unknown"),
        ("qemu+tls://127.0.0.1:1/system", "no certificate"),
    ],
)
def test_a_connection_that_can_not_be_made(libvirt_events: None, uri: str, key: str) -> None:
    assert cause_of(lambda: libvirt.open(uri)).key == key


@pytest.fixture
def ssh(tmp_path: Path) -> Iterator[Path]:
    """The real ssh, as a command that leads to a real sshd where nobody may log in."""
    if not SSHD.exists():
        pytest.skip("openssh-server is not installed")
    key, log = tmp_path / "host", tmp_path / "log"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    config = tmp_path / "config"
    config.write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {key}\nUsePAM no\nPidFile none\n"
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\n"
    )
    command = tmp_path / "ssh"
    options = f"-F none -p {port} -o UserKnownHostsFile={tmp_path}/known -o StrictHostKeyChecking"
    command.write_text(f'#!/bin/sh\nexec ssh {options}=$(cat {tmp_path}/strict) "$@"\n')
    command.chmod(0o700)
    with subprocess.Popen([SSHD, "-D", "-f", config, "-E", log]) as server:
        try:
            _wait_for(port)
            yield command
        finally:
            server.terminate()


def _wait_for(port: int) -> None:
    for _time in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return


@pytest.mark.parametrize(
    ("strict", "host", "key"),
    [
        ("no", "127.0.0.1", "ssh refused"),
        ("yes", "127.0.0.1", "ssh key unknown"),
        ("yes", "nowhere.invalid", "host not reached"),
    ],
)
def test_what_ssh_says_comes_through_libvirt(
    libvirt_events: None, ssh: Path, strict: str, host: str, key: str
) -> None:
    (ssh.parent / "strict").write_text(strict)
    assert cause_of(lambda: libvirt.open(f"qemu+ssh://{host}/system?command={ssh}")).key == key


@ONLY_USERS
def test_a_socket_that_is_closed(libvirt_events: None, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "closed"))
        listener.listen()
        (tmp_path / "closed").chmod(0)
        uri = f"qemu:///system?socket={tmp_path}/closed"
        assert cause_of(lambda: libvirt.open(uri)).key == "socket closed"
