"""The disks of a machine that is exported: found, looked at, and made whole files of."""

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import libvirt
from lxml import etree

from vmdesk.core import disk_users, formatting, sparse
from vmdesk.core.bundle import writer
from vmdesk.core.bundle.layout import ArchiveForm
from vmdesk.core.bundle.writer import Source, StreamSource
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.domain.xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _, ngettext
from vmdesk.core.image import header as image_header
from vmdesk.core.image import qemu_img
from vmdesk.core.image.qemu_img import ImageInfo
from vmdesk.core.job import Job, OperationError
from vmdesk.core.storage import stream, volumes

LEAST_RATIO = 10
"""Nothing that is worth keeping is compressed further than to a tenth."""


@dataclass(frozen=True, slots=True)
class ExportDisk:
    """A disk as it is now; ``is_whole`` if its image can be taken along as it is.

    One whose file this user can't open is read as a volume, through libvirt.
    """

    device: DiskDevice
    path: Path
    format: str
    info: ImageInfo
    is_whole: bool
    volume: libvirt.virStorageVol | None = None

    @property
    def stored_format(self) -> str:
        """What the disk is in the bundle."""
        return "qcow2" if self.volume is None or not self.is_whole else self.format


def find(host: Host, xml: DomainXml, notes: list[str], job: Job) -> list[ExportDisk]:
    """Look at each disk, and add to ``notes`` what the user should know.

    Raises ``OperationError`` for one that can't be exported.
    """
    are_here = disk_users.are_here(host)
    disks = []
    for device in xml.disks:
        if device.device != "disk":
            if not device.is_empty:
                notes.append(
                    _("The disc in {target} is not exported.").format(target=device.target)
                )
            continue
        volume = volumes.behind(host, device)
        path = device.path or (None if volume is None else volumes.info(volume).path)
        if path is None:
            raise OperationError(
                _("The disk {target} is not a file; it can’t be exported.").format(
                    target=device.target
                )
            )
        if are_here and os.access(path, os.R_OK):
            disks.append(_look_at(device, path, notes, job))
        elif volume is not None:
            disks.append(_look_at_volume(host, device, volume))
        else:
            raise _unreadable(path, are_here)
    return disks


def _unreadable(path: Path, are_here: bool) -> OperationError:
    hint = _("It is missing, or belongs to another user and is in none of libvirt’s pools.")
    if not are_here:
        hint = _("It is on another computer, and in none of the storage pools there.")
    return OperationError(_("The disk {path} can’t be read.").format(path=path), hint)


def _look_at_volume(host: Host, device: DiskDevice, volume: libvirt.virStorageVol) -> ExportDisk:
    found = volumes.info(volume)
    kind = device.format or "raw"
    if device.element.find(".//encryption") is not None:
        raise OperationError(_("The disk {path} is encrypted.").format(path=found.path))
    is_whole = kind in {"qcow2", "raw"} and found.backing is None
    if is_whole:
        # Such as one that keeps its data in another file.
        image_header.check_head(stream.head(host, volume, image_header.HEAD), found.physical, kind)
    size = found.physical if kind == "raw" else found.capacity
    info = ImageInfo(found.path, kind, size, found.allocation, None, None, None, None, False, ())
    return ExportDisk(device, found.path, kind, info, is_whole, volume)


def _look_at(device: DiskDevice, path: Path, notes: list[str], job: Job) -> ExportDisk:
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


@contextmanager
def opened(
    host: Host, disks: Sequence[ExportDisk], folder: Path, job: Job, *, takes_raw: bool = False
) -> Iterator[list[Source | StreamSource]]:
    """Yield for each disk what holds a whole image: itself, or a copy for the time being.

    Copies of files are made in ``folder``, those of volumes in their pool. Raw files are taken as
    they are if the caller ``takes_raw``, else they become qcow2.
    """
    with ExitStack() as stack:
        sources: list[Source | StreamSource] = []
        for index, disk in enumerate(disks):
            if disk.volume is not None:
                volume = disk.volume
                if not disk.is_whole:
                    job.report(0, 0, _("Putting a disk together"))
                    volume = stack.enter_context(volumes.flattened(host, volume, job))
                sources.append(stream_of(host, volume, disk.stored_format))
                continue
            path = disk.path
            if not (disk.is_whole or (takes_raw and disk.format == "raw")):
                path = folder / f"{index}.qcow2"
                _check_room(folder, disk.info.actual_size)
                expected = disk.info.actual_size
                qemu_img.convert(disk.path, disk.format, path, job, expected=expected)
            sources.append(writer.look_at(path))
        yield sources


def stream_of(host: Host, volume: libvirt.virStorageVol, image_format: str) -> StreamSource:
    """Return what reads a volume."""
    found = volumes.info(volume)
    size = min(found.allocation, found.physical)
    open_it = partial(stream.download, host, volume)
    return StreamSource(found.physical, size, image_format, open_it)


def point_to(device: DiskDevice, name: str, image_format: str) -> None:
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
    driver.set("type", image_format)


def check_room(
    descriptor: int, folder: Path, sources: list[Source | StreamSource], form: ArchiveForm
) -> None:
    """Raise ``OperationError`` if a bundle, so far an empty open file, can't find room enough."""
    total = sum(source.data_size for source in sources)
    if form is not ArchiveForm.TAR:
        total //= LEAST_RATIO
    elif sources and isinstance(sources[0], Source):
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
