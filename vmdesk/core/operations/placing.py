"""Put the files of a new machine where its libvirt reads them: a folder of this user, or a pool."""

import os
from collections.abc import Generator, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

from vmdesk.core import formatting
from vmdesk.core.bundle import extract, unpack
from vmdesk.core.host import Host
from vmdesk.core.i18n import _
from vmdesk.core.job import Job, OperationError
from vmdesk.core.operations import incoming
from vmdesk.core.staging import Stage
from vmdesk.core.storage import pools, stream, volumes
from vmdesk.core.storage.places import Place, PoolPlace
from vmdesk.core.storage.stream import Hole, Piece

LEAST_ROOM = 16 * 1024**2
"""Bytes: with less than this a pool is full."""


class Counter:
    """Tells a job how many bytes of several disks have passed."""

    def __init__(self, total: int, job: Job) -> None:
        self._done = 0
        self._total = total
        self._job = job

    def through(self, pieces: Iterable[Piece]) -> Generator[Piece]:
        """Pass pieces on; a cancel ends it."""
        for piece in pieces:
            self._done += 0 if isinstance(piece, Hole) else len(piece)
            self._job.report(min(self._done, self._total), self._total, _("Copying the disks"))
            yield piece


def put(
    host: Host, stage: Stage, place: Place, files: Mapping[Path, str], uuid: str, job: Job
) -> dict[Path, Path]:
    """Give files of the stage to a machine that is defined next; return where each is then.

    ``files`` has the name that each should have; one that is taken gets a number. If the machine
    is never defined, they are removed again, by the stage or by a later sweep.
    """
    if not isinstance(place, PoolPlace):
        return _move(host, stage, place, files, uuid)
    total = sum(source.stat().st_blocks * 512 for source in files)
    check_room(stage, place, total)
    count = Counter(total, job)
    return {
        source: _upload(stage, place, name, uuid, count.through(stream.pieces_of(source)))
        for source, name in files.items()
    }


def put_pieces(
    host: Host, stage: Stage, place: Place, name: str, uuid: str, pieces: Generator[Piece]
) -> Path:
    """Make a file or a volume of pieces, as ``put`` does of files; return its path there."""
    if isinstance(place, PoolPlace):
        return _upload(stage, place, name, uuid, pieces)
    part = stage.folder / f"part-{uuid4()}"
    descriptor = extract.create_file(part)
    with os.fdopen(descriptor, "wb", buffering=0):
        stream.save(pieces, descriptor)
    return _move(host, stage, place, {part: name}, uuid)[part]


def pieces_at(place: Place, path: Path) -> Generator[Piece] | None:
    """Read what was put there; None if it is gone."""
    if not isinstance(place, PoolPlace):
        return stream.pieces_of(path)
    volume = volumes.named(place.host, place.pool, path.name)
    return None if volume is None else stream.download(place.host, volume)


def check_room(stage: Stage, place: Place, needed: int) -> None:
    """Raise ``OperationError`` unless there is room for so many bytes."""
    if not isinstance(place, PoolPlace):
        unpack.check_room(stage.folder, needed)
    elif needed > place.free_room():
        raise OperationError(
            _("There is not enough room: {needed} are needed, {free} are free.").format(
                needed=formatting.size(needed), free=formatting.size(place.free_room())
            ),
            _("Make room in the storage pool “{pool}”, or choose another one.").format(
                pool=place.pool
            ),
        )


def _move(
    host: Host, stage: Stage, place: Place, files: Mapping[Path, str], uuid: str
) -> dict[Path, Path]:
    moves: dict[Path, Path] = {}
    for source, name in files.items():
        moves[source] = incoming.free_path(place.path(name), set(moves.values()))
    stage.place(moves, host.uri, uuid)
    return moves


def _upload(stage: Stage, place: PoolPlace, name: str, uuid: str, pieces: Iterable[Piece]) -> Path:
    host, pool = place.host, place.pool
    name = volumes.free_name(host, pool, name)
    undo = partial(_take_back, host, pool, name)
    note = partial(stage.note_volume, pool, name, host.uri, uuid, undo)
    try:
        return volumes.info(volumes.create_from(host, pool, name, pieces, note)).path
    except OperationError as error:
        # libvirt 9.0 may close the connection instead of saying that the disk is full.
        if not host.connection.isAlive() and _is_full(host, pool):
            raise OperationError(
                _("There is no room left in the storage pool “{pool}”.").format(pool=pool),
                _("Make room in it, or choose another one."),
                error.details,
            ) from error
        raise


def _is_full(host: Host, pool: str) -> bool:
    try:
        with _connected_anew(host) as fresh:
            return pools.start(fresh, pool).free < LEAST_ROOM
    except OperationError:
        return False  # nobody knows


@contextmanager
def _connected_anew(host: Host) -> Iterator[Host]:
    fresh = Host(host.uri, host.asking)
    fresh.open()
    with closing(fresh):
        yield fresh


def _take_back(host: Host, pool: str, name: str) -> None:
    """Delete a volume; a daemon that died meanwhile is connected to again for this."""
    try:
        delete_volume(host, pool, name)
    except OperationError:
        with _connected_anew(host) as fresh:
            pools.start(fresh, pool)
            delete_volume(fresh, pool, name)


def delete_volume(host: Host, pool: str, name: str) -> None:
    """Delete a volume of a machine that came to nothing."""
    volume = volumes.named(host, pool, name)
    if volume is not None:
        volumes.delete(volume)
