"""Volumes of storage pools: find them, make, measure, grow, wipe and delete them."""

from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import libvirt
from lxml import etree

from vmdesk.core.domain.devices import DiskDevice
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Cause, Job, OperationError
from vmdesk.core.libvirt_errors import translate, translated
from vmdesk.core.storage import stream
from vmdesk.core.storage.stream import Piece

_MISSING = {
    libvirt.VIR_ERR_NO_STORAGE_POOL,
    libvirt.VIR_ERR_NO_STORAGE_VOL,
    libvirt.VIR_ERR_OPERATION_INVALID,  # its pool is not started
    libvirt.VIR_ERR_NO_SUPPORT,
}


@dataclass(frozen=True, slots=True)
class VolumeInfo:
    """A snapshot of one volume.

    ``capacity`` is what a guest sees, ``allocation`` the room that it takes, ``physical`` the
    length of its file, all in bytes. ``backing`` is the image that it builds on. ``stamp`` tells
    when its file was changed: the same for two names of one file, empty where it is no file.
    """

    name: str
    path: Path
    format: str
    capacity: int
    allocation: int
    physical: int
    backing: Path | None
    stamp: str = ""


def behind(host: Host, disk: DiskDevice) -> libvirt.virStorageVol | None:
    """Return the volume that a disk is, or ``None`` where libvirt knows it as none."""
    if disk.volume is not None:
        return named(host, *disk.volume)
    return None if disk.path is None else at(host, disk.path)


def named(host: Host, pool: str, name: str) -> libvirt.virStorageVol | None:
    """Return the volume of this name in a pool that is started, if there is one."""
    connection = host.connection
    return _found(lambda: connection.storagePoolLookupByName(pool).storageVolLookupByName(name))


def at(host: Host, path: Path) -> libvirt.virStorageVol | None:
    """Return the volume at a path of the host, if one of its started pools has it."""
    connection = host.connection
    return _found(lambda: connection.storageVolLookupByPath(str(path)))


def _found(look_up: Callable[[], libvirt.virStorageVol]) -> libvirt.virStorageVol | None:
    try:
        return look_up()
    except libvirt.libvirtError as error:
        if error.get_error_code() in _MISSING:
            return None
        raise translate(error) from error


def free_name(host: Host, pool: str, wanted: str, taken: Collection[str] = ()) -> str:
    """Return a name for a new volume: ``wanted``, with a number in it if there is one so named."""
    name, number, path = wanted, 1, PurePosixPath(wanted)
    while name in taken or named(host, pool, name) is not None:
        number += 1
        name = f"{path.stem}-{number}{path.suffix}"
    return name


def info(volume: libvirt.virStorageVol) -> VolumeInfo:
    """Describe a volume. Raises ``OperationError``."""
    with translated():
        _kind, capacity, allocation = volume.info()
        _kind, _capacity, physical = volume.infoFlags(libvirt.VIR_STORAGE_VOL_GET_PHYSICAL)
        root = etree.fromstring(volume.XMLDesc())
        backing = root.findtext("backingStore/path")
        element = root.find("target/format")
        return VolumeInfo(
            name=volume.name(),
            path=Path(volume.path()),
            format="" if element is None else element.get("type", ""),
            capacity=capacity,
            allocation=allocation,
            physical=physical,
            backing=Path(backing) if backing else None,
            stamp=" ".join(root.xpath("target/timestamps/*[self::mtime or self::ctime]/text()")),
        )


def create(
    host: Host, pool: str, name: str, size: int, image_format: str = "qcow2"
) -> libvirt.virStorageVol:
    """Make an empty volume that a guest sees ``size`` bytes of; it takes no room yet.

    Raises ``OperationError`` (invalid value) if there is one of this name.
    """
    try:
        found = host.connection.storagePoolLookupByName(pool)
        return found.createXML(_description(name, size, image_format), 0)
    except libvirt.libvirtError as error:
        if error.get_error_code() == libvirt.VIR_ERR_STORAGE_VOL_EXIST:
            raise OperationError(
                _("The pool {pool} has a volume {name} already.").format(pool=pool, name=name),
                _("Choose another name."),
                error.get_error_message(),
                Cause.INVALID_VALUE,
            ) from error
        raise translate(error) from error


def _description(name: str, size: int, image_format: str) -> str:
    root = etree.Element("volume")
    etree.SubElement(root, "name").text = name
    etree.SubElement(root, "capacity", unit="bytes").text = str(size)
    etree.SubElement(root, "allocation", unit="bytes").text = "0"
    target = etree.SubElement(root, "target")
    etree.SubElement(target, "format", type=image_format)
    if image_format == "qcow2":
        etree.SubElement(target, "compat").text = "1.1"
    return etree.tostring(root, encoding="unicode")


def create_from(
    host: Host,
    pool: str,
    name: str,
    pieces: Iterable[Piece],
    on_made: Callable[[], object] = lambda: None,
) -> libvirt.virStorageVol:
    """Make a volume whose file holds exactly ``pieces``, whatever format that is.

    ``on_made`` is called as soon as there is an empty volume. If anything fails, or ``pieces``
    raises, no volume is left. Raises ``OperationError``.
    """
    volume = create(host, pool, name, 0, "raw")
    is_whole = False
    try:
        on_made()
        length = stream.upload(host, volume, pieces)
        with translated():
            # libvirt finds out the format of what it has got.
            host.connection.storagePoolLookupByName(pool).refresh()
        _require_whole(volume, length)
        is_whole = True
    finally:
        if not is_whole:
            delete(volume)
    return volume


@contextmanager
def flattened(
    host: Host, volume: libvirt.virStorageVol, job: Job
) -> Iterator[libvirt.virStorageVol]:
    """Yield a qcow2 volume beside ``volume`` that holds all that it builds on; gone afterwards.

    libvirt can't be told to break that off: a cancel is noticed when it is done.
    """
    with translated():
        pool = volume.storagePoolLookupByVolume()
        name = free_name(host, pool.name(), f"{volume.name()}.vmdesk-copy")
        root = _description(name, volume.info()[1], "qcow2")
        copy = pool.createXMLFrom(root, volume, 0)
    try:
        job.check()
        yield copy
    finally:
        delete(copy)


def _require_whole(volume: libvirt.virStorageVol, length: int) -> None:
    # libvirt 9.0 does not always tell that the disk is full: seen in one of three full disks.
    if info(volume).physical != length:
        raise OperationError(
            _("The disk {name} did not arrive whole in its storage pool.").format(
                name=volume.name()
            ),
            _("There may not be enough room. Make some and try again."),
        )


def grow(volume: libvirt.virStorageVol, size: int) -> None:
    """Let a guest see ``size`` bytes, which must not be fewer than it sees now."""
    with translated():
        if size < volume.info()[1]:
            raise ValueError("a volume is never shrunk")
        volume.resize(size)


def wipe(volume: libvirt.virStorageVol) -> None:
    """Have a volume hold nothing but zeros.

    libvirt overwrites the blocks of a file that has all of its own. Of a sparse one, as disks are,
    it only lets go (storageBackendVolZeroSparseFileLocal), so no deletion promises more by this.
    """
    with translated():
        volume.wipe()


def delete(volume: libvirt.virStorageVol) -> None:
    """Delete a volume; that it is gone already is no error."""
    try:
        volume.delete()
    except libvirt.libvirtError as error:
        if error.get_error_code() != libvirt.VIR_ERR_NO_STORAGE_VOL:
            raise translate(error) from error
