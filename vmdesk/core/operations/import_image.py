"""Make a new machine around a copy of a disk image."""

import os
from functools import partial
from pathlib import Path

from lxml import etree

from vmdesk.core import capabilities, new_machine_lock, sparse, staging
from vmdesk.core.bundle import convert, extract, layout, unpack
from vmdesk.core.bundle.content import Content
from vmdesk.core.domain import new_xml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import header as image_header
from vmdesk.core.image.header_other import ImageHeader
from vmdesk.core.job import Job
from vmdesk.core.operations import create, incoming, placing
from vmdesk.core.operations.incoming import ImportOptions, ImportResult, Preview, PreviewDisk
from vmdesk.core.storage import places

_FOREIGN = {"vmdk", "vdi", "vhdx"}
"""Formats of other hypervisors, whose guests may have no virtio drivers."""


def preview(host: Host, path: Path, options: ImportOptions) -> Preview:
    """Say what would be made; raises ``OperationError`` for an image with a trap."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        header = image_header.check_file(descriptor)
        size = os.fstat(descriptor).st_size
        stored = sum(extent.length for extent in sparse.data_extents(descriptor, size))
    finally:
        os.close(descriptor)
    place = places.choose(host, options.folder, options.pool)
    return Preview(
        path=path,
        content=Content.IMAGE,
        name=incoming.free_name(host, options, layout.stem(path.stem)),
        memory_kib=create.DEFAULT_MEMORY,
        vcpus=create.DEFAULT_VCPUS,
        is_uefi=False,
        disks=(PreviewDisk(_target(header), header.format, header.virtual_size, stored),),
        dropped=(),
        changed=_changed(header),
        required_bytes=_needed(header, stored),
        free_bytes=place.free_room(),
        is_verified=False,
    )


def run(host: Host, path: Path, options: ImportOptions, job: Job) -> ImportResult:
    """Copy the image (converted to qcow2) and define a machine with it; or leave nothing."""
    found = preview(host, path, options)
    place = places.choose(host, options.folder, options.pool)
    text = _("Import of {path}").format(path=path)
    with incoming.in_words(options.folder), staging.opened(options.folder, text) as stage:
        header, copy = _copied(path, stage.folder, found.required_bytes, job)
        offer = capabilities.read(host)
        stage.sync([copy])
        with new_machine_lock.held(job):
            name = incoming.free_name(host, options, layout.stem(path.stem))
            uuid = incoming.choose_uuid(host, options, "")
            wanted = {copy: f"{layout.stem(name)}.qcow2"}
            disk = placing.put(host, stage, place, wanted, uuid, job)[copy]
            hardware = new_xml.Hardware(
                uuid=uuid,
                name=name,
                memory=found.memory_kib,
                vcpus=min(found.vcpus, offer.cpus),
                disk=disk,
                disc=None,
                use_kvm=offer.has_kvm,
            )
            root = etree.fromstring(new_xml.build(hardware, offer))
            if header.format in _FOREIGN:
                _use_sata(root)
            job.report(0, 0, _("Defining the machine"))
            incoming.define(host, stage, root, uuid)
    return ImportResult(uuid, name, (disk,), (), found.changed, False, False)


def _copied(path: Path, folder: Path, needed: int, job: Job) -> tuple[ImageHeader, Path]:
    """Copy first and check the copy, for the original may change under our eyes."""
    copy = folder / "original"
    source = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    target = extract.create_file(copy)
    try:
        if not sparse.can_share(source, target):
            unpack.check_room(folder, needed)
        _copy_data(source, target, job)
        header = image_header.check_file(target)
    finally:
        os.close(source)
        os.close(target)
    job.report(0, 0, _("Checking the disk"))
    unpack.check_image(copy, header, path.name, job)
    if header.format == "qcow2":
        return header, copy
    return header, convert.to_qcow2(copy, header, path.name, job)


def _copy_data(source: int, target: int, job: Job) -> None:
    size = os.fstat(source).st_size
    try:
        for start, length in sparse.data_extents(source, size):
            report = partial(_report, job, start, size)
            sparse.copy_range(source, start, target, start, length, report)
        if os.fstat(source).st_size < size:
            raise EOFError
    except EOFError as exc:
        raise layout.bad(
            _("The disk image became shorter while it was copied."),
            _("Wait until nothing writes to it any more and try again."),
        ) from exc
    os.ftruncate(target, size)


def _report(job: Job, start: int, size: int, done: int) -> None:
    job.report(start + done, size, _("Copying"))


def _changed(header: ImageHeader) -> tuple[str, ...]:
    return convert.told([header] if header.format != "qcow2" else [])


def _needed(header: ImageHeader, stored: int) -> int:
    return stored if header.format == "qcow2" else 2 * stored


def _target(header: ImageHeader) -> str:
    return "sda" if header.format in _FOREIGN else "vda"


def _use_sata(root: etree._Element) -> None:
    target = root.find("devices/disk[@device='disk']/target")
    cdrom = root.find("devices/disk[@device='cdrom']/target")
    if target is not None and cdrom is not None:
        target.attrib.update({"dev": "sda", "bus": "sata"})
        cdrom.set("dev", "sdb")
