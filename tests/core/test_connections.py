"""Which connections there are, and what they are called."""

import grp
import os
from pathlib import Path

import pytest

from vmdesk.core import connections
from vmdesk.core.connections import KnownConnection


@pytest.mark.parametrize(
    ("uri", "name"),
    [
        ("qemu:///session", "On this computer"),
        ("qemu:///system", "System"),
        ("qemu+ssh://anna@lab-server:2222/system", "lab-server"),
        ("test:///default", "test:///default"),
    ],
)
def test_a_connection_has_a_name_of_its_own(uri: str, name: str) -> None:
    assert connections.default_name(uri) == name


@pytest.mark.parametrize(
    "text", ["", "lab", "qemu:", "qemu:///sys tem", "qemu+ssh://h:port/system", "://[", "qemu://h"]
)
def test_what_is_no_address_is_known(text: str) -> None:
    assert not connections.is_uri(text)


def test_what_is_written_is_read_again() -> None:
    added = (KnownConnection("qemu+ssh://lab/system", "Das „Labor“"),)
    assert connections.parse(connections.write(added)) == added


@pytest.mark.parametrize(
    "text", ["", "nonsense", "{}", '["x", 5]', '[{"uri": 5, "name": "x"}, {"uri": "lab"}]']
)
def test_what_makes_no_sense_is_left_out(text: str) -> None:
    assert connections.parse(text) == ()


def test_a_name_that_is_missing_is_the_default_one() -> None:
    known = connections.parse('[{"uri": "qemu+ssh://lab/system", "name": " "}]')
    assert known == (KnownConnection("qemu+ssh://lab/system", "lab"),)


def test_the_systems_libvirt_is_open_where_its_socket_is_the_users(tmp_path: Path) -> None:
    socket = tmp_path / "libvirt-sock"
    assert not connections.system_is_open([socket])
    socket.touch(mode=0o600)
    assert connections.system_is_open([socket])


@pytest.fixture
def everybodys(tmp_path: Path) -> Path:
    """A socket that everybody may open."""
    socket = tmp_path / "libvirt-sock"
    socket.touch()
    socket.chmod(0o666)
    return socket


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_socket_that_everybody_may_open_is_polkits_to_guard(
    everybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "_GROUP", "no-such-group")
    assert not connections.system_is_open([everybodys])
    everybodys.chmod(0o000)
    assert not connections.system_is_open([everybodys])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may open everything")
def test_a_socket_that_everybody_may_open_is_open_to_members_of_the_group(
    everybodys: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = os.getgroups()
    monkeypatch.setattr(connections, "_GROUP", grp.getgrgid(own[0]).gr_name)
    assert connections.system_is_open([everybodys])
    other = next(group.gr_name for group in grp.getgrall() if group.gr_gid not in own)
    monkeypatch.setattr(connections, "_GROUP", other)
    assert not connections.system_is_open([everybodys])


def test_an_entry_for_a_connection_that_is_there_anyway_renames_it() -> None:
    first = "qemu+ssh://lab/system"
    found = connections.gather(first, [KnownConnection(first, "Lab")])
    assert found[0] == KnownConnection(first, "Lab")
    assert len({one.uri for one in found}) == len(found)
