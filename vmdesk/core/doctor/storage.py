"""Check the folders in which disks and ISOs are kept: there, writable, roomy, and fast to copy."""

import fcntl
import os
import shutil
import tempfile
from pathlib import Path

from vmdesk.core import formatting
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.formatting import GIB
from vmdesk.core.i18n import _
from vmdesk.core.mend import Mend, user_name

SCARCE = 10 * GIB
"""Bytes of free room below which a new machine may soon have none."""
NONE_LEFT = 1 * GIB

_FICLONE = 0x40049409  # linux/fs.h: _IOW(0x94, 9, int)
_BLOCK = 4096


def folders(surroundings: Surroundings) -> Finding:
    """Tell whether vmdesk's folders exist, or can be made, and can be written to."""
    for folder in _all(surroundings):
        place = _nearest(folder)
        if not place.is_dir():
            meaning = _("{path} is a file where a folder for machines has to be.")
            return _broken_folder(meaning.format(path=place), None)
        if not os.access(place, os.W_OK | os.X_OK):
            meaning = _("{path} can’t be written to, so no disk or ISO can be kept there.")
            mend = None
            if place.owner() == user_name():
                command = ("chmod", "u+rwx", str(place))
                mend = Mend(_("Allow writing"), command)
            return _broken_folder(meaning.format(path=place), mend)
    meaning = _("Disks and ISOs are kept in {path}.").format(path=surroundings.disks.parent)
    return Finding("folders", State.GOOD, meaning)


def room(surroundings: Surroundings) -> Finding:
    """Tell how much room there is for disks and ISOs."""
    place = _nearest(surroundings.disks)
    free = shutil.disk_usage(place).free
    state = State.GOOD if free >= SCARCE else State.WARNING
    meaning = _("{free} are free for disks and ISOs.")
    if free < SCARCE:
        meaning = _("Only {free} are free: a new machine may soon fill that.")
    if free < NONE_LEFT:
        state = State.BROKEN
        meaning = _("Only {free} are free: machines stop when nothing is left.")
    meaning = meaning.format(free=formatting.size(free))
    return Finding("room", state, meaning, details=str(place))


def sharing(surroundings: Surroundings) -> Finding:
    """Tell whether a copy on this file system can share its blocks with the original."""
    place = _nearest(surroundings.disks)
    try:
        shares = _shares_blocks(place)
    except OSError:
        meaning = _("That can’t be tried in a folder that can’t be written to.")
        return Finding("sharing", State.UNCHECKED, meaning)
    if shares:
        meaning = _("Exports and copies share their blocks: they take no time and no room.")
        return Finding("sharing", State.GOOD, meaning)
    meaning = _("Exports and copies take time and room here; XFS and btrfs would share blocks.")
    return Finding("sharing", State.UNNEEDED, meaning)


def _broken_folder(meaning: str, mend: Mend | None) -> Finding:
    return Finding("folders", State.BROKEN, meaning, (mend,) if mend is not None else ())


def _all(surroundings: Surroundings) -> tuple[Path, Path]:
    return surroundings.disks, surroundings.isos


def _nearest(folder: Path) -> Path:
    """Return the folder, or of those above it the first that exists."""
    return next((p for p in (folder, *folder.parents) if os.path.lexists(p)), Path("/"))


def _shares_blocks(folder: Path) -> bool:
    with tempfile.TemporaryFile(dir=folder) as one, tempfile.TemporaryFile(dir=folder) as other:
        one.write(bytes(_BLOCK))
        one.flush()
        try:
            fcntl.ioctl(other, _FICLONE, one.fileno())
        except OSError:
            return False
    return True
