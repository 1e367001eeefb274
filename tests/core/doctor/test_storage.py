"""Folders: there, writable, roomy, and open to QEMU's user."""

import os
import pwd
import struct
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.doctor.conftest import Examine
from vmdesk.core.doctor import readers, storage
from vmdesk.core.doctor.finding import State
from vmdesk.core.doctor.readers import Reader

STRANGER = Reader("libvirt-qemu", 64055, frozenset({64055}))


def test_folders_that_can_be_made_are_good(examined: Examine) -> None:
    assert storage.folders(examined()).state is State.GOOD


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_can_not_be_written_to_can_be_opened(
    examined: Examine, tmp_path: Path
) -> None:
    (tmp_path / "disks").mkdir(mode=0o500)
    found = storage.folders(examined())
    assert found.state is State.BROKEN
    assert found.mends[0].shown == f"chmod u+rwx {tmp_path}/disks"
    assert storage.sharing(examined()).state is State.UNCHECKED


def test_a_file_in_a_folders_place_is_told(examined: Examine, tmp_path: Path) -> None:
    (tmp_path / "isos").write_text("")
    assert storage.folders(examined()).state is State.BROKEN


def test_room_is_scarce_or_not(examined: Examine, monkeypatch: pytest.MonkeyPatch) -> None:
    assert storage.room(examined()).state is State.GOOD
    full = replace(examined(), disks=Path("/proc/none"))
    assert storage.room(full).state is State.BROKEN
    monkeypatch.setattr(storage, "SCARCE", 1 << 60)
    assert storage.room(examined()).state is State.WARNING


def test_whether_copies_share_blocks_is_tried(examined: Examine, tmp_path: Path) -> None:
    found = storage.sharing(examined())
    shares = "share their blocks" in found.meaning
    assert found.state is (State.GOOD if shares else State.UNNEEDED)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_closed_to_qemus_user_has_three_ways_out(
    examined: Examine, tmp_path: Path
) -> None:
    tmp_path.chmod(0o711)
    (tmp_path / "isos").mkdir(mode=0o700)
    closed = readers.closed_to(tmp_path / "isos", STRANGER)
    found = readers.may_reach(examined("qemu:///system"), STRANGER)
    assert closed is not None
    assert found.state is State.BROKEN
    assert str(closed) in found.meaning
    let_in, copy, session = (mend.shown for mend in found.mends)
    assert str(closed) in let_in
    assert "/var/lib/libvirt/images" in copy
    assert session == "vmdesk --connect qemu:///session"


def test_an_open_folder_may_be_entered(tmp_path: Path) -> None:
    folder = tmp_path / "isos"
    folder.mkdir(mode=0o701)
    assert readers.closed_to(folder, STRANGER) != folder
    folder.chmod(0o700)
    owner = Reader("owner", folder.stat().st_uid, frozenset())
    assert readers.closed_to(folder, owner) != folder
    folder.chmod(0o610)
    member = Reader("member", 64055, frozenset({folder.stat().st_gid}))
    assert readers._may_enter(folder, member)


def test_an_acl_counts_before_the_mode(tmp_path: Path) -> None:
    """As setfacl writes it: the user's entry, and a mask that lets it through or not."""
    tmp_path.chmod(0o700)
    nobody = 0xFFFF_FFFF
    for mask, may in ((1, True), (0, False)):
        entries = [(1, 7, nobody), (2, 1, STRANGER.uid), (4, 0, nobody), (0x10, mask, nobody)]
        entries.append((0x20, 0, nobody))
        packed = b"".join(struct.pack("<HHI", *entry) for entry in entries)
        try:
            os.setxattr(tmp_path, "system.posix_acl_access", struct.pack("<I", 2) + packed)
        except OSError as error:
            pytest.skip(f"no ACLs here: {error}")
        assert readers._may_enter(tmp_path, STRANGER) is may


def test_machines_of_the_session_run_as_the_user(examined: Examine) -> None:
    assert readers.may_reach(examined(), STRANGER).state is State.GOOD


def test_a_system_whose_user_for_machines_is_not_known_is_not_judged(examined: Examine) -> None:
    assert readers.may_reach(examined("qemu:///system"), None).state is State.UNCHECKED


def test_the_user_of_the_systems_machines_is_found_by_any_of_its_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own = pwd.getpwuid(os.geteuid())
    monkeypatch.setattr(readers, "QEMU_USERS", ("nobody-is-called-this", own.pw_name))
    found = readers.qemu_user()
    assert found is not None
    assert (found.name, found.uid) == (own.pw_name, own.pw_uid)
    assert own.pw_gid in found.gids
    monkeypatch.setattr(readers, "QEMU_USERS", ("nobody-is-called-this",))
    assert readers.qemu_user() is None


def test_where_there_are_no_acls_everybody_is_let_through(
    examined: Examine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    let_in, *_others = readers.mends(tmp_path, examined("qemu:///system"), STRANGER)
    assert let_in.shown == f"chmod o+x {tmp_path}"


def test_root_may_enter_what_is_closed_to_others(tmp_path: Path) -> None:
    tmp_path.chmod(0o700)
    assert readers.closed_to(tmp_path, Reader("root", 0, frozenset())) is None
    assert readers.closed_to(tmp_path, STRANGER) is not None


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_folder_that_can_not_be_looked_at_counts_as_closed(tmp_path: Path) -> None:
    hidden = tmp_path / "closed" / "isos"
    hidden.mkdir(parents=True)
    hidden.parent.chmod(0)
    try:
        assert readers.closed_to(hidden, Reader("root", 0, frozenset())) == hidden
    finally:
        hidden.parent.chmod(0o700)
