"""Look for AppArmor and SELinux in the system's log: what did they deny to QEMU?"""

import re
import shutil

from vmdesk.core import process
from vmdesk.core.doctor.finding import Finding, State, Surroundings
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError
from vmdesk.core.mend import Deed, Mend, as_root

LOGS = ("/var/log/audit/audit.log", "/var/log/kern.log", "/var/log/syslog", "/var/log/messages")
TAIL = 512 * 1024
"""Bytes from the end of each log that are looked at."""

_APPARMOR = re.compile(r'apparmor="DENIED".*(?:profile="libvirt-|comm="qemu|libvirtd|virtqemud)')
_SELINUX = re.compile(r"avc:\s+denied.*(?:svirt|comm=\"qemu|virtqemud|libvirtd)")
_SHOWN = 5


def denials(surroundings: Surroundings, job: Job) -> Finding:
    """Tell what AppArmor or SELinux denied to QEMU lately, where its log may be read."""
    check = "denials"
    readable, lines = _log(surroundings, job)
    found = [line for line in lines if _APPARMOR.search(line) or _SELINUX.search(line)]
    if found:
        is_selinux = _SELINUX.search(found[-1]) is not None
        who = "SELinux" if is_selinux else "AppArmor"
        meaning = _("{who} denied something to QEMU {count} times; Details has its words.")
        return Finding(
            check,
            State.WARNING,
            meaning.format(who=who, count=len(found)),
            (_mend(is_selinux),),
            "\n".join(found[-_SHOWN:]),
        )
    if not readable:
        meaning = _("You may read no log that would have what they deny.")
        return Finding(check, State.UNCHECKED, meaning)
    meaning = _("The log has nothing that they denied to QEMU.")
    return Finding(check, State.GOOD, meaning)


def _mend(is_selinux: bool) -> Mend:
    if is_selinux:
        relabel = ("restorecon", "-R", "-v", "/var/lib/libvirt/images")
        return as_root(_("Restore the labels"), *relabel)
    return Mend(_("Show the profiles"), ("sudo", "aa-status"), Deed.COPY)


def _log(surroundings: Surroundings, job: Job) -> tuple[bool, list[str]]:
    """Return whether any log could be read, and its lines."""
    lines: list[str] = []
    is_readable = False
    for name in LOGS:
        try:
            with surroundings.path(name).open("rb") as file:
                file.seek(0, 2)
                file.seek(max(0, file.tell() - TAIL))
                lines += file.read().decode(errors="replace").splitlines()
        except OSError:
            continue
        is_readable = True
    if shutil.which("journalctl") is not None:
        argv = ["journalctl", "--boot", "--dmesg", "--quiet", "--no-pager", "--lines=2000"]
        try:
            said = process.run(argv, job)
        except OperationError:
            said = ""  # no journal, or none that this user may read
        is_readable = is_readable or bool(said)
        lines += said.splitlines()
    return is_readable, lines
