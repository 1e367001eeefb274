"""Carry the disks of a machine from one libvirt to another, piece by piece, and compare them."""

from collections.abc import Generator, Sequence
from contextlib import closing
from pathlib import Path

from lxml import etree

from vmdesk.core.bundle import layout, mend, pieces
from vmdesk.core.bundle.writer import Source, StreamSource
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError
from vmdesk.core.libvirt_errors import translated
from vmdesk.core.operations import placing
from vmdesk.core.operations.export_disks import ExportDisk
from vmdesk.core.operations.placing import Counter
from vmdesk.core.staging import Stage
from vmdesk.core.storage import stream
from vmdesk.core.storage.fingerprint import Fingerprint
from vmdesk.core.storage.places import Place
from vmdesk.core.storage.stream import Piece


class Carrier:
    """Puts disks into ``place`` for the machine ``uuid``; ``files`` has what is there so far."""

    def __init__(
        self, target: Host, stage: Stage, place: Place, stem: str, uuid: str, job: Job
    ) -> None:
        self.files: list[Path] = []
        self._target = target
        self._stage = stage
        self._place = place
        self._stem = stem
        self._uuid = uuid
        self._job = job

    def carry(
        self, disks: Sequence[ExportDisk], sources: list[Source | StreamSource], *, verifies: bool
    ) -> dict[str, mend.Disk]:
        """Carry all disks, and return what they are there, by their targets (``vda``).

        Each disk is read back if it ``verifies``. Raises ``OperationError`` where what is there
        is another, or the disk here has changed meanwhile.
        """
        total = sum(source.data_size for source in sources)
        placing.check_room(self._stage, self._place, total)
        counter = Counter(total, self._job)
        placed: dict[str, mend.Disk] = {}
        for index, (disk, source) in enumerate(zip(disks, sources, strict=True)):
            before = _stamp(disk)
            kind = "raw" if disk.format == "raw" else "qcow2"
            name = layout.disk_name(self._stem, disk.device.target, index)
            with closing(_pieces(source)) as read:
                sent = Fingerprint()
                name = name.removesuffix("qcow2") + kind
                path = self._put(name, counter.through(sent.through(read)))
            if verifies:
                self._compare(path, sent)
            if _stamp(disk) != before:
                raise pieces.changed()
            placed[disk.device.target] = mend.Disk(path, kind)
        return placed

    def put_variables(self, data: bytes | None) -> Path | None:
        """Put UEFI variables beside the disks; None if there are none."""
        if data is None:
            return None
        return self._put(f"{self._uuid}_VARS.fd", (piece for piece in (data,)))

    def _put(self, name: str, carried: Generator[Piece]) -> Path:
        path = placing.put_pieces(self._target, self._stage, self._place, name, self._uuid, carried)
        self.files.append(path)
        return path

    def _compare(self, path: Path, sent: Fingerprint) -> None:
        found = placing.pieces_at(self._place, path)
        if found is None:
            raise _other(path)
        checked = Fingerprint()
        with closing(found):
            for piece in found:
                self._job.report(0, 0, _("Comparing the disks"))
                checked.add(piece)
        if checked.digest() != sent.digest():
            raise _other(path)


def _other(path: Path) -> OperationError:
    return OperationError(
        _("The disk {path} there is not what the one here is.").format(path=path),
        _("Nothing was changed here. Check the disks of the other computer and try again."),
    )


def _pieces(source: Source | StreamSource) -> Generator[Piece]:
    return source.open() if isinstance(source, StreamSource) else stream.pieces_of(source.path)


def _stamp(disk: ExportDisk) -> tuple[object, ...]:
    """Return what changes as soon as anybody writes to a disk."""
    if disk.volume is None:
        status = disk.path.stat()
        return status.st_ino, status.st_size, status.st_mtime_ns
    with translated():
        root = etree.fromstring(disk.volume.XMLDesc())
    return root.findtext("target/timestamps/mtime"), root.findtext("physical")
