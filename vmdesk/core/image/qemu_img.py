"""Create, inspect, grow and convert disk images with qemu-img."""

import errno
import json
import os
import signal
from collections.abc import Callable, Sequence, Set
from concurrent.futures import ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from vmdesk.core import formatting, process
from vmdesk.core.i18n import _
from vmdesk.core.job import REPORT_INTERVAL, Cause, Job, OperationError

SECTOR = 512
"""Bytes: qemu-img rounds every virtual size up to a multiple of it."""

MEMORY_LIMIT = 2 * 1024**3
"""Bytes of address space for qemu-img while it reads an image from outside."""

CPU_LIMIT = 120
"""Seconds of processor time for qemu-img to inspect or check an image from outside."""

_SOUND_OR_LEAKY = frozenset({0, 3})
"""Exit statuses of ``qemu-img check``: a guest that was killed leaves clusters that leak."""

_FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EFBIG), signal.SIGXFSZ.name)
"""What tells that no more can be written: to the disk, or by the limit on a file's size."""


@dataclass(frozen=True, slots=True)
class ImageInfo:
    """What an image says about itself; sizes in bytes.

    ``actual_size`` is the room taken on the file system. ``backing_file`` and ``data_file`` are
    as written in the header; ``backing_path`` is the former with its folder put in front.
    """

    path: Path
    format: str
    virtual_size: int
    actual_size: int
    backing_file: str | None
    backing_path: Path | None
    backing_format: str | None
    data_file: str | None
    is_encrypted: bool
    snapshots: tuple[str, ...]


def create(path: Path, size: int, job: Job) -> None:
    """Make an empty qcow2 image of ``size`` bytes (rounded up to a sector) that takes no room yet.

    Raises ``OperationError`` if ``path`` exists or the size isn't positive; leaves nothing behind
    when it fails or is cancelled.
    """
    if size <= 0:
        raise OperationError(
            _("A disk can’t have a size of {size}.").format(size=formatting.size(size)),
            cause=Cause.INVALID_VALUE,
        )
    _make_exclusively(path)
    is_whole = False
    try:
        argv = ["qemu-img", "create", "-q", "-f", "qcow2", "-o", "preallocation=off"]
        process.run([*argv, _name(path), str(_round_up(size))], job)
        is_whole = True
    finally:
        if not is_whole:
            path.unlink(missing_ok=True)


def info(
    path: Path,
    format: str,  # noqa: A002 - qemu-img's word for it
    job: Job,
    shown: str = "",
) -> ImageInfo:
    """Return what the image at ``path`` says of itself, read as ``format`` and never guessed.

    The backing file isn't opened. Never call it for an image that a running machine writes to.
    ``shown`` is the name for the user where the file has one of ours.
    """
    argv = ["qemu-img", "info", "--output=json", "-f", format, _name(path)]
    text = _run_limited((f"--cpu={CPU_LIMIT}",), argv, shown or path.name, job)
    return _parse_info(path, json.loads(text))


def chain(path: Path, format: str, job: Job) -> tuple[ImageInfo, ...]:  # noqa: A002
    """Return the image and all that it is based on, topmost first.

    Only for images of this host's own machines: it opens every file that a header names.
    """
    argv = ["qemu-img", "info", "--output=json", "--backing-chain", "-f", format, _name(path)]
    layers = json.loads(process.run(argv, job))
    return tuple(_parse_info(Path(layer["filename"]), layer) for layer in layers)


def resize(path: Path, format: str, size: int, job: Job) -> None:  # noqa: A002
    """Grow the image to ``size`` bytes (rounded up to a sector); the same size is no change.

    Refuses to shrink, which would destroy what lies behind the new end. The machine must be off.
    """
    wanted = _round_up(size)
    present = info(path, format, job).virtual_size
    refuse_less(present, wanted)
    if wanted > present:
        process.run(["qemu-img", "resize", "-q", "-f", format, _name(path), str(wanted)], job)


def refuse_less(present: int, wanted: int) -> None:
    """Raise ``OperationError`` (invalid value) for fewer bytes than a disk has."""
    if wanted < present:
        raise OperationError(
            _("The disk has {present}; it can’t be made smaller.").format(
                present=formatting.size(present)
            ),
            _("Choose {present} or more. Shrinking would destroy data.").format(
                present=formatting.size(present)
            ),
            cause=Cause.INVALID_VALUE,
        )


def measure(path: Path, format: str, job: Job, shown: str = "") -> int:  # noqa: A002
    """Return how many bytes the data of an image from outside can take up as a qcow2 image.

    Several parts of the disk can be one place of the file, so that's more than the file at times.
    """
    argv = ["qemu-img", "measure", "--output=json", "-f", format, "-O", "qcow2", _name(path)]
    return int(json.loads(_run_limited((), argv, shown or path.name, job))["required"])


def convert(
    source: Path,
    source_format: str,
    target: Path,
    job: Job,
    *,
    target_format: str = "qcow2",
    expected: int = 0,
    most: int | None = None,
    shown: str = "",
) -> None:
    """Write a flat copy of ``source`` (with all that it is based on) to ``target``.

    ``target`` must not exist; holes stay holes and its data is on the disk when this returns.
    Progress is told by how much of the ``expected`` bytes it takes up. An image from outside,
    which must have passed ``image_header``, needs ``most``: it gets limited memory, and that many
    bytes for the target. ``shown`` is its name for the user. Leaves nothing behind when it fails
    or is cancelled; a disk or a target that is full is an ``OSError``.
    """
    _make_exclusively(target)
    is_whole = False
    try:
        # Out-of-order writing (-W) is faster and harmless for a file that nobody reads yet.
        argv = ["qemu-img", "convert", "-q", "-W", "-f", source_format, "-O", target_format]
        argv += [_name(source), _name(target)]
        work = partial(process.run, argv, job)
        if most is not None:
            limits = (f"--fsize={most}",)
            work = partial(_run_limited, limits, argv, shown or source.name, job)
        _run_with_progress(work, target, expected, job)
        _sync(target)
        is_whole = True
    finally:
        if not is_whole:
            target.unlink(missing_ok=True)


def _run_with_progress(work: Callable[[], object], target: Path, expected: int, job: Job) -> None:
    text = _("Converting the disk")
    try:
        with ThreadPoolExecutor(1) as pool:
            result = pool.submit(work)
            while not wait([result], timeout=REPORT_INTERVAL).done:
                job.report(min(target.stat().st_blocks * SECTOR, expected), expected, text)
            result.result()
    except OperationError as exc:
        if any(sign in exc.details for sign in _FULL):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target)) from exc
        raise


def check(path: Path, format: str, job: Job, shown: str = "") -> None:  # noqa: A002
    """Raise ``OperationError`` if the image's own tables are damaged. Changes nothing.

    A raw image has no tables and always passes; so do clusters that are only leaked. ``shown``
    is the name for the user where the file has one of ours.
    """
    name = shown or path.name
    if format == "raw":
        return
    argv = ["qemu-img", "check", "-q", "-f", format, _name(path)]
    try:
        _run_limited((f"--cpu={CPU_LIMIT}",), argv, name, job, _SOUND_OR_LEAKY)
    except OperationError as exc:
        raise OperationError(
            _("The disk image {name} is damaged.").format(name=name),
            _("Get the file again from where it came from."),
            exc.details,
            Cause.BAD_INPUT,
        ) from exc


def _run_limited(
    limits: Sequence[str],
    argv: Sequence[str],
    name: str,
    job: Job,
    accepts: Set[int] = frozenset({0}),
) -> str:
    # A crafted image can make qemu-img eat all memory or run for hours.
    limited = ["prlimit", f"--as={MEMORY_LIMIT}", "--core=0", *limits, *argv]
    try:
        return process.run(limited, job, accepts)
    except OperationError as exc:
        raise OperationError(
            _("The disk image {name} can’t be read.").format(name=name),
            details=exc.details,
        ) from exc


def _parse_info(path: Path, found: dict[str, Any]) -> ImageInfo:
    specific = found.get("format-specific", {}).get("data", {})
    backing_path = found.get("full-backing-filename")
    return ImageInfo(
        path=path,
        format=found["format"],
        virtual_size=found["virtual-size"],
        actual_size=found.get("actual-size", 0),
        backing_file=found.get("backing-filename"),
        backing_path=Path(backing_path) if backing_path else None,
        backing_format=found.get("backing-filename-format"),
        data_file=specific.get("data-file"),
        is_encrypted=bool(found.get("encrypted", False)),
        snapshots=tuple(snapshot["name"] for snapshot in found.get("snapshots", [])),
    )


def _make_exclusively(path: Path) -> None:
    # qemu-img itself would write over whatever is there.
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_NOFOLLOW, 0o600))
    except FileExistsError as exc:
        raise OperationError(
            _("The file {path} exists already.").format(path=path),
            _("Choose another name."),
            cause=Cause.INVALID_VALUE,
        ) from exc
    except OSError as exc:
        raise OperationError(
            _("The file {path} can’t be made.").format(path=path),
            details=str(exc),
        ) from exc


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _name(path: Path) -> str:
    # A relative name such as "nbd:x" or "-x" would be read as something else than a file.
    return str(path.absolute())


def _round_up(size: int) -> int:
    return -(-size // SECTOR) * SECTOR
