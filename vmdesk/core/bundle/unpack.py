"""Unpack a whole bundle in one pass into a folder of ours, under names of ours, and check it."""

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from vmdesk.core import formatting, sparse, staging
from vmdesk.core.bundle import extract, layout, reader, scan
from vmdesk.core.bundle.layout import Role
from vmdesk.core.bundle.reader import Archive, Member
from vmdesk.core.bundle.scan import Contents
from vmdesk.core.i18n import _
from vmdesk.core.image import header as image_header
from vmdesk.core.image import qemu_img
from vmdesk.core.image.header_other import ImageHeader, Span
from vmdesk.core.job import Job, OperationError

RESERVE = 16 * 1024**2
"""Bytes that an import leaves free, for the description and the rest of the system."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """A bundle's contents and where the files of its members are now."""

    contents: Contents
    files: dict[str, Path]


def unpack(path: Path, folder: Path, job: Job) -> Unpacked:
    """Unpack a bundle into ``folder`` and check all of it, before and with QEMU's own check.

    Raises ``OperationError`` for anything that isn't acceptable; the caller removes the folder.
    """
    files: dict[str, Path] = {}
    contents = Contents()
    with reader.opening(path, job) as archive:
        # In a plain tar the manifest is at hand, and tells whether hashes are worth the reading.
        ahead = scan.look(path, job) if archive.is_plain else Contents()
        for member in reader.members(archive):
            job.report(archive.consumed, archive.file_size, _("Unpacking"))
            if member.role in {Role.DOMAIN, Role.MANIFEST}:
                text = reader.read_all(archive, member)
                scan.add_checked_text(contents, member, text)
            elif member.role is Role.OTHER:
                contents.add(member)
            else:
                files[member.name] = folder / str(len(files))
                _unpack_one(archive, contents, member, files[member.name], ahead, job)
    contents.is_complete = True
    scan.check_whole(contents)
    for disk in contents.disks:
        job.report(0, 0, _("Checking the disks"))
        check_image(files[disk.member.name], disk.header, disk.member.name, job)
    return Unpacked(contents, files)


def check_image(path: Path, header: ImageHeader, shown: str, job: Job) -> None:
    """Let QEMU check an image that passed ``image_header``, and make sure that both agree.

    ``shown`` is its name for the user, who doesn't know the one in the folder that is ours.
    """
    qemu_img.check(path, header.format, job, shown)
    found = qemu_img.info(path, header.format, job, shown)
    if found.backing_file or found.data_file or found.is_encrypted:
        raise layout.bad(
            _("The disk image is based on another file, which it does not bring along.")
        )
    if abs(found.virtual_size - header.virtual_size) >= qemu_img.SECTOR:
        raise layout.bad(
            _("The disk image {name} contradicts itself about its size.").format(name=shown),
            _("Such a file is not made by accident; don’t trust it."),
            f"{header.virtual_size} in the header, {found.virtual_size} by qemu-img",
        )


def room(folder: Path) -> int:
    """Return how many bytes can be written so that some are left."""
    return max(0, shutil.disk_usage(folder).free - RESERVE)


def check_room(folder: Path, needed: int) -> None:
    """Raise ``OperationError`` unless ``needed`` bytes can be written and some are left."""
    free = shutil.disk_usage(folder).free
    if needed + RESERVE > free:
        raise OperationError(
            _("There is not enough room: {needed} are needed, {free} are free.").format(
                needed=formatting.size(needed + RESERVE), free=formatting.size(free)
            ),
            _("Make room in {folder} and try again.").format(folder=staging.chosen_folder(folder)),
        )


def _unpack_one(
    archive: Archive,
    contents: Contents,
    member: Member,
    target: Path,
    ahead: Contents,
    job: Job,
) -> None:
    needs_digest = not archive.is_plain or scan.checksum(ahead, member.name) is not None
    descriptor = extract.create_file(target)
    try:
        if needs_digest or not sparse.can_share(archive.descriptor, descriptor):
            check_room(target.parent, member.data_size)
        digest = extract.unpack(
            archive,
            member,
            descriptor,
            needs_digest,
            scan.is_dense(ahead, member.name),
            lambda _count: job.report(archive.consumed, archive.file_size, _("Unpacking")),
        )
        if member.role is Role.DISK:
            head = os.pread(descriptor, image_header.HEAD, 0)
            scan.add_disk(contents, member, head, Span(descriptor, 0, member.size))
        else:
            contents.add(member)
    finally:
        os.close(descriptor)
    if digest is not None:
        contents.digests[member.name] = digest
