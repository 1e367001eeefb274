"""What can be done to a machine now, and if not, why."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from vmdesk.core.host import DomainInfo, DomainState
from vmdesk.core.i18n import _
from vmdesk.models.domain_list_model import DomainRow

if TYPE_CHECKING:
    from vmdesk.core.details import DomainDetails


class Act(enum.Enum):
    """Something that a user does to a machine."""

    CONSOLE = "console"
    START = "start"
    RESUME = "resume"
    SHUT_DOWN = "shut down"
    REBOOT = "reboot"
    PAUSE = "pause"
    FORCE_OFF = "force off"
    EXPORT = "export"
    TRANSFER = "transfer"
    PROPERTIES = "properties"
    RENAME = "rename"
    EJECT = "eject"
    INSERT = "insert"
    DELETE = "delete"
    CANCEL = "cancel"


def why_not(act: Act, row: DomainRow, is_connected: bool) -> str | None:
    """Return the reason why ``act`` is impossible for this machine now, or ``None``."""
    if act is Act.CANCEL:
        return None if row.activity is not None else _("Nothing is being done to it.")
    if not is_connected:
        return _("vmdesk has no connection to libvirt now.")
    if row.info is None:
        return _("It is still being made.")
    if row.activity is not None and act is not Act.CONSOLE:
        return _("Wait until this is done: {activity}").format(activity=row.activity.text)
    return _why_not_in_state(act, row.info)


def why_no_eject(details: DomainDetails) -> str | None:
    """Return the reason why no disc of this machine can be ejected, or ``None``."""
    if not details.cdroms:
        return _("It has no CD-ROM drive.")
    return None if any(drive.disc for drive in details.cdroms) else _("No disc is in its drive.")


def main_act(row: DomainRow) -> Act:
    """Return what a user most likely wants of a machine in this state."""
    if row.info is None:
        return Act.CANCEL
    if row.info.state is DomainState.PAUSED:
        return Act.RESUME
    return Act.CONSOLE if row.info.state.is_active else Act.START


def _why_not_in_state(act: Act, info: DomainInfo) -> str | None:
    state = info.state
    match act:
        case Act.START if state.is_active:
            return _("It is on already.")
        case Act.SHUT_DOWN | Act.REBOOT | Act.PAUSE | Act.FORCE_OFF if not state.is_active:
            return _("It is off.")
        case Act.SHUT_DOWN | Act.REBOOT if state is DomainState.PAUSED:
            return _("Resume it first: a paused guest can’t react.")
        case Act.SHUT_DOWN | Act.REBOOT | Act.PAUSE if not state.can_be_reached:
            return _("Its guest doesn’t run now.")
        case Act.RESUME if state is not DomainState.PAUSED:
            return _("It isn’t paused.")
        case Act.EXPORT if state.is_active:
            return _("Shut down first.")
        case Act.RENAME if state.is_active:
            return _("Shut it down to rename it.")
    return None
