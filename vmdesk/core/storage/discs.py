"""Bring an installation disc to where the machines of a host can read it."""

import dataclasses
import hashlib
import os
import stat
from contextlib import closing
from pathlib import Path

from vmdesk.core import checksums, disk_users, iso_library
from vmdesk.core.download import content, names
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job
from vmdesk.core.kept_discs import Iso, SourceInfo, Verification
from vmdesk.core.storage import images, places, pools, stream, volumes
from vmdesk.core.storage.images import VolumeImage
from vmdesk.core.storage.places import PoolPlace
from vmdesk.core.storage.pools import OutOfReach
from vmdesk.core.storage.stream import Hole


def fetch(
    host: Host, source: str, library: Path, pool: str, job: Job, sha256: str | None = None
) -> Iso:
    """Return the disc image that ``source`` names, at a path that the host's machines can read.

    As ``iso_library.fetch``; besides, ``source`` may be a path on the host. What only this user
    can read is copied into ``pool`` (or the host's best one), unless it is there already.
    """
    image = _on_host(host, source)
    if image is not None:
        return _checked(image, job, sha256)
    iso = iso_library.fetch(source, library, job, sha256)
    if not pools.are_needed(host) or (disk_users.are_here(host) and _is_for_all(iso.path)):
        return dataclasses.replace(iso, path=iso.path.absolute())
    place = places.choose_pool(host, pool)
    return dataclasses.replace(iso, path=_copied(place, iso.path, iso.size, job))


def probe(host: Host, source: str, library: Path, job: Job) -> SourceInfo:
    """Say what ``source`` is without fetching it, as ``iso_library.probe``."""
    image = _on_host(host, source)
    if image is None:
        return iso_library.probe(source, library, job)
    name = image.path.name
    return SourceInfo(names.of_machine(name), name, volumes.info(image.volume).physical, True)


def _on_host(host: Host, source: str) -> VolumeImage | None:
    """Return the image that ``source`` names if it is a path on the host and no file here."""
    path = iso_library.local_path(source)
    if path is None or not path.is_absolute() or not pools.are_needed(host):
        return None
    if os.access(path, os.R_OK):
        return None
    try:
        image = images.at(host, path, "raw")
    except OutOfReach:
        return None
    return image if isinstance(image, VolumeImage) else None


def _checked(image: VolumeImage, job: Job, sha256: str | None) -> Iso:
    """Return the disc that is on the host already, if it is one and has the checksum."""
    content.require_disc(image.head(content.HEAD_SIZE), image.path.name)
    size = volumes.info(image.volume).physical
    if sha256 is None:
        return Iso(image.path, size, Verification.NOT_VERIFIED)
    digest, done = hashlib.sha256(), 0
    with closing(image.pieces()) as pieces:
        for piece in pieces:
            job.report(done, size, _("Verifying {name}").format(name=image.path.name))
            content_of = bytes(piece.length) if isinstance(piece, Hole) else piece
            digest.update(content_of)
            done += len(content_of)
    iso_library.require_same(digest.hexdigest(), checksums.normalised(sha256), image.path.name)
    return Iso(image.path, size, Verification.VERIFIED)


def _is_for_all(path: Path) -> bool:
    """Tell whether QEMU can read a file, as whatever user it runs."""
    try:
        return bool(path.stat().st_mode & stat.S_IROTH) and all(
            folder.stat().st_mode & stat.S_IXOTH for folder in path.absolute().parents
        )
    except OSError:
        return False


def _copied(place: PoolPlace, path: Path, size: int, job: Job) -> Path:
    """Copy a disc into a pool, under a name of its own; return where it is then.

    An upload that was broken off by a crash is shorter: it is not taken for the disc.
    """
    number, name = 1, path.name
    while (volume := volumes.named(place.host, place.pool, name)) is not None:
        if volumes.info(volume).physical == size:
            return place.path(name)
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    return place.receive(name, stream.pieces_of(path), size, job).path
