"""Whether libvirt is there and lets its user in."""

import os
import socket
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import libvirt
import pytest

from tests.conftest import PrivateLibvirt
from tests.core.doctor.conftest import Examine, put
from vmdesk.core.doctor import connection
from vmdesk.core.doctor.finding import State
from vmdesk.core.mend import user_name

pytestmark = pytest.mark.usefixtures("libvirt_events")


def test_the_daemon_of_this_computer_is_found(examined: Examine) -> None:
    found = connection.is_installed(examined())
    assert found.state is State.GOOD
    assert "libvirtd" in found.meaning


def test_a_computer_without_libvirt_is_told_its_package(examined: Examine, tmp_path: Path) -> None:
    put(tmp_path, "/etc/os-release", "ID=fedora\n")
    found = connection.is_installed(examined(root=tmp_path))
    assert found.state is State.BROKEN
    assert "dnf install -y libvirt-daemon-kvm" in found.mends[0].shown


@pytest.mark.hypervisor
def test_a_connection_that_opens_names_its_user_and_versions(
    private_libvirt: PrivateLibvirt, examined: Examine
) -> None:
    found = connection.opens(examined(private_libvirt.uri))
    assert found.state is State.GOOD
    assert user_name() in found.meaning
    assert "libvirt" in found.meaning


def test_a_connection_that_is_open_already_is_asked_and_no_other_is_opened(
    examined: Examine,
) -> None:
    with closing(libvirt.open("test:///default")) as opened:
        found = connection.opens(replace(examined("test:///nowhere"), connection=opened))
    assert found.state is State.GOOD


def test_a_daemon_that_does_not_run_can_be_started(examined: Examine, tmp_path: Path) -> None:
    found = connection.opens(examined(f"qemu:///system?socket={tmp_path}/none"))
    assert found.state is State.BROKEN
    assert "systemctl enable --now" in found.mends[0].shown
    assert "No such file" in found.details


def test_a_libvirt_of_another_computer_is_not_started_here(examined: Examine) -> None:
    found = connection.opens(examined("qemu+tcp://127.0.0.1:1/system"))
    assert found.state is State.BROKEN
    assert found.mends == ()
    assert found.advice


@pytest.mark.skipif(os.geteuid() == 0, reason="root may use every socket")
def test_a_socket_closed_to_this_user_says_how_to_be_let_in(
    examined: Examine, tmp_path: Path
) -> None:
    put(tmp_path, "/run/libvirt/x").unlink()
    path = tmp_path / "run/libvirt/libvirt-sock"
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(os.path.relpath(path))
        listener.listen()
        path.chmod(0)
        # A UNIX socket's path may be no longer than 107 characters.
        found = connection.opens(examined(f"qemu:///system?socket={os.path.relpath(path)}"))
        other = connection.other_instance(examined("qemu:///system", tmp_path))
    assert found.state is State.BROKEN
    assert found.meaning == "libvirt did not let you in."
    assert "usermod -a -G libvirt" in found.mends[0].shown
    assert other.state is State.BROKEN
    assert "closed" in other.meaning


@pytest.mark.parametrize(
    ("uri", "state"), [("qemu:///system", State.BROKEN), ("qemu:///session", State.UNNEEDED)]
)
def test_the_systems_libvirt_matters_only_to_its_machines(
    examined: Examine, tmp_path: Path, uri: str, state: State
) -> None:
    found = connection.other_instance(examined(uri, tmp_path))
    assert found.state is state
    assert "does not run" in found.meaning
    put(tmp_path, "/run/libvirt/virtqemud-sock")
    assert "lets" in connection.other_instance(examined(uri, tmp_path)).meaning


def test_who_is_no_member_of_the_group_is_told_how_to_join(examined: Examine) -> None:
    own = connection.is_member(examined())
    found = connection.is_member(examined("qemu:///system"))
    assert own.state is (State.GOOD if os.geteuid() == 0 else State.UNNEEDED)
    if os.geteuid() == 0:
        assert found.state is State.GOOD
    else:
        assert found.state is State.WARNING
        assert f"usermod -a -G libvirt {user_name()}" in found.mends[0].shown
        assert "next login" in found.meaning


@pytest.mark.parametrize("uri", ["qemu:///system", "qemu:///session"])
def test_root_needs_no_group(examined: Examine, monkeypatch: pytest.MonkeyPatch, uri: str) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = connection.is_member(examined(uri))
    assert found.state is State.GOOD
    assert found.meaning.startswith("root may")
