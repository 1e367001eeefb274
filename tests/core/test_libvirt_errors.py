"""What libvirt says is told in a user's words, with a cause and a way out."""

import os
import socket
from pathlib import Path

import libvirt
import pytest

from vmdesk.core import libvirt_errors
from vmdesk.core.host import Host
from vmdesk.core.job import Cause, OperationError

pytestmark = pytest.mark.usefixtures("libvirt_events")


def failure_of(uri: str) -> OperationError:
    with pytest.raises(OperationError) as caught:
        Host(uri).open()
    assert caught.value.details
    return caught.value


@pytest.mark.parametrize("uri", ["nonsense", "nonsense:///?socket=/x", "qemu"])
def test_an_address_of_no_connection_is_told_with_examples(uri: str) -> None:
    error = failure_of(uri)
    assert error.summary in (
        "libvirt knows no connection of this kind.",
        "libvirt is not running, or can’t be reached.",
    )
    assert "qemu:///session" in error.hint


def test_a_daemon_that_does_not_run_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as stale:
        stale.bind(str(tmp_path / "stale"))
    for uri in (
        f"qemu:///system?socket={tmp_path}/none",
        f"qemu:///system?socket={tmp_path}/stale",
        "qemu+tcp://127.0.0.1:1/system",
    ):
        error = failure_of(uri)
        assert error.summary == "libvirt is not running, or can’t be reached."
        assert "service libvirtd" in error.hint


def test_another_computer_that_ssh_does_not_reach_is_told(tmp_path: Path) -> None:
    helper = tmp_path / "ssh"
    # Like ssh, it takes the first words of libvirt before it gives up.
    words = "ssh: Could not resolve hostname nowhere"
    helper.write_text(f"#!/bin/sh\nhead -c 4 >/dev/null\necho '{words}' >&2\nexit 255\n")
    helper.chmod(0o700)
    error = failure_of(f"qemu+ssh://nowhere/system?command={helper}")
    assert error.summary == "libvirt is not running, or can’t be reached."
    assert "Could not resolve hostname" in error.details


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_that_is_closed_to_this_user_is_told(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "closed"))
        listener.listen()
        (tmp_path / "closed").chmod(0)
        error = failure_of(f"qemu:///system?socket={tmp_path}/closed")
    assert error.summary == "libvirt did not let you in."
    assert "group “libvirt”" in error.hint


def test_a_connection_that_may_only_look_is_told() -> None:
    connection = libvirt.openReadOnly("test:///default")
    with pytest.raises(OperationError, match="read-only"), libvirt_errors.translated():
        connection.lookupByName("test").destroy()
    connection.close()


def made(code: int, message: str, domain: int = libvirt.VIR_FROM_QEMU) -> libvirt.libvirtError:
    error = libvirt.libvirtError("")
    error.err = (code, domain, message, 2, None, None, None, -1, -1)
    return error


@pytest.mark.parametrize(
    ("error", "words", "cause"),
    [
        (made(libvirt.VIR_ERR_AUTH_UNAVAILABLE, "no polkit agent"), "let you in", Cause.NOT_LET_IN),
        (made(libvirt.VIR_ERR_AUTH_CANCELLED, "dismissed"), "let you in", Cause.NOT_LET_IN),
        (made(libvirt.VIR_ERR_OPERATION_TIMEOUT, "state change lock"), "busy", Cause.FAILED),
        (made(libvirt.VIR_ERR_NO_DOMAIN, "Domäne fehlt"), "does not exist", Cause.NOT_FOUND),
        (made(libvirt.VIR_ERR_OPERATION_INVALID, "läuft"), "in the state", Cause.WRONG_STATE),
        (made(libvirt.VIR_ERR_INTERNAL_ERROR, "failed to initialize kvm: x"), "KVM", Cause.NO_KVM),
        (
            made(libvirt.VIR_ERR_INTERNAL_ERROR, "cannot set up guest memory 'pc.ram'"),
            "not enough free memory",
            Cause.FAILED,
        ),
        (
            made(libvirt.VIR_ERR_INTERNAL_ERROR, "Socket geschlossen", libvirt.VIR_FROM_RPC),
            "was lost",
            Cause.FAILED,
        ),
        (made(libvirt.VIR_ERR_CONFIG_UNSUPPORTED, "no TPM"), "on this computer", Cause.FAILED),
        (made(libvirt.VIR_ERR_XML_ERROR, "odd"), "could not do this", Cause.FAILED),
    ],
)
def test_errors_that_are_hard_to_make_are_told_too(
    error: libvirt.libvirtError, words: str, cause: Cause
) -> None:
    told = libvirt_errors.translate(error)
    assert words in told.summary
    assert told.cause is cause
    assert told.details == error.get_error_message()


def fail_with(words: bytes) -> None:
    """Fail as a call does whose error its binding can't read."""
    with libvirt_errors.translated():
        try:
            words.decode()
        except UnicodeDecodeError as error:
            raise SystemError("returned a result with an exception set") from error


@pytest.mark.parametrize(
    ("words", "summary"),
    [
        (b"access denied by acl file \xe5", "may not join a bridge"),
        (b"unheard of \xe5", "libvirt could not do this"),
    ],
)
def test_words_that_its_binding_can_not_read_are_told_as_far_as_they_can_be(
    words: bytes, summary: str
) -> None:
    with pytest.raises(OperationError, match=summary) as caught:
        fail_with(words)
    assert caught.value.details.endswith(" \N{REPLACEMENT CHARACTER}")


def test_another_defect_stays_one() -> None:
    with pytest.raises(SystemError, match="bad"), libvirt_errors.translated():
        raise SystemError("bad argument to internal function")
