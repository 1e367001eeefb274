"""Check whether the user that QEMU runs as may reach the files of this user.

The classic: an ISO in the home folder, and "permission denied" at the start of a machine.
"""

import grp
import os
import pwd
import shutil
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.i18n import _
from vmdesk.core.mend import Deed, Mend, as_root

QEMU_USERS = ("libvirt-qemu", "qemu")
"""What Debian and its kin, and the others, call the user of the system's machines."""

SYSTEM_FOLDER = "/var/lib/libvirt/images"
"""Where the system's machines may read by every distribution's rules."""

_SEARCH = 1
_ACL = "system.posix_acl_access"
# include/uapi/linux/posix_acl_xattr.h: a header of 4 bytes, then tag, permissions, id
_ENTRY = struct.Struct("<HHI")
_USER, _GROUP, _MASK = 0x02, 0x08, 0x10


@dataclass(frozen=True, slots=True)
class Reader:
    """A user that files are read as: name, number, and the numbers of all of its groups."""

    name: str
    uid: int
    gids: frozenset[int]


def qemu_user() -> Reader | None:
    """Return the user of the system's machines, or ``None`` where there is none yet."""
    for name in QEMU_USERS:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        gids = {entry.pw_gid, *(g.gr_gid for g in grp.getgrall() if name in g.gr_mem)}
        return Reader(name, entry.pw_uid, frozenset(gids))
    return None


def may_reach(surroundings: Surroundings, reader: Reader | None) -> Finding:
    """Tell whether ``reader`` may go through the folders above the disks and ISOs."""
    check = "readers"
    if surroundings.is_session:
        meaning = _("Your own machines run as yourself and read what you may read.")
        return Finding(check, State.GOOD, meaning)
    if reader is None:
        meaning = _("Which user the system’s machines run as is not known here.")
        return Finding(check, State.UNCHECKED, meaning)
    closed = closed_to(surroundings.isos, reader)
    if closed is None:
        meaning = _("{user}, whom the system’s machines run as, may reach disks and ISOs.")
        return Finding(check, State.GOOD, meaning.format(user=reader.name))
    meaning = _(
        "The system’s machines run as {user}, who may not enter {folder}: an ISO or disk in it "
        "is denied."
    ).format(user=reader.name, folder=closed)
    return Finding(check, State.BROKEN, meaning, mends(closed, surroundings, reader))


def mends(closed: Path, surroundings: Surroundings, reader: Reader) -> tuple[Mend, ...]:
    """Return the three ways out: let this user in, copy into the library, or use the session."""
    rule: tuple[str, ...] = ("setfacl", "--modify", f"user:{reader.name}:x", str(closed))
    if shutil.which("setfacl") is None:
        rule = ("chmod", "o+x", str(closed))
    own = closed.stat().st_uid == os.geteuid()
    let_in = Mend(_("Let it in"), rule) if own else as_root(_("Let it in"), *rule)
    source = f"{surroundings.isos}/."
    return (
        let_in,
        as_root(_("Copy the ISOs"), "cp", "-r", "--reflink=auto", source, SYSTEM_FOLDER),
        Mend(_("Use your own machines"), ("vmdesk", "--connect", "qemu:///session"), Deed.COPY),
    )


def closed_to(path: Path, reader: Reader) -> Path | None:
    """Return the topmost folder on the way to ``path`` that ``reader`` may not enter."""
    for folder in reversed((path, *path.parents)):
        try:
            if not _may_enter(folder, reader):
                return folder
        except FileNotFoundError:
            return None  # what is not there yet is made with the rights of what is
        except PermissionError:
            return folder
    return None


def _may_enter(folder: Path, reader: Reader) -> bool:
    """Judge as the kernel does: owner, then ACL, then groups, then others. See acl(5)."""
    about = folder.stat()
    mode = about.st_mode
    if reader.uid == 0:
        return True
    if about.st_uid == reader.uid:
        return bool(mode & stat.S_IXUSR)
    entries = _acl(folder)
    # With an ACL, the group's bits of the mode are its mask.
    mask = next((p for tag, p, _id in entries if tag == _MASK), 7)
    named = [p for tag, p, id_ in entries if tag == _USER and id_ == reader.uid]
    if named:
        return bool(named[0] & mask & _SEARCH)
    groups = [p & mask for tag, p, id_ in entries if tag == _GROUP and id_ in reader.gids]
    if about.st_gid in reader.gids:
        owning = next((p & mask for tag, p, _id in entries if tag == 0x04), (mode >> 3) & 7)
        groups.append(owning)
    if groups:
        return any(permission & _SEARCH for permission in groups)
    return bool(mode & stat.S_IXOTH)


def _acl(folder: Path) -> list[tuple[int, int, int]]:
    try:
        raw = os.getxattr(folder, _ACL)
    except OSError:
        return []  # none is set, or the file system has none
    return [_ENTRY.unpack_from(raw, at) for at in range(4, len(raw), _ENTRY.size)]
