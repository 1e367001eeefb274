"""Connections that can’t be made, each for a reason of its own."""

import os
import socket
from pathlib import Path

import libvirt
import pytest

from tests.core.causes.recognized import cause_of

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


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ("me@there: Permission denied (publickey,password).", "ssh refused"),
        ("Host key verification failed.", "ssh key unknown"),
        ("ssh: Could not resolve hostname there", "not running"),
    ],
)
def test_what_ssh_says_comes_through_libvirt(
    libvirt_events: None, tmp_path: Path, words: str, key: str
) -> None:
    helper = tmp_path / "ssh"
    # It hears libvirt out first: who finds the pipe broken does not ask what was said.
    helper.write_text(f"#!/bin/sh\nhead -c 1 >/dev/null\necho '{words}' >&2\nexit 255\n")
    helper.chmod(0o700)
    assert cause_of(lambda: libvirt.open(f"qemu+ssh://there/system?command={helper}")).key == key


@ONLY_USERS
def test_a_socket_that_is_closed(libvirt_events: None, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "closed"))
        listener.listen()
        (tmp_path / "closed").chmod(0)
        uri = f"qemu:///system?socket={tmp_path}/closed"
        assert cause_of(lambda: libvirt.open(uri)).key == "socket closed"
