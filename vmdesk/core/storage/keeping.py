"""Which images of a machine may be deleted with it, and why the others must stay."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import libvirt

from vmdesk.core import disk_users
from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import chain
from vmdesk.core.image.chain import FileId
from vmdesk.core.job import Job
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.storage import images, pools, volumes
from vmdesk.core.storage.images import Image, ImageId, VolumeImage

_DISC = "iso"
"""What libvirt calls the format of an installation disc, by its content."""


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file or other source that stays, and why."""

    source: str
    reason: str


class Users:
    """The other machines of a host, and what each of them needs."""

    def __init__(self, host: Host, uuid: str, job: Job) -> None:
        self._host = host
        self._uuid = uuid
        self._job = job

    @cached_property
    def files(self) -> dict[FileId, str]:
        """Every file of this computer that one names, or builds on, with its name."""
        if not disk_users.are_here(self._host):
            return {}
        return disk_users.files_of_others(self._host, self._uuid, self._job)

    @cached_property
    def volumes(self) -> dict[str, str]:
        """Every volume that one names, or builds on, and every path, with its name."""
        needed: dict[str, str] = {}
        for name, paths in disk_users.named_by_others(self._host, self._uuid, self._job):
            ids = _volume_ids(self._host, paths)
            needed |= {one: name for one in ids if isinstance(one, str)}
        return needed

    def of(self, image: Image) -> str | None:
        """Return the name of another machine that needs an image, or ``None``."""
        for found in image.ids():
            name = self.volumes.get(found) if isinstance(found, str) else self.files.get(found)
            if name is not None:
                return name
        return None


def needed_by(host: Host, domain: libvirt.virDomain) -> set[ImageId]:
    """Return what tells the images that a machine names, or builds on, from others."""
    ids = _volume_ids(host, disk_users.named_by(host, domain)) if pools.are_needed(host) else set()
    if disk_users.are_here(host):
        files = map(chain.identity, disk_users.files_of(host, domain))
        ids |= {found for found in files if found is not None}
    return ids


def _volume_ids(host: Host, paths: Iterable[Path]) -> set[ImageId]:
    """Return the paths, and what tells the volumes there, and all that they build on."""
    found = [volume for path in paths if (volume := volumes.at(host, path))]
    return {*map(str, paths), *with_below(images.of_volume(host, volume) for volume in found)}


def with_below(found: Iterable[Image]) -> set[ImageId]:
    """Return what tells images, and all that they build on, from others."""
    return {one for image in found for part in (image, *image.below()) for one in part.ids()}


def reason(disk: DiskDevice, image: Image | None, users: Users) -> str | None:
    """Say why what is behind ``disk`` must stay, or return ``None`` if it may go.

    ``image`` is what ``images.to_delete`` says of it.
    """
    if (because := disk_users.reason_of_use(disk)) is not None:
        return because
    if image is None:
        return _out_of_reach(disk)
    if not isinstance(image, VolumeImage):
        return disk_users.reason_to_keep(disk, users.files)
    with translated():
        is_file = image.volume.info()[0] == libvirt.VIR_STORAGE_VOL_FILE
    if not is_file:
        return _("not a regular file")
    if volumes.info(image.volume).format == _DISC:
        return _("an installation disc")
    if (owner := users.of(image)) is not None:
        return _("“{name}” uses it too").format(name=owner)
    return None


def _out_of_reach(disk: DiskDevice) -> str:
    if disk.volume is not None:
        return _("part of the storage pool “{pool}”").format(pool=disk.volume[0])
    if disk.path is None:
        return _("not a file on this computer")
    return _("not there, or out of libvirt’s reach")


def sort_out(
    host: Host, disks: list[DiskDevice], users: Users
) -> tuple[list[Image], list[KeptFile]]:
    """Return the images that may go with a machine that has ``disks``, and what stays."""
    found = [(disk, images.to_delete(host, disk)) for disk in disks]
    reasons = [(disk, image, reason(disk, image, users)) for disk, image in found]
    kept = [KeptFile(source(disk), why) for disk, _image, why in reasons if why is not None]
    staying = with_below(image for _disk, image, why in reasons if why and image is not None)
    # One image can be two disks, or what another disk builds on.
    doomed = {image.path: image for _disk, image, why in reasons if why is None and image}
    for path, image in list(doomed.items()):
        if not staying.isdisjoint(image.ids()):
            del doomed[path]
            kept.append(KeptFile(str(path), _("needed by what stays")))
    going = {one for image in doomed.values() for one in image.ids()}
    for image in doomed.values():
        below = [part for part in image.below() if going.isdisjoint(part.ids())]
        kept += [KeptFile(str(part.path), _("the disk builds on it")) for part in below]
    return list(doomed.values()), kept


def source(disk: DiskDevice) -> str:
    """Name what is behind a disk, for the user."""
    return str(disk.path or disk.network or "/".join(disk.volume or ()))
