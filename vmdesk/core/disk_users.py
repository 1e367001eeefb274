"""Find out which files the machines of a host use, so that none is taken from another."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import libvirt
from lxml import etree

from vmdesk.core import xml_tree
from vmdesk.core.domain import devices
from vmdesk.core.download import content
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.image import chain
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translated

if TYPE_CHECKING:
    from vmdesk.core.domain.devices import DiskDevice
    from vmdesk.core.image.chain import FileId

# "file=/a/b.img,format=raw" of a QEMU argument, "file:///a/b.img" of an address.
_SEPARATORS = re.compile("[=,:]")

_NO_POOL = {libvirt.VIR_ERR_NO_STORAGE_POOL}
_NO_VOLUME = {libvirt.VIR_ERR_NO_STORAGE_VOL, libvirt.VIR_ERR_OPERATION_INVALID}


def are_here(host: Host) -> bool:
    """Tell whether the paths in a domain's description are paths on this computer.

    On a connection to another one, a file of the same name here is somebody else's.
    https://libvirt.org/uri.html#remote-uris
    """
    with translated():
        return not urlsplit(host.connection.getURI()).hostname


def require_here(host: Host) -> None:
    """Raise ``OperationError`` where the files of the machines are on another computer."""
    if not are_here(host):
        raise OperationError(
            _("The disks of these machines are on another computer."),
            _("vmdesk can’t reach them from here. Run it there."),
        )


def files_of_others(host: Host, uuid: str, job: Job) -> dict[FileId, str]:
    """Return every file that any other domain names, or builds on, with that domain's name."""
    needed: dict[FileId, str] = {}
    for name, paths in named_by_others(host, uuid, job):
        below = {file for path in paths for file in chain.files_below(path)}
        for path in paths | below:
            # Many are no names of files at all, and what is not there can't be deleted.
            with contextlib.suppress(OSError):
                needed[file_id(path.stat())] = name
    return needed


def named_by_others(host: Host, uuid: str, job: Job) -> Iterator[tuple[str, set[Path]]]:
    """Yield the name of each other domain, and every path that it names: live, stored, saved…"""
    with translated():
        others = [d for d in host.connection.listAllDomains() if d.UUIDString() != uuid]
    for other in others:
        job.check()
        try:
            yield other.name(), named_by(host, other)
        except OperationError as error:
            if error.cause is not Cause.NOT_FOUND:
                raise
            continue  # deleted meanwhile


def reason_to_keep(disk: DiskDevice, needed: dict[FileId, str]) -> str | None:
    """Say why the file behind ``disk`` must stay, or return ``None`` if it may go."""
    if (reason := reason_of_use(disk)) is not None:
        return reason
    if disk.path is None:
        return _("not a file on this computer")
    try:
        status = disk.path.stat(follow_symlinks=False)
    except OSError:
        return _("not there, or not yours to see")
    if stat.S_ISLNK(status.st_mode):
        return _("a link to a file elsewhere")
    if not stat.S_ISREG(status.st_mode):
        return _("not a regular file")
    if _is_disc(disk.path):
        return _("an installation disc")
    if (owner := needed.get(file_id(status))) is not None:
        return _("“{name}” uses it too").format(name=owner)
    return None


def reason_of_use(disk: DiskDevice) -> str | None:
    """Say why what is behind ``disk`` must stay, whatever that is, for the way it is used."""
    if disk.is_cdrom:
        return _("an installation disc")
    if disk.device != "disk":
        return _("not a disk of its own")
    if disk.readonly:
        return _("the machine may only read it")
    if disk.shareable:
        return _("meant to be shared between machines")
    return None


def _is_disc(path: Path) -> bool:
    """Tell an ISO that serves as a disk: on a USB stick, say. A bootable disk is none."""
    try:
        return content.is_volume(content.head_of(path))
    except OSError:
        return False


def file_id(status: os.stat_result) -> FileId:
    """Return what is the same for all names of one file."""
    return status.st_dev, status.st_ino


def files_of(host: Host, domain: libvirt.virDomain) -> set[Path]:
    """Return every file that a domain needs: named live, stored, saved, in snapshots, or below."""
    named = named_by(host, domain)
    return named | {file for path in named for file in chain.files_below(path)}


def named_by(host: Host, domain: libvirt.virDomain) -> set[Path]:
    """Return every path that a domain names: live, stored, saved, or in snapshots."""
    named: set[Path] = set()
    for root in _descriptions(domain):
        named |= _paths_in(root)
        disks = [devices.DiskDevice(element) for element in root.iter("disk")]
        named |= {path for disk in disks if (path := _volume_path(host, disk)) is not None}
    return named


def _descriptions(domain: libvirt.virDomain) -> list[etree._Element]:
    """Return all that libvirt knows of a domain: stored, live, saved, and in snapshots."""
    with translated():
        texts = [domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain.XMLDesc()]
        # It starts with the devices that it was saved with, not with those that are stored.
        if domain.hasManagedSaveImage():
            texts.append(domain.managedSaveGetXMLDesc())
        texts += [snapshot.getXMLDesc() for snapshot in _snapshots(domain)]
    return [xml_tree.XmlDocument(text).root for text in texts]


def _snapshots(domain: libvirt.virDomain) -> list[libvirt.virDomainSnapshot]:
    try:
        return list(domain.listAllSnapshots())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return []
        raise


def _volume_path(host: Host, disk: DiskDevice) -> Path | None:
    """Return where a volume of a pool is, or would be while the pool is stopped or out of date.

    A machine may name a pool that was removed: then nobody can tell what is behind the name.
    """
    if disk.volume is None:
        return None
    pool_name, name = disk.volume
    with translated():
        pool = _unless(_NO_POOL, host.connection.storagePoolLookupByName, pool_name)
        if pool is None:
            return None
        volume = _unless(_NO_VOLUME, pool.storageVolLookupByName, name)
        if volume is not None:
            return Path(volume.path())
        folder = etree.fromstring(pool.XMLDesc()).findtext("target/path", "")
    return Path(folder) / name


def _unless(codes: Collection[int], look_up: Callable[[str], Any], name: str) -> Any:
    """Look something up by its name; an error of ``codes`` means that there is none."""
    try:
        return look_up(name)
    except libvirt.libvirtError as error:
        if error.get_error_code() in codes:
            return None
        raise


def _paths_in(root: etree._Element) -> set[Path]:
    """Return everything in a description that reads like a file: better one too many."""
    values = (
        value
        for element in root.iter(etree.Element)
        for value in (element.text or "", *element.attrib.values())
        if "/" in value
    )
    pieces = (piece.strip() for v in values for piece in (v, *_SEPARATORS.split(v)))
    return {Path(piece) for piece in pieces if piece.startswith("/")}
