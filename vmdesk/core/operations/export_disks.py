"""The disks of a machine that is exported: found, looked at, and made whole files of."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from lxml import etree

from vmdesk.core import disk_users, formatting, sparse
from vmdesk.core.bundle import writer
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.bundle.writer import Source
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.image import qemu_img
from vmdesk.core.image.qemu_img import ImageInfo
from vmdesk.core.job import Job, OperationError
from vmdesk.core.libvirt_errors import translated

LEAST_RATIO = 10
"""Nothing that is worth keeping is compressed further than to a tenth."""


@dataclass(frozen=True, slots=True)
class ExportDisk:
    """A disk as it is now; ``is_whole`` if its file can be taken along as it is."""

    device: DiskDevice
    path: Path
    format: str
    info: ImageInfo
    is_whole: bool


def find(host: Host, xml: DomainXml, notes: list[str], job: Job) -> list[ExportDisk]:
    """Look at each disk, and add to ``notes`` what the user should know.

    Raises ``OperationError`` for one that can't be exported.
    """
    disk_users.require_here(host)
    disks = []
    for device in xml.disks:
        if device.device != "disk":
            if not device.is_empty:
                notes.append(
                    _("The disc in {target} is not exported.").format(target=device.target)
                )
            continue
        path = device.path or _volume_path(host, device)
        if path is None:
            raise OperationError(
                _("The disk {target} is not a file; it can’t be exported.").format(
                    target=device.target
                )
            )
        disks.append(_look_at(device, path, notes, job))
    return disks


def _volume_path(host: Host, device: DiskDevice) -> Path | None:
    if device.volume is None:
        return None
    pool, volume = device.volume
    with translated():
        found = host.connection.storagePoolLookupByName(pool).storageVolLookupByName(volume)
        return Path(found.path())


def _look_at(device: DiskDevice, path: Path, notes: list[str], job: Job) -> ExportDisk:
    if not os.access(path, os.R_OK):
        raise OperationError(
            _("The disk {path} can’t be read.").format(path=path),
            _("It is missing, or belongs to another user."),
        )
    kind = device.format or "raw"
    info = qemu_img.info(path, kind, job)
    if info.is_encrypted:
        raise OperationError(_("The disk {path} is encrypted.").format(path=path))
    is_whole = kind == "qcow2" and info.backing_file is None and info.data_file is None
    count = len(info.snapshots)
    if count and is_whole:
        text = ngettext(
            "The disk {target} keeps its {count} snapshot inside.",
            "The disk {target} keeps its {count} snapshots inside.",
            count,
        )
        notes.append(text.format(target=device.target, count=count))
    elif count:
        notes.append(
            _("The snapshots inside of {target} are left out.").format(target=device.target)
        )
    return ExportDisk(device, path, kind, info, is_whole)


def flattened(disks: list[ExportDisk], folder: Path, job: Job) -> list[Source]:
    """Return for each disk a whole qcow2 file: itself, or a copy in ``folder``."""
    sources = []
    for index, disk in enumerate(disks):
        path = disk.path
        if not disk.is_whole:
            path = folder / f"{index}.qcow2"
            _check_room(folder, disk.info.actual_size)
            expected = disk.info.actual_size
            qemu_img.convert(disk.path, disk.format, path, job, expected=expected)
        sources.append(writer.look_at(path))
    return sources


def point_to(device: DiskDevice, name: str) -> None:
    """Let the description name the member, so that other programs find it."""
    element = device.element
    for tag in ("source", "backingStore", "mirror"):
        for child in element.findall(tag):
            element.remove(child)
    element.set("type", "file")
    source = etree.SubElement(element, "source")
    source.set("file", name)
    driver = element.find("driver")
    if driver is None:
        driver = etree.SubElement(element, "driver")
        driver.set("name", "qemu")
    driver.set("type", "qcow2")


def check_room(descriptor: int, folder: Path, sources: list[Source], form: ArchiveForm) -> None:
    """Raise ``OperationError`` if a bundle, so far an empty open file, can't find room enough."""
    total = sum(source.data_size for source in sources)
    if form is not ArchiveForm.TAR:
        total //= LEAST_RATIO
    elif sources:
        source = os.open(sources[0].path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            if sparse.can_share(source, descriptor):
                return
        finally:
            os.close(source)
    _check_room(folder, total)


def _check_room(folder: Path, needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if needed > free:
        raise OperationError(
            _("There is not enough room: {needed} are needed, {free} are free.").format(
                needed=formatting.size(needed), free=formatting.size(free)
            ),
            _("Choose another folder, or make room."),
        )
