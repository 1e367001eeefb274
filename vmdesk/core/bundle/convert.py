"""Turn checked images of other hypervisors into qcow2, within the room that there is."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from vmdesk.core import formatting
from vmdesk.core.bundle import layout, unpack
from vmdesk.core.bundle.unpack import Unpacked
from vmdesk.core.i18n import ngettext
from vmdesk.core.image import qemu_img
from vmdesk.core.image.header_other import ImageHeader
from vmdesk.core.job import Job, OperationError

OWN = frozenset({"qcow2", "raw"})
"""Formats that a machine's disk can stay in."""


def foreign_disks(unpacked: Unpacked, job: Job) -> None:
    """Turn the disks that another hypervisor has made into qcow2; the others stay as they are."""
    disks = unpacked.contents.disks
    for index, disk in enumerate(disks):
        if disk.header.format in OWN:
            continue
        name = disk.member.name
        image = unpacked.files[name]
        unpacked.files[name] = to_qcow2(image, disk.header, name, job)
        image.unlink()
        disks[index] = replace(disk, header=replace(disk.header, format="qcow2"))


def told(headers: Sequence[ImageHeader]) -> tuple[str, ...]:
    """Return what the user is told of the conversion of these images, if there are any."""
    text = ngettext(
        "The disk is converted to qcow2, which can take up to {size}.",
        "The disks are converted to qcow2, which can take up to {size}.",
        len(headers),
    )
    size = sum(header.virtual_size for header in headers)
    return (text.format(size=formatting.size(size)),) if headers else ()


def to_qcow2(image: Path, header: ImageHeader, shown: str, job: Job) -> Path:
    """Return a qcow2 image beside ``image``; ``shown`` is the image's name for the user.

    Raises ``OperationError``: there is no room, or what qemu-img finds wrong only now.
    """
    # A crafted image of some kilobytes can hold one piece a million times.
    with _blamed_on_the_image():
        size = qemu_img.measure(image, header.format, job, shown)
    unpack.check_room(image.parent, size)
    target = image.with_name(f"{image.name}-converted")
    most = unpack.room(image.parent)
    with _blamed_on_the_image():
        qemu_img.convert(image, header.format, target, job, expected=size, most=most, shown=shown)
    return target


@contextmanager
def _blamed_on_the_image() -> Iterator[None]:
    # What qemu-img finds wrong only when it reads all of it.
    try:
        yield
    except OperationError as error:
        raise layout.bad(error.summary, error.hint, error.details) from error
