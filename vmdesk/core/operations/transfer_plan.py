"""Look at a machine that is to go elsewhere: what it will be there, and what will be lost."""

from dataclasses import dataclass

import libvirt
from lxml import etree

from vmdesk.core.bundle import firmware, mend, untrusted_xml
from vmdesk.core.bundle import host as bundle_host
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.image import header as image_header
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import export_disks, uefi_variables
from vmdesk.core.operations.export_disks import ExportDisk


@dataclass(frozen=True, slots=True)
class TransferPlan:
    """A machine that is off, and its description as it will be there, still without disks.

    ``losses`` is what does not come along, ``changed`` what is done in another way there.
    """

    uuid: str
    name: str
    root: etree._Element
    disks: tuple[ExportDisk, ...]
    nvram: bytes | None
    losses: tuple[str, ...]
    changed: tuple[str, ...]


def make(source: Host, target: Host, uuid: str, job: Job) -> TransferPlan:
    """Look at both; raises ``OperationError`` (wrong state) for a machine that isn't off."""
    job.report(0, 0, _("Looking at the machine"))
    domain = source.domain(uuid)
    require_off(domain)
    with translated():
        text = domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE)
        snapshots = domain.snapshotNum()
    xml = DomainXml.parse(text)
    losses: list[str] = []
    disks = export_disks.find(source, xml, losses, job)
    rebuilt = untrusted_xml.rebuild(text.encode())
    changed = mend.mend(rebuilt, bundle_host.read(target, xml.arch))
    losses += [f"{item.what}: {item.why}" for item in rebuilt.dropped]
    if snapshots:
        told = ngettext("its {count} snapshot", "its {count} snapshots", snapshots)
        losses.append(told.format(count=snapshots))
    nvram = _nvram(source, xml, losses)
    if rebuilt.root.find("devices/tpm") is not None:
        losses.append(_("what its TPM keeps, such as keys of encrypted disks"))
    return TransferPlan(uuid, xml.name, rebuilt.root, tuple(disks), nvram, tuple(losses), changed)


def require_off(domain: libvirt.virDomain) -> None:
    """Raise ``OperationError`` (wrong state) for a machine that runs or is saved."""
    with translated():
        name = domain.name()
        if domain.isActive():
            raise OperationError(
                _("The machine {name} is running.").format(name=name),
                _("Shut it down first, or let it go on there while it runs: migrate it."),
                cause=Cause.WRONG_STATE,
            )
        if domain.hasManagedSaveImage():
            raise OperationError(
                _("The machine {name} is saved in the middle of its work.").format(name=name),
                _("Start it and shut it down, or discard the saved state."),
                cause=Cause.WRONG_STATE,
            )


def _nvram(source: Host, xml: DomainXml, losses: list[str]) -> bytes | None:
    found = uefi_variables.read(source, xml)
    # Fedora keeps them in an image.
    is_raw = found.data is not None and image_header.detect(found.data) is None
    if found.data is not None and is_raw and firmware.fits(len(found.data)):
        return found.data
    if found.data is not None or found.is_lost:
        losses.append(_("its UEFI variables, such as the order of what it boots from"))
    return None
