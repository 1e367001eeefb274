"""Find out which files the machines of a host use, so that none is taken from another."""

import os
import stat
from pathlib import Path

import libvirt
from lxml import etree

from vmdesk.core import image_chain, xml_tree
from vmdesk.core.domain_devices import DiskDevice
from vmdesk.core.domain_xml import DomainXml
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate, translated

FileId = tuple[int, int]
"""A file whatever it is called: device and inode."""


def files_of_others(host: Host, uuid: str, job: Job) -> dict[FileId, str]:
    """Return every file that any other domain names, or builds on, with that domain's name."""
    with translated():
        others = [d for d in host.connection.listAllDomains() if d.UUIDString() != uuid]
    needed: dict[FileId, str] = {}
    for other in others:
        job.check()
        try:
            paths = files_of(host, other)
        except OperationError as error:
            if error.cause is not Cause.NOT_FOUND:
                raise
            continue  # deleted meanwhile
        for path in paths:
            try:
                needed[file_id(path.stat())] = other.name()
            except OSError:
                continue  # nothing there that could be deleted
    return needed


def reason_to_keep(disk: DiskDevice, needed: dict[FileId, str]) -> str | None:
    """Say why what is behind ``disk`` must stay, or return ``None`` if it may go."""
    if disk.is_cdrom:
        return _("an installation disc")
    if disk.device != "disk":
        return _("not a disk of its own")
    if disk.path is None:
        return _("not a file on this computer")
    if disk.readonly:
        return _("the machine may only read it")
    if disk.shareable:
        return _("meant to be shared between machines")
    try:
        status = disk.path.stat(follow_symlinks=False)
    except OSError:
        return _("not there, or not yours to see")
    if not stat.S_ISREG(status.st_mode):
        return _("not a regular file")
    if (owner := needed.get(file_id(status))) is not None:
        return _("“{name}” uses it too").format(name=owner)
    return None


def file_id(status: os.stat_result) -> FileId:
    """Return what is the same for all names of one file."""
    return status.st_dev, status.st_ino


def files_of(host: Host, domain: libvirt.virDomain) -> set[Path]:
    """Return every file that a domain names, running, stored or in a snapshot, or builds on."""
    with translated():
        snapshots = [snapshot.getXMLDesc() for snapshot in _snapshots(domain)]
    named: set[Path] = set()
    for xml in _configurations(domain):
        named |= _paths_in(xml.root)
        for disk in xml.disks:
            named |= _volume_path(host, disk.volume) if disk.volume else set()
    for text in snapshots:
        named |= _paths_in(xml_tree.XmlDocument(text).root)
    below = {file for path in named if path.is_file() for file in image_chain.files_below(path)}
    return named | below


def _configurations(domain: libvirt.virDomain) -> list[DomainXml]:
    with translated():
        texts = {domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE), domain.XMLDesc()}
    return [DomainXml.parse(text) for text in texts]


def _snapshots(domain: libvirt.virDomain) -> list[libvirt.virDomainSnapshot]:
    try:
        return list(domain.listAllSnapshots())
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_NO_SUPPORT:
            return []
        raise


def _volume_path(host: Host, volume: tuple[str, str]) -> set[Path]:
    pool, name = volume
    try:
        found = host.connection.storagePoolLookupByName(pool).storageVolLookupByName(name)
        return {Path(found.path())}
    except libvirt.libvirtError as error:
        # A machine may name a pool that was removed: then no file is behind the name.
        if error.get_error_code() in (
            libvirt.VIR_ERR_NO_STORAGE_POOL,
            libvirt.VIR_ERR_NO_STORAGE_VOL,
        ):
            return set()
        raise translate(error) from error


def _paths_in(root: etree._Element) -> set[Path]:
    """Return everything in a description that reads like a file: better one too many."""
    values = (
        value
        for element in root.iter(etree.Element)
        for value in (element.text or "", *element.attrib.values())
    )
    return {Path(value.strip()) for value in values if value.strip().startswith("/")}
