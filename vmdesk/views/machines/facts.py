"""What the details pane tells of a machine's equipment, as facts."""

from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication

from vmdesk.core import formatting
from vmdesk.core.details import DiskDetails, DomainDetails, DriveDetails
from vmdesk.core.i18n import _
from vmdesk.views.action_rules import Act
from vmdesk.views.actions import DomainActions
from vmdesk.views.machines.facts_table import Fact

_MIDDLE = Qt.TextElideMode.ElideMiddle


def facts_of(details: DomainDetails, actions: DomainActions) -> list[Fact]:
    """Return disks, discs, addresses, how fast it runs, and its note."""
    facts = [_disk(disk, actions) for disk in details.disks]
    facts += [_drive(details.uuid, drive, actions) for drive in details.cdroms]
    facts.append(_address(details))
    if details.later:
        facts.append(
            Fact(_("Next start"), _("With {sizes}").format(sizes=" · ".join(details.later)))
        )
    if not details.uses_kvm:
        facts.append(Fact(_("Speed"), _("Slow: emulated, without KVM")))
    if details.note:
        facts.append(Fact(_("Note"), details.note.replace("\n", " ")))
    return facts


def _disk(disk: DiskDetails, actions: DomainActions) -> Fact:
    parts = [disk.target]
    if disk.virtual_size is not None:
        total = disk.virtual_size
        parts.append(
            formatting.size(total) if disk.used is None else formatting.share(disk.used, total)
        )
    parts.append(disk.path.name if disk.path is not None else disk.source)
    text = " · ".join(parts)
    if disk.path is None:
        return Fact(_("Disk"), text)
    folder = disk.path.parent
    return Fact(
        _("Disk"), text, _("Show in folder"), lambda: actions.folder_wanted.emit(folder), _MIDDLE
    )


def _drive(uuid: str, drive: DriveDetails, actions: DomainActions) -> Fact:
    act = Act.EJECT if drive.disc else Act.INSERT
    value, text = _("No disc"), _("Insert…")
    if drive.disc:
        parts = (drive.disc.rpartition("/")[2], drive.verification)
        value, text = " · ".join(part for part in parts if part), _("Eject")
    action = actions[act]
    return Fact(
        _("Installation disc"),
        value,
        text,
        lambda: actions.request(act, drive.target),
        hindrance="" if action.isEnabled() else action.toolTip(),
        subject=f"{uuid} {drive.target}",
    )


def _address(details: DomainDetails) -> Fact:
    if not details.addresses:
        return Fact(_("Network"), details.network)
    addresses = ", ".join(details.addresses)
    text = f"{addresses} · {details.network}"
    return Fact(_("Address"), text, _("Copy"), lambda: _copy(addresses))


def _copy(text: str) -> None:
    QGuiApplication.clipboard().setText(text)
